/**
 * The unique index that decides which row is in the way of an upsert's: `_id`, or one over exactly
 * the columns of `on_conflict`. A row without a value in one of them has none in its way.
 *
 * Rule  PostgreSQL manual: INSERT (ON CONFLICT clause)
 */
import type { Document } from 'mongodb'
import { valueFailure } from '../../values/value-failure.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { comparableKey } from './comparable-key.ts'
import { storedName } from './field-place.ts'
import { notImplemented, refuse } from './mongodb-refusal.ts'
import type { WriteScope } from './mongodb-write-scope.ts'
import type { PayloadRow } from './payload-row.ts'

export interface ConflictTarget {
  readonly resolution: 'merge' | 'ignore'
  /** Stored names: plain ones, since an index's key would read others as paths. */
  readonly fields: readonly string[]
  /** No value of them is an array, which an index holds by its elements. */
  readonly isScalar: boolean
}

/**
 * Null: as without a preference.
 *
 * Throws  CompileRefusal: 42P10 where there is no such index; where its texts are not compared by bytes
 */
export function conflictTarget({ plan, facts, place }: WriteScope): ConflictTarget | null {
  const { onConflict, columns: written } = plan
  if (onConflict === null || onConflict.columns.length === 0) return null
  const wanted = new Set(onConflict.columns)
  const index = facts.uniqueIndexes.find(({ columns }) => {
    return columns.length === wanted.size && columns.every((column) => wanted.has(column))
  })
  if (index === undefined) return refuse(noSuchConflict)
  const kindOf = (name: string) => facts.fields.get(name)?.kind ?? 'any'
  // which texts are one key to the index, only the server knows
  if (facts.hasCollation && index.columns.some((name) => mayHoldText.has(kindOf(name)))) {
    notImplemented('upserting by texts in a collection that has a collation')
  }
  const isIgnore = onConflict.resolution === 'ignore-duplicates' || written.length === 0
  return {
    resolution: isIgnore ? 'ignore' : 'merge',
    fields: index.columns.map((name) => storedName(place, { name })),
    isScalar: index.columns.every((name) => {
      return storedName(place, { name }) === '_id' || !mayHoldLists.has(kindOf(name))
    }),
  }
}

const mayHoldLists: ReadonlySet<FieldKind> = new Set(['array', 'document', 'other', 'mixed', 'any'])

const mayHoldText: ReadonlySet<FieldKind> = new Set([
  ...mayHoldLists,
  'string',
  'dateText',
  'timeText',
  'timestampText',
])

const noSuchConflict = valueFailure(
  '42P10',
  'there is no unique or exclusion constraint matching the ON CONFLICT specification',
)

/** A query for the documents with these values; null: one of them is absent or null. */
export function keyFilter({ fields }: ConflictTarget, { values }: PayloadRow): Document | null {
  const parts = fields.map((field): [string, Document] => [field, { $eq: values.get(field) }])
  return parts.some(([, { $eq }]) => ($eq ?? null) === null) ? null : Object.fromEntries(parts)
}

/** The same as a text, to find equal ones by; `read` gives a field's value. */
export function keyText({ fields }: ConflictTarget, read: (field: string) => unknown): string {
  return JSON.stringify(fields.map((field) => comparableKey(read(field))))
}
