/**
 * Filters in SQLite's words. Operands are read as the type of what they are compared with, and
 * where that is unknown both as a number and as a text, since SQLite finds any number smaller than
 * any text.
 */
import type {
  ComparisonOperator,
  IsValue,
  Operation,
  SimpleOperator,
  Slot,
} from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import type { PlanField } from '../../../plan/plan.ts'
import { raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { parsedTypeOf } from '../../values/parse-typed-text.ts'
import { missingOperator, refuseIs, typeOfField } from '../../values/type-rules.ts'
import type { FtsIndex } from '../catalog/sqlite-facts.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import { compileField, type FieldTable } from './compile-sqlite-field.ts'
import { compileTextSearch } from './compile-sqlite-fts.ts'
import { compareMoment, memberMoment, slotMoment } from './compile-sqlite-moment.ts'
import { type MemberReading, momentTypes, operand } from './sqlite-operands.ts'
import { documentKey, uuidDigits } from './sqlite-sort-key.ts'
import { type SqliteKind, type SqliteValue, toText, valueKindOf } from './sqlite-value.ts'

export interface FilterPlace extends FieldTable {
  readonly ftsIndexes: readonly FtsIndex[]
}

/** The condition of one filter, without its negation. */
export function compileFilter(place: FilterPlace, field: PlanField, operation: Operation): SqlText {
  // an index may be named where there is no column
  if (operation.kind === 'fts') return compileTextSearch(place, field, operation)
  const value = compileField(place, field)
  switch (operation.kind) {
    case 'comparison':
      return compileComparison(value, field, operation)
    case 'simple':
      return compileSimple(value, field, operation.operator, operation.value)
    case 'in':
      return compileIn(value, field, operation.value)
    case 'is':
      return compileIs(value, field, operation.value)
    case 'isdistinct':
      return compileDistinct(value, field, operation.value)
    default:
      return assertNever(operation)
  }
}

const comparisonSymbols = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const
type OrderingOperator = keyof typeof comparisonSymbols | 'neq'

type Comparison = Extract<Operation, { kind: 'comparison' }>

function compileComparison(value: SqliteValue, field: PlanField, operation: Comparison): SqlText {
  const { operator, quantifier, value: slot } = operation
  const test = testOf(operator, value, field)
  if (quantifier === undefined) return test.one(slot)
  return quantified(quantifier, test.member, operand(slot, `${test.reading} list`))
}

/** Three-valued: null when it depends on a comparison that is null itself. */
function quantified(quantifier: 'any' | 'all', member: SqlText, list: SqlText): SqlText {
  const tested = sql`SELECT ${member} AS ok FROM json_each(${list}) AS e`
  return quantifier === 'any'
    ? sql`(SELECT CASE WHEN max(ok) THEN 1 WHEN count(*) > count(ok) THEN NULL ELSE 0 END FROM (${tested}))`
    : sql`(SELECT CASE WHEN min(ok) = 0 THEN 0 WHEN count(*) > count(ok) THEN NULL ELSE 1 END FROM (${tested}))`
}

/** A comparison with one value, and with `e`, a member of a list. */
interface Test {
  readonly one: (slot: Slot) => SqlText
  readonly member: SqlText
  readonly reading: MemberReading
}

function testOf(operator: ComparisonOperator, value: SqliteValue, field: PlanField): Test {
  switch (operator) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      const reading = readingOf(value, field)
      return {
        one: (slot) => compare(operator, value, reading, slot),
        member: compare(operator, value, reading, null),
        reading,
      }
    }
    case 'like': {
      requireText(value, field, operator)
      const test = (pattern: SqlText) => sql`(${toText(value)} GLOB ${pattern})`
      return pattern('glob', test)
    }
    case 'ilike':
      requireText(value, field, operator)
      return {
        // SQLite's own LIKE folds the case of ASCII letters, and is faster
        one: (slot) =>
          sql`CASE WHEN ${operand(slot, 'is ascii')} THEN ${toText(value)} LIKE ${operand(slot, 'like')} ESCAPE '\\' ELSE dbrest_ilike(${toText(value)}, ${operand(slot, 'like')}) END`,
        member: sql`dbrest_ilike(${toText(value)}, e.value)`,
        reading: 'like',
      }
    case 'match':
      requireText(value, field, operator)
      return pattern('regex', (given) => sql`dbrest_match(${toText(value)}, ${given})`)
    case 'imatch':
      requireText(value, field, operator)
      return pattern('regex', (given) => sql`dbrest_imatch(${toText(value)}, ${given})`)
    default:
      return assertNever(operator)
  }
}

const withoutText: readonly SqliteKind[] = [
  'date',
  'time',
  'timestamp',
  'integer',
  'real',
  'numeric',
  'boolean',
  'uuid',
  'json',
  'document',
  'blob',
]

function requireText(
  value: SqliteValue,
  field: PlanField,
  operator: 'like' | 'ilike' | 'match' | 'imatch',
): void {
  if (withoutText.includes(value.kind)) refuse(missingOperator(operator, typeOfField(field)))
}

function pattern(reading: MemberReading, test: (pattern: SqlText) => SqlText): Test {
  return { one: (slot) => test(operand(slot, reading)), member: test(sql`e.value`), reading }
}

