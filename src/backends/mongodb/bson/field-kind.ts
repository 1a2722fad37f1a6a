/**
 * What is known of the values of a field, in the kinds that differ in how operands are read, stored
 * and compared. MongoDB stores whatever it is given: a kind other than `mixed` and `any` says what a
 * validator enforces or all that was seen.
 */
export const fieldKinds = [
  'int',
  'long',
  'double',
  'decimal',
  'string',
  'bool',
  'date',
  'objectId',
  'uuid',
  'binary',
  /** Of elements of one kind, or of any: `FieldFacts.elements`. */
  'array',
  'document',
  /** Only Extended JSON can show it: regular expressions, timestamps, code. */
  'other',
  /** Several kinds were seen. */
  'mixed',
  /** Nothing is known. */
  'any',
] as const
export type FieldKind = (typeof fieldKinds)[number]

const kindsByType: Readonly<Record<string, FieldKind>> = {
  smallint: 'int',
  integer: 'int',
  bigint: 'long',
  real: 'double',
  'double precision': 'double',
  numeric: 'decimal',
  boolean: 'bool',
  'timestamp with time zone': 'date',
  uuid: 'uuid',
  bytea: 'binary',
  json: 'document',
  jsonb: 'document',
}

/**
 * How values of one of PostgreSQL's types are stored. Those of types that BSON has not are texts: dates,
 * times, moments without a zone.
 */
export function storedKind(type: string): FieldKind {
  return (Object.hasOwn(kindsByType, type) ? kindsByType[type] : undefined) ?? 'string'
}
