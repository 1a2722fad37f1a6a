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

/** What a type is cast to, beside text and itself; `text` is cast to everything. */
const castable: Readonly<Record<Exclude<ValueKind, 'any' | 'text'>, readonly ValueKind[]>> = {
  integer: ['real', 'numeric', 'boolean'],
  real: ['integer', 'numeric'],
  numeric: ['integer', 'real'],
  boolean: ['integer'],
  uuid: [],
  date: ['timestamp'],
  time: [],
  timestamp: ['date', 'time'],
  json: ['integer', 'real', 'numeric', 'boolean'],
  blob: [],
}

const castNames: Readonly<Record<string, string>> = {
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
}

/** `type` is the source's name; null where PostgreSQL has such a cast. */
export function refuseCast(
  source: ValueKind,
  type: string,
  target: CastTarget,
): DatabaseFailure | null {
  if (source === 'any' || source === 'text' || target.kind === 'text') return null
  const isKnown = source === target.kind || castable[source].includes(target.kind)
  // only integers of 32 bits are cast to booleans and back; only jsonb to numbers
  const isWide = type === 'bigint' || type === 'smallint'
  const wide = target.name === 'bigint' || target.name === 'smallint'
  const isRefused =
    (target.kind === 'boolean' && isWide) ||
    (source === 'boolean' && wide) ||
    (type === 'json' && target.kind !== 'json')
  if (isKnown && !isRefused) return null
  const name = castNames[target.name] ?? target.name
  return valueFailure('42846', `cannot cast type ${type} to ${name}`)
}

function missingFunction(name: string, type: string): DatabaseFailure {
  return valueFailure('42883', `function ${name}(${type}) does not exist`, {
    hint: hintOf('function'),
  })
}

function hintOf(what: 'operator' | 'function'): string {
  return `No ${what} matches the given name and argument types. You might need to add explicit type casts.`
}
