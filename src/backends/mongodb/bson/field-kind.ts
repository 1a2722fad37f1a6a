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
  /**
   * What BSON has no type for: texts in the one form that PostgreSQL's JSON has of such values, so that
   * they are in their order.
   */
  'dateText',
  'timeText',
  'timestampText',
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
  date: 'dateText',
  time: 'timeText',
  'time without time zone': 'timeText',
  timestamp: 'timestampText',
  'timestamp without time zone': 'timestampText',
  uuid: 'uuid',
  bytea: 'binary',
  json: 'document',
  jsonb: 'document',
}

/** How values of one of PostgreSQL's types are stored: as texts where BSON has no such type. */
export function storedKind(type: string): FieldKind {
  return (Object.hasOwn(kindsByType, type) ? kindsByType[type] : undefined) ?? 'string'
}

/** Whether values are stored as texts. */
export function isTextKind(kind: FieldKind): boolean {
  return kind === 'string' || kind === 'dateText' || kind === 'timeText' || kind === 'timestampText'
}
