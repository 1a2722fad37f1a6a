/**
 * Which types PostgreSQL's operators and aggregate functions are for, and what it says of the
 * others. Where an engine has no types of its own to refuse them by, these rules do: a sum of texts
 * is an error, not 0.
 */
import type { AggregateFunction, IsValue } from '../../api/api-request.ts'
import { assertNever } from '../../core/assert-never.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import type { PlanField } from '../../plan/plan.ts'
import type { CastTarget } from './cast-target.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

/** The operators that not every type has, as PostgreSQL's messages write them. */
const symbols = {
  eq: '=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: '~~',
  ilike: '~~*',
  match: '~',
  imatch: '~*',
  cs: '@>',
  cd: '<@',
  ov: '&&',
  '->': '->',
} as const

/** The type of what a filter compares, as messages call it: an arrow makes JSON or a text of it. */
export function typeOfField({ jsonPath, baseType }: PlanField): string {
  const arrow = jsonPath.at(-1)?.arrow
  if (arrow === undefined) return baseType
  return arrow === '->' ? 'jsonb' : 'text'
}

/** PostgreSQL's failure for an operator that there is not for values of that type. */
export function missingOperator(operator: keyof typeof symbols, type: string): DatabaseFailure {
  return valueFailure('42883', `operator does not exist: ${type} ${symbols[operator]} unknown`, {
    hint: hintOf('operator'),
  })
}

/** `is.true`, `is.false` and `is.unknown` are for booleans; null where they may be. */
export function refuseIs(value: IsValue, kind: ValueKind, type: string): DatabaseFailure | null {
  switch (value) {
    case 'null':
    case 'not_null':
      return null
    case 'true':
    case 'false':
    case 'unknown': {
      if (kind === 'boolean' || kind === 'any') return null
      const message = `argument of IS ${value.toUpperCase()} must be type boolean, not type ${type}`
      return valueFailure('42804', message)
    }
    default:
      return assertNever(value)
  }
}

const summable: readonly ValueKind[] = ['integer', 'real', 'numeric', 'any']
const unordered: readonly ValueKind[] = ['boolean', 'json', 'uuid']

/** Sums and averages are of numbers, the least and the greatest of what has an order; else null. */
export function refuseAggregate(
  aggregate: AggregateFunction,
  kind: ValueKind,
  type: string,
): DatabaseFailure | null {
  switch (aggregate) {
    case 'count':
      return null
    case 'max':
    case 'min':
      return unordered.includes(kind) ? missingFunction(aggregate, type) : null
    case 'sum':
    case 'avg':
      return summable.includes(kind) ? null : missingFunction(aggregate, type)
    default:
      return assertNever(aggregate)
  }
}

const numbers = ['smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric']
const moments = ['timestamp without time zone', 'timestamp with time zone']

/**
 * What a type is cast to, beside itself and texts, which are cast to and from everything.
 *
 * Rule  PostgreSQL 18: the catalog pg_cast
 */
const castable: Readonly<Record<string, readonly string[]>> = {
  smallint: [...numbers, 'oid'],
  integer: [...numbers, 'oid', 'money', 'boolean'],
  bigint: [...numbers, 'oid', 'money'],
  real: numbers,
  'double precision': numbers,
  numeric: [...numbers, 'money'],
  boolean: ['integer'],
  date: moments,
  'time without time zone': ['time with time zone'],
  'timestamp without time zone': ['date', 'time without time zone', ...moments],
  'timestamp with time zone': ['date', 'time without time zone', 'time with time zone', ...moments],
  uuid: [],
  json: ['jsonb'],
  jsonb: [...numbers, 'boolean', 'json'],
  bytea: [],
}

/** `type` is the source's name; null where PostgreSQL has such a cast, or nothing is known of it. */
export function refuseCast(type: string, target: CastTarget): DatabaseFailure | null {
  if (target.kind === 'text' || target.type === type) return null
  const casts = Object.hasOwn(castable, type) ? castable[type] : undefined
  const known = type.endsWith('[]') ? [] : casts
  if (known === undefined || known.includes(target.type)) return null
  return valueFailure('42846', `cannot cast type ${type} to ${target.type}`)
}

function missingFunction(name: string, type: string): DatabaseFailure {
  return valueFailure('42883', `function ${name}(${type}) does not exist`, {
    hint: hintOf('function'),
  })
}

function hintOf(what: 'operator' | 'function'): string {
  return `No ${what} matches the given name and argument types. You might need to add explicit type casts.`
}
