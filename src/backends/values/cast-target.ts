/**
 * What `::type` in a select means where it is not the database that reads it: PostgreSQL's type
 * names and their aliases, as one of the kinds that `cast-value.ts` makes.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

export interface CastTarget {
  readonly kind: Exclude<ValueKind, 'any'>
  /** The type that values are made of, as PostgreSQL's messages call it. */
  readonly name: string
  /** The type that was asked for: `money`, which is made as a `numeric` is. */
  readonly type: string
  /** `(n)` of texts, `(precision, scale)` of numerics. */
  readonly modifiers: readonly number[]
}

/** `type` where it is not the name. */
type Target = readonly [kind: CastTarget['kind'], name: string, type?: string]

const targets: Readonly<Record<string, Target>> = {
  int2: ['integer', 'smallint'],
  smallint: ['integer', 'smallint'],
  int: ['integer', 'integer'],
  int4: ['integer', 'integer'],
  integer: ['integer', 'integer'],
  int8: ['integer', 'bigint'],
  bigint: ['integer', 'bigint'],
  oid: ['integer', 'bigint', 'oid'],
  float4: ['real', 'real'],
  real: ['real', 'real'],
  float: ['real', 'double precision'],
  float8: ['real', 'double precision'],
  'double precision': ['real', 'double precision'],
  numeric: ['numeric', 'numeric'],
  decimal: ['numeric', 'numeric'],
  dec: ['numeric', 'numeric'],
  money: ['numeric', 'numeric', 'money'],
  text: ['text', 'text'],
  name: ['text', 'text', 'name'],
  citext: ['text', 'text', 'citext'],
  varchar: ['text', 'character varying'],
  'character varying': ['text', 'character varying'],
  char: ['text', 'character'],
  character: ['text', 'character'],
  bpchar: ['text', 'character'],
  bool: ['boolean', 'boolean'],
  boolean: ['boolean', 'boolean'],
  date: ['date', 'date'],
  time: ['time', 'time', 'time without time zone'],
  timetz: ['time', 'time', 'time with time zone'],
  'time without time zone': ['time', 'time', 'time without time zone'],
  'time with time zone': ['time', 'time', 'time with time zone'],
  timestamp: ['timestamp', 'timestamp', 'timestamp without time zone'],
  timestamptz: ['timestamp', 'timestamp with time zone'],
  'timestamp without time zone': ['timestamp', 'timestamp', 'timestamp without time zone'],
  'timestamp with time zone': ['timestamp', 'timestamp with time zone'],
  json: ['json', 'json'],
  jsonb: ['json', 'jsonb'],
  uuid: ['uuid', 'uuid'],
  bytea: ['blob', 'bytea'],
}

const bits: Readonly<Record<string, number>> = { smallint: 16, integer: 32, bigint: 64 }

/** Of an integer type, its sign included. */
export function integerBits({ name }: CastTarget): number {
  return bits[name] ?? 64
}

/**
 * Shape   `NUMERIC (10, 2)` → numeric with [10, 2]
 * Errors  42704: no such type
 */
export function castTarget(type: string): Result<CastTarget, DatabaseFailure> {
  const [, base = '', inner, tail = ''] = /^([^()]*)(?:\(([^()]*)\))?([^()]*)$/.exec(type) ?? []
  const name = `${base} ${tail}`.trim().toLowerCase().replace(/\s+/g, ' ')
  const found = Object.hasOwn(targets, name) ? targets[name] : undefined
  const modifiers = inner === undefined ? [] : inner.split(',').map(Number)
  if (found === undefined || !modifiers.every(Number.isInteger)) {
    return err(valueFailure('42704', `type "${type.trim()}" does not exist`))
  }
  const [kind, target, asked = target] = found
  // a bare char(…) holds one character
  const isBareCharacter = target === 'character' && modifiers.length === 0 && name !== 'bpchar'
  return ok({ kind, name: target, type: asked, modifiers: isBareCharacter ? [1] : modifiers })
}
