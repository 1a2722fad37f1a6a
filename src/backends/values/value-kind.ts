/**
 * What is known of a value's type, in the few kinds that differ in how operands are read and how
 * values are shown. On engines that store whatever they are given a kind says what is expected,
 * never what is certainly there.
 */

export const valueKinds = [
  'integer',
  'real',
  'numeric',
  'boolean',
  'text',
  'uuid',
  'date',
  'time',
  'timestamp',
  'json',
  'blob',
  /** Nothing is known. */
  'any',
] as const
export type ValueKind = (typeof valueKinds)[number]

const kinds: Readonly<Record<string, ValueKind>> = {
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  'double precision': 'real',
  numeric: 'numeric',
  boolean: 'boolean',
  text: 'text',
  'character varying': 'text',
  character: 'text',
  uuid: 'uuid',
  date: 'date',
  'time without time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamp',
  json: 'json',
  jsonb: 'json',
  bytea: 'blob',
}

/** The kind of a column's base type, as the catalog names it. */
export function kindOfType(baseType: string): ValueKind {
  return Object.hasOwn(kinds, baseType) ? (kinds[baseType] ?? 'any') : 'any'
}
