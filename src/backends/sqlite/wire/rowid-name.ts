/**
 * By which name a query reaches a table's rowid, which SQLite has three names for. A column that has
 * taken one of them hides it.
 */
import type { RawRelation } from './raw-catalog.ts'

/** One that no column of the relation has taken; null: there is none. */
export function rowidName(relation: Pick<RawRelation, 'columns'>): string | null {
  const taken = new Set(relation.columns.map((column) => column.name.toLowerCase()))
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? null
}
