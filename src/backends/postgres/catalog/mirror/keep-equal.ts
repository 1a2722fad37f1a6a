/**
 * New objects that say what known ones say are given up for those: who holds a catalog sees by
 * identity what a load has changed, and memory holds each once. What is made here is frozen.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CatalogRelation, Column } from '../../../../schema/catalog.ts'

/** The known object where it is equal, else the new one. */
export function kept<T>(known: T | undefined, next: T): T {
  return known !== undefined && isDeepStrictEqual(known, next) ? known : frozen(next)
}

/** The known list where all its items are the new one's. */
export function keptItems<T>(known: readonly T[] | undefined, next: readonly T[]): readonly T[] {
  return known !== undefined && isSameList(known, next) ? known : Object.freeze(next)
}

/** Item for item; for short lists, whose items are found again by what they say. */
export function keptList<T>(known: readonly T[] | undefined, next: readonly T[]): readonly T[] {
  if (known === undefined) return keptItems(known, next.map(frozen))
  const byText = new Map(known.map((item) => [JSON.stringify(item), item]))
  return keptItems(
    known,
    next.map((item) => kept(byText.get(JSON.stringify(item)), item)),
  )
}

/** Its columns too, each by itself. */
export function keptRelation(
  known: CatalogRelation | undefined,
  next: CatalogRelation,
): CatalogRelation {
  if (known === undefined) return frozen(next)
  const columns = keptColumns(known.columns, next.columns)
  const primaryKey = kept(known.primaryKey, next.primaryKey)
  const relation = { ...next, columns, primaryKey }
  const names: (keyof CatalogRelation)[] = [
    'schema',
    'name',
    'kind',
    'description',
    'canInsert',
    'canUpdate',
    'canDelete',
    'primaryKey',
    'columns',
    'isClosed',
  ]
  return names.every((name) => known[name] === relation[name]) ? known : frozen(relation)
}

function keptColumns(known: readonly Column[], next: readonly Column[]): readonly Column[] {
  if (known === next) return known
  let byName: ReadonlyMap<string, Column> | null = null
  const columns = next.map((column, at) => {
    const beside = known[at]
    if (beside?.name === column.name) return kept(beside, column)
    byName ??= new Map(known.map((each) => [each.name, each]))
    return kept(byName.get(column.name), column)
  })
  return keptItems(known, columns)
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at])
}

/** In depth: plain objects, lists and maps. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) for (const each of value.values()) frozen(each)
  else for (const each of Object.values(value)) frozen(each)
  return Object.freeze(value)
}
