/**
 * Comparisons of dates and moments by what they stand for, whatever forms a column's values are
 * stored in: texts of ISO 8601 in any spelling, seconds or milliseconds since 1970, Julian days. Each
 * form has a range of its own that an index can find; the values in it are then looked at closely,
 * since SQLite's own reading of texts stops at milliseconds.
 *
 * Rule  a text starts with its date, and a zone moves it by less than a day
 */
import type { Slot } from '../../../api/api-request.ts'
import { join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { isNumeric } from '../../values/stored-form.ts'
import { type MomentType, operand } from './sqlite-operands.ts'
import type { SqliteValue } from './sqlite-value.ts'

/** The operand: microseconds since 1970, and texts between which its spellings are. */
export interface MomentOperand {
  readonly micros: SqlText
  readonly from: SqlText
  readonly until: SqlText
}

export function slotMoment(slot: Slot, type: MomentType): MomentOperand {
  return {
    micros: operand(slot, `${type} micros`),
    from: operand(slot, `${type} from`),
    until: operand(slot, `${type} until`),
  }
}

/** Of `e`, a member of a list. */
export const memberMoment: MomentOperand = {
  micros: sql`(e.value ->> 0)`,
  from: sql`(e.value ->> 1)`,
  until: sql`(e.value ->> 2)`,
}

type MomentOperator = 'eq' | 'gt' | 'gte' | 'lt' | 'lte'

const symbols = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

/** Null where the column is, or holds nothing that is a date. */
export function compareMoment(
  operator: MomentOperator,
  value: SqliteValue,
  given: MomentOperand,
): SqlText {
  return value.kind === 'date'
    ? compareDate(operator, value.sql, given)
    : compareInstant(operator, value, given)
}

/** As programs write them; each is looked up by an index. */
const infinities = raw(
  ['infinity', 'Infinity', 'INFINITY'].map((word) => `'${word}', '-${word}'`).join(', '),
)

function compareDate(operator: MomentOperator, column: SqlText, given: MomentOperand): SqlText {
  const infinite = sql`${column} IN (${infinities}) AND dbrest_day(${column}) ${raw(symbols[operator])} ${given.micros}`
  return sql`(${compareFiniteDate(operator, column, given)} OR (${infinite}))`
}

/** Any text of the day sorts between the day and the next one. */
function compareFiniteDate(
  operator: MomentOperator,
  column: SqlText,
  given: MomentOperand,
): SqlText {
  const { from, until, micros } = given
  const isDate = sql`${column} GLOB '[0-9][0-9][0-9][0-9]-*'`
  const number = sql`dbrest_day(${column}) ${raw(symbols[operator])} ${micros}`
  switch (operator) {
    case 'lt':
    case 'lte': {
      const end = operator === 'lt' ? from : until
      return sql`(${column} < ${end} AND CASE typeof(${column}) WHEN 'text' THEN ${isDate} ELSE ${number} END)`
    }
    case 'eq':
      return sql`((${column} >= ${from} AND ${column} < ${until} AND ${isDate}) OR (${column} < '' AND ${number}))`
    case 'gt':
    case 'gte': {
      const start = operator === 'gt' ? until : from
      return sql`((${column} >= ${start} AND ${isDate}) OR (${column} < '' AND ${number}))`
    }
  }
}

function compareInstant(
  operator: MomentOperator,
  { sql: column, storedForm = 'none' }: SqliteValue,
  given: MomentOperand,
): SqlText {
  const closely = sql`dbrest_instant(${column}) ${raw(symbols[operator])} ${given.micros}`
  const text = sql`${textRange(operator, column, given)} AND ${textTest(operator, column, given, closely)}`
  const numbers = isNumeric(storedForm)
    ? numberRanges(operator, column, given, closely)
    : [sql`${column} < '' AND ${closely}`]
  return sql`(${join(
    [text, ...numbers].map((each) => sql`(${each})`),
    ' OR ',
  )})`
}

function textRange(operator: MomentOperator, column: SqlText, given: MomentOperand): SqlText {
  const starts = sql`${column} >= ${given.from}`
  switch (operator) {
    case 'eq':
      return sql`${starts} AND ${column} < ${given.until}`
    case 'gt':
    case 'gte':
      return starts
    case 'lt':
    case 'lte':
      return sql`${column} >= '' AND ${column} < ${given.until}`
  }
}

/** SQLite's reading is quick and rounds to milliseconds: what is closer is read by us. */
function textTest(
  operator: MomentOperator,
  column: SqlText,
  { micros }: MomentOperand,
  closely: SqlText,
): SqlText {
  const distance = sql`unixepoch(${column}, 'subsec') - ${micros} / 1000000.0`
  const isAfter = raw(operator === 'gt' || operator === 'gte' ? '1' : '0')
  const isBefore = raw(operator === 'lt' || operator === 'lte' ? '1' : '0')
  return sql`CASE WHEN ${distance} > 0.002 THEN ${isAfter} WHEN ${distance} < -0.002 THEN ${isBefore} ELSE ${closely} END`
}

/** A number's size says what it counts. */
function numberRanges(
  operator: MomentOperator,
  column: SqlText,
  { micros }: MomentOperand,
  closely: SqlText,
): readonly SqlText[] {
  const symbol = raw(symbols[operator])
  const julian = sql`(${micros} / 86400000000.0 + 2440587.5)`
  const isJulian = sql`${column} BETWEEN 1e6 AND 5e6`
  const near = {
    eq: sql`${column} BETWEEN ${julian} - 1e-7 AND ${julian} + 1e-7`,
    gt: sql`${column} > ${julian} - 1e-7`,
    gte: sql`${column} > ${julian} - 1e-7`,
    lt: sql`${column} < ${julian} + 1e-7`,
    lte: sql`${column} < ${julian} + 1e-7`,
  }[operator]
  return [
    sql`${column} ${symbol} ${micros} / 1000000.0 AND ${column} > -1e11 AND ${column} < 1e11 AND NOT (${isJulian})`,
    sql`${column} ${symbol} ${micros} / 1000.0 AND ${column} < '' AND ${column} NOT BETWEEN -99999999999 AND 99999999999`,
    sql`${near} AND ${isJulian} AND ${closely}`,
  ]
}
