/**
 * Which keys of tables a view carries, so that relationships lead through it. Where a view's
 * columns come from is SQLite's own answer, however the view is written; set operations are left
 * out, since their rows come from several relations.
 */
import type { ForeignKey, ViewKeyDependency } from '../../cache/catalog.ts'
import { qualifiedName, sameName } from '../../core/qualified-name.ts'
import type { RawRelation } from './raw-catalog.ts'
import { isKeyword, tokenizeSql } from './sqlite-tokens.ts'

interface TableKey {
  readonly table: string
  readonly constraint: string
  readonly kind: ViewKeyDependency['kind']
  readonly columns: readonly string[]
}

export function viewKeyDependencies(
  relations: readonly RawRelation[],
  foreignKeys: readonly ForeignKey[],
): readonly ViewKeyDependency[] {
  const views = relations.filter((relation) => relation.kind === 'view')
  const compound = compoundViews(views)
  const keys = relations.flatMap((relation) => keysOf(relation, foreignKeys))
  return views
    .filter((view) => !compound.has(view.name))
    .flatMap((view) => keys.flatMap((key) => dependency(view, key) ?? []))
}

function keysOf(relation: RawRelation, foreignKeys: readonly ForeignKey[]): readonly TableKey[] {
  if (relation.kind !== 'table') return []
  const table = relation.name
  const own = relation.columns.filter((column) => column.keyPosition > 0)
  const primary: TableKey = {
    table,
    constraint: `${table}_pkey`,
    kind: 'primary-key',
    columns: own.map((column) => column.name),
  }
  const name = qualifiedName('main', table)
  const origins = foreignKeys
    .filter((key) => sameName(key.origin, name))
    .map(({ constraint, columns }): TableKey => {
      return { table, constraint, kind: 'foreign-key', columns: columns.map(([from]) => from) }
    })
  const targets = foreignKeys
    .filter((key) => sameName(key.target, name))
    .map(({ constraint, columns }): TableKey => {
      return {
        table,
        constraint,
        kind: 'foreign-key-reference',
        columns: columns.map(([, to]) => to),
      }
    })
  return [...(own.length === 0 ? [] : [primary]), ...origins, ...targets]
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
    table: qualifiedName('main', key.table),
    view: qualifiedName('main', view.name),
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
