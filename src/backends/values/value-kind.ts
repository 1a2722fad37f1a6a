/**
 * What the compiler knows of a SQLite value's type. SQLite stores whatever it is given, so a kind
 * says how to read operands and how to show values, never what is certainly there.
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
  /** Nothing is known: columns without a type, expressions in views. */
  'any',
  /** JSON text that is ready to be part of the answer; null stands for JSON's null. */
  'document',
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

/** The kind of a column's base type, as `declared-type.ts` names it. */
export function kindOfType(baseType: string): ValueKind {
  return Object.hasOwn(kinds, baseType) ? (kinds[baseType] ?? 'any') : 'any'
}
