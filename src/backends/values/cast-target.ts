/**
 * What `::type` in a select means on SQLite: PostgreSQL's type names and their aliases, read into
 * the few kinds that a SQLite value can be turned into.
 */
import type { ValueKind } from './value-kind.ts'

export interface CastTarget {
  readonly kind: Exclude<ValueKind, 'any' | 'document'>
  /** The type as PostgreSQL's messages call it. */
  readonly name: string
  /** `(n)` of texts, `(precision, scale)` of numerics. */
  readonly modifiers: readonly number[]
}

const targets: Readonly<Record<string, readonly [CastTarget['kind'], string]>> = {
  int2: ['integer', 'smallint'],
  smallint: ['integer', 'smallint'],
  int: ['integer', 'integer'],
  int4: ['integer', 'integer'],
  integer: ['integer', 'integer'],
  int8: ['integer', 'bigint'],
  bigint: ['integer', 'bigint'],
  oid: ['integer', 'bigint'],
  float4: ['real', 'real'],
  real: ['real', 'real'],
  float: ['real', 'double precision'],
  float8: ['real', 'double precision'],
  'double precision': ['real', 'double precision'],
  numeric: ['numeric', 'numeric'],
  decimal: ['numeric', 'numeric'],
  dec: ['numeric', 'numeric'],
  money: ['numeric', 'numeric'],
  text: ['text', 'text'],
  name: ['text', 'text'],
  citext: ['text', 'text'],
  varchar: ['text', 'character varying'],
  'character varying': ['text', 'character varying'],
  char: ['text', 'character'],
  character: ['text', 'character'],
  bpchar: ['text', 'character'],
  bool: ['boolean', 'boolean'],
  boolean: ['boolean', 'boolean'],
  date: ['date', 'date'],
  time: ['time', 'time'],
  timetz: ['time', 'time'],
  'time without time zone': ['time', 'time'],
  'time with time zone': ['time', 'time'],
  timestamp: ['timestamp', 'timestamp'],
  timestamptz: ['timestamp', 'timestamp'],
  'timestamp without time zone': ['timestamp', 'timestamp'],
  'timestamp with time zone': ['timestamp', 'timestamp'],
  json: ['json', 'json'],
  jsonb: ['json', 'json'],
  uuid: ['uuid', 'uuid'],
  bytea: ['blob', 'bytea'],
}

/**
 * Shape   `NUMERIC (10, 2)` → numeric with [10, 2]
 * Errors  null for a type that does not exist here
 */
export function castTarget(type: string): CastTarget | null {
  const [, base = '', inner, tail = ''] = /^([^()]*)(?:\(([^()]*)\))?([^()]*)$/.exec(type) ?? []
  const name = `${base} ${tail}`.trim().toLowerCase().replace(/\s+/g, ' ')
  const found = Object.hasOwn(targets, name) ? targets[name] : undefined
  if (found === undefined) return null
  const modifiers = inner === undefined ? [] : inner.split(',').map(Number)
  if (modifiers.some((modifier) => !Number.isInteger(modifier))) return null
  const [kind, target] = found
  // a bare char(…) holds one character
  const isBareCharacter = target === 'character' && modifiers.length === 0 && name !== 'bpchar'
  return { kind, name: target, modifiers: isBareCharacter ? [1] : modifiers }
}
