/**
 * Which keys of tables a view carries, so that relationships lead through it. Where a view's
 * columns come from is SQLite's own answer, however the view is written; set operations are left
 * out, since their rows come from several relations.
 */

import { onlySchema } from '../../../core/only-schema.ts'
import { qualifiedName } from '../../../core/qualified-name.ts'
import type { ForeignKey, ViewKeyDependency } from '../../../schema/catalog.ts'
import type { RawRelation } from '../wire/raw-catalog.ts'
import { isKeyword, tokenizeSql } from '../wire/sqlite-tokens.ts'

interface TableKey {
  readonly table: string
  readonly constraint: string
  readonly kind: ViewKeyDependency['kind']
  readonly columns: readonly string[]
}

export function sqliteViewKeys(
  relations: readonly RawRelation[],
  foreignKeys: readonly ForeignKey[],
): readonly ViewKeyDependency[] {
  const views = relations.filter((relation) => relation.kind === 'view')
  const compound = compoundViews(views)
  const keys = keysByTable(relations, foreignKeys)
  return views
    .filter((view) => !compound.has(view.name))
    .flatMap((view) => {
      const tables = new Set(view.origins.flatMap((origin) => origin?.table ?? []))
      const below = [...tables].flatMap((table) => keys.get(table) ?? [])
      return below.flatMap((key) => dependency(view, key) ?? [])
    })
}

function keysByTable(
  relations: readonly RawRelation[],
  foreignKeys: readonly ForeignKey[],
): ReadonlyMap<string, readonly TableKey[]> {
  const byTable = new Map<string, TableKey[]>()
  const add = (key: TableKey) => {
    const known = byTable.get(key.table)
    if (known === undefined) byTable.set(key.table, [key])
    else known.push(key)
  }
  for (const { name: table, kind, columns } of relations) {
    const own = columns.filter((column) => column.keyPosition > 0).map((column) => column.name)
    if (kind !== 'table' || own.length === 0) continue
    add({ table, constraint: `${table}_pkey`, kind: 'primary-key', columns: own })
  }
  for (const { constraint, origin, target, columns } of foreignKeys) {
    const [from, to] = [columns.map(([column]) => column), columns.map(([, column]) => column)]
    add({ table: origin.name, constraint, kind: 'foreign-key', columns: from })
    add({ table: target.name, constraint, kind: 'foreign-key-reference', columns: to })
  }
  return byTable
}

/** Null unless the view shows every column of the key. */
function dependency(view: RawRelation, key: TableKey): ViewKeyDependency | null {
  const columns = key.columns.map((column) => {
    const shown = view.columns.filter((_, index) => {
      const origin = view.origins[index]
      return origin?.table === key.table && origin.column === column
    })
    return [column, shown.map((each) => each.name)] as const
  })
  if (columns.some(([, shown]) => shown.length === 0)) return null
  return {
    table: qualifiedName(onlySchema, key.table),
    view: qualifiedName(onlySchema, view.name),
    constraint: key.constraint,
    kind: key.kind,
    columns,
  }
}

/** Views with a set operation, and views over such. SQLite names the first operand's columns only. */
function compoundViews(views: readonly RawRelation[]): ReadonlySet<string> {
  const tokens = new Map(views.map((view) => [view.name, tokenizeSql(view.sql)]))
  const compound = new Set<string>()
  const operations = ['UNION', 'INTERSECT', 'EXCEPT']
  for (let size = -1; size !== compound.size; ) {
    size = compound.size
    for (const [name, own] of tokens) {
      const lower = new Set([...compound].map((each) => each.toLowerCase()))
      const isCompound = own.some(
        (each) =>
          operations.some((operation) => isKeyword(each, operation)) ||
          (each.kind !== 'symbol' && lower.has(each.text.toLowerCase())),
      )
      if (isCompound) compound.add(name)
    }
  }
  return compound
}