/** With a value, or where there is none with `e`, a member of a list. */
function compare(
  operator: OrderingOperator,
  value: SqliteValue,
  reading: MemberReading,
  slot: Slot | null,
): SqlText {
  if (operator === 'neq') return sql`NOT (${compare('eq', value, reading, slot)})`
  const momentType = momentTypes.find((type) => type === reading)
  if (momentType !== undefined) {
    const given = slot === null ? memberMoment : slotMoment(slot, momentType)
    return compareMoment(operator, value, given)
  }
  if (value.kind === 'uuid' && operator === 'eq' && value.storedForm !== 'mixed') {
    // an index is looked into once for each spelling
    const spellings = slot === null ? sql`e.value` : operand(slot, 'uuid spellings')
    const bytes = slot === null ? sql`e.value ->> 0` : operand(slot, 'uuid')
    return sql`${value.sql} IN (SELECT s.value FROM json_each(${spellings}) AS s UNION ALL SELECT unhex(${bytes}, '-'))`
  }
  if (value.kind === 'uuid') {
    const text = slot === null ? sql`(e.value ->> 0)` : operand(slot, 'uuid')
    return sql`${uuidDigits(value.sql)} ${raw(comparisonSymbols[operator])} replace(${text}, '-', '')`
  }
  const given =
    slot === null ? memberOperands(reading, value.kind) : operandsOf(slot, reading, value.kind)
  const compared = value.kind === 'time' ? sql`dbrest_time(${value.sql})` : value.sql
  return ordering(operator, { ...value, sql: compared }, given)
}

/** `number` is what an untyped value compares with when it holds a number. */
interface Operands {
  readonly plain: SqlText
  readonly number: SqlText
}

function operandsOf(slot: Slot, reading: MemberReading, kind: SqliteKind): Operands {
  const plain = operand(slot, reading)
  return { plain, number: kind === 'any' ? operand(slot, 'any number') : plain }
}

function memberOperands(reading: MemberReading, kind: SqliteKind): Operands {
  if (kind === 'any') return { plain: sql`(e.value ->> 1)`, number: sql`(e.value ->> 0)` }
  const plain = reading === 'bytea' ? sql`unhex(e.value)` : sql`e.value`
  return { plain, number: plain }
}

function ordering(
  operator: Exclude<OrderingOperator, 'neq'>,
  value: SqliteValue,
  given: Operands,
): SqlText {
  const symbol = raw(comparisonSymbols[operator])
  switch (value.kind) {
    case 'any':
      if (operator === 'eq') return sql`${value.sql} IN (${given.number}, ${given.plain})`
      return sql`CASE WHEN typeof(${value.sql}) IN ('integer', 'real') THEN ${value.sql} ${symbol} ${given.number} ELSE ${value.sql} ${symbol} ${given.plain} END`
    case 'json':
    case 'document':
      return sql`${documentKey(value.sql)} ${symbol} dbrest_json_key(${given.plain})`
    default:
      return sql`${value.sql} ${symbol} ${given.plain}`
  }
}

/** The type whose grammar an operand follows. */
function readingOf(value: SqliteValue, field: PlanField): MemberReading {
  const kind = valueKindOf(value)
  return kind === 'any' ? kind : parsedTypeOf(kind, field.baseType)
}

function compileSimple(
  value: SqliteValue,
  field: PlanField,
  operator: SimpleOperator,
  slot: Slot,
): SqlText {
  switch (operator) {
    case 'neq':
      return compare('neq', value, readingOf(value, field), slot)
    case 'cs':
    case 'cd':
    case 'ov': {
      const holdsJson = ['json', 'document', 'any'].includes(value.kind)
      if (!holdsJson) refuse(missingOperator(operator, typeOfField(field)))
      const document = sql`CASE WHEN json_valid(${value.sql}, 10) THEN json(${value.sql}) END`
      return sql`${raw(`dbrest_${operator}`)}(${document}, ${operand(slot, 'containment')})`
    }
    case 'sl':
    case 'sr':
    case 'nxr':
    case 'nxl':
    case 'adj':
      return notImplemented('range operators (sl, sr, nxr, nxl, adj)')
    default:
      return assertNever(operator)
  }
}

/** One statement for lists of every length, the empty one included. */
function compileIn(value: SqliteValue, field: PlanField, slot: Slot): SqlText {
  const reading = readingOf(value, field)
  const list = operand(slot, `${reading} list`)
  const members = sql`json_each(${list}) AS e`
  switch (value.kind) {
    case 'any':
      return sql`${value.sql} IN (SELECT p.value FROM ${members}, json_each(e.value) AS p)`
    case 'json':
    case 'document':
    case 'date':
    case 'timestamp':
      return quantified('any', compare('eq', value, reading, null), list)
    case 'uuid':
      if (value.storedForm === 'mixed') {
        return quantified('any', compare('eq', value, reading, null), list)
      }
      return sql`${value.sql} IN (SELECT s.value FROM ${members}, json_each(e.value) AS s UNION ALL SELECT unhex(e.value ->> 0, '-') FROM json_each(${list}) AS e)`
    case 'blob':
      return sql`${value.sql} IN (SELECT unhex(e.value) FROM ${members})`
    default:
      return sql`${value.kind === 'time' ? sql`dbrest_time(${value.sql})` : value.sql} IN (SELECT e.value FROM ${members})`
  }
}

const isTests = {
  null: 'IS NULL',
  not_null: 'IS NOT NULL',
  true: 'IS TRUE',
  false: 'IS FALSE',
  unknown: 'IS NULL',
} as const satisfies Record<IsValue, string>

function compileIs(value: SqliteValue, field: PlanField, is: IsValue): SqlText {
  const refusal = refuseIs(is, valueKindOf(value), typeOfField(field))
  if (refusal !== null) refuse(refusal)
  return sql`${value.sql} ${raw(isTests[is])}`
}

function compileDistinct(value: SqliteValue, field: PlanField, slot: Slot): SqlText {
  return sql`(${compare('eq', value, readingOf(value, field), slot)}) IS NOT TRUE`
}
