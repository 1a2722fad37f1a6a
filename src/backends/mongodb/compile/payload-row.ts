/**
 * One row of a payload, its values already those that are stored, as a new document or as what is
 * changed in documents that there are. Values and names come from clients: in `$set` a value is
 * always a plain operand, and a name that is more than a name there is one by `$setField`.
 */
import type { Document } from 'mongodb'
import { isPlainName } from '../bson/plain-name.ts'

/** By stored names. */
export interface PayloadRow {
  /** In the order in which they were sent. */
  readonly values: ReadonlyMap<string, unknown>
  /** Fields that are to have no value: left out of a new document, taken out of another. */
  readonly absent: readonly string[]
  /** Of fields that were not sent: what a new document has in them. */
  readonly defaults: ReadonlyMap<string, unknown>
}

/** A new document with this id. A map, as no name of a client's means anything there. */
export function newDocument({ values, defaults }: PayloadRow, id: unknown): Document {
  return documentOf(new Map([['_id', id], ...values, ...defaults, ['_id', id]]))
}

/** The driver takes maps for documents, which its types do not say. */
function documentOf(fields: unknown): Document {
  if (isDocument(fields)) return fields
  throw new Error('no fields of a document')
}

function isDocument(value: unknown): value is Document {
  return value instanceof Map
}

/**
 * An update document, or the stages of one where names ask for it.
 *
 * Shape   `{$set: Map {a: 1}, $unset: Map {b: ''}}`; null: nothing is changed
 */
export function updateOf({
  values,
  absent,
}: Omit<PayloadRow, 'defaults'>): Document | readonly Document[] | null {
  if (values.size === 0 && absent.length === 0) return null
  if (![...values.keys(), ...absent].every(isPlainName))
    return [{ $replaceWith: withFields(values, absent) }]
  return {
    ...(values.size === 0 ? {} : { $set: values }),
    ...(absent.length === 0 ? {} : { $unset: new Map(absent.map((field) => [field, ''])) }),
  }
}

/** What a changed document has in the fields that are sent, where null stands for a field that is gone. */
export function changedFields({
  values,
  absent,
}: Omit<PayloadRow, 'defaults'>): ReadonlyMap<string, unknown> {
  return new Map([...values, ...absent.map((field) => [field, null] as const)])
}

/** Whether every name is one where MongoDB takes a path. */
export function hasPlainNames({ values, absent, defaults }: PayloadRow): boolean {
  return [...values.keys(), ...absent, ...defaults.keys()].every(isPlainName)
}

/** An expression for the whole document with these fields. */
function withFields(values: ReadonlyMap<string, unknown>, absent: readonly string[]): unknown {
  const literals = [...values].map(([name, value]) => [name, { $literal: value }] as const)
  const removed = absent.map((name) => [name, '$$REMOVE'] as const)
  return [...literals, ...removed].reduce<unknown>(
    (input, [name, value]) => ({ $setField: { field: { $literal: name }, input, value } }),
    '$$ROOT',
  )
}
