/**
 * Turns filters and JSON paths into PostgreSQL's SQL. Values are bound without a type, so that the
 * server gives them the type of the other operand and refuses bad ones in its own words.
 */
import type {
  ComparisonOperator,
  FtsOperator,
  IsValue,
  JsonStep,
  Operation,
  SimpleOperator,
  Slot,
} from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import type { PlanField } from '../../../plan/plan.ts'
import {
  constant,
  ident,
  join,
  noSql,
  param,
  qualified,
  raw,
  type SqlText,
  sql,
} from '../../sql/sql-text.ts'

const comparisonSymbols = {
  eq: '=',
  gte: '>=',
  gt: '>',
  lte: '<=',
  lt: '<',
  like: 'LIKE',
  ilike: 'ILIKE',
  match: '~',
  imatch: '~*',
} as const satisfies Record<ComparisonOperator, string>

const simpleSymbols = {
  neq: '<>',
  cs: '@>',
  cd: '<@',
  ov: '&&',
  sl: '<<',
  sr: '>>',
  nxr: '&<',
  nxl: '&>',
  adj: '-|-',
} as const satisfies Record<SimpleOperator, string>

const ftsFunctions = {
  fts: 'to_tsquery',
  plfts: 'plainto_tsquery',
  phfts: 'phraseto_tsquery',
  wfts: 'websearch_to_tsquery',
} as const satisfies Record<FtsOperator, string>

const isKeywords = {
  null: 'NULL',
  not_null: 'NOT NULL',
  true: 'TRUE',
  false: 'FALSE',
  unknown: 'UNKNOWN',
} as const satisfies Record<IsValue, string>

/** The column, or what its JSON path reaches; `table` qualifies it. */
export function compileField(table: SqlText, field: PlanField): SqlText {
  if (field.isFullRow) return table
  if (field.name === '*') return sql`${table}.*`
  const column = sql`${table}.${ident(field.name)}`
  if (field.jsonPath.length === 0) return column
  const document = field.toDocument ? sql`to_jsonb(${column})` : column
  return sql`${document}${join(field.jsonPath.map(compileJsonStep), '')}`
}

function compileJsonStep(step: JsonStep): SqlText {
  return sql`${raw(step.arrow)}${constant(step.key)}${step.isIndex ? raw('::int') : noSql}`
}

/** The condition of one filter, without its negation. */
export function compileFilter(table: SqlText, field: PlanField, operation: Operation): SqlText {
  const column = compileField(table, field)
  switch (operation.kind) {
    case 'comparison':
      return sql`${column} ${raw(comparisonSymbols[operation.operator])} ${compareTo(field, operation)}`
    case 'simple': {
      const value = parsed(field, sent(operation.value))
      return sql`${column} ${raw(simpleSymbols[operation.operator])} ${value}`
    }
    case 'in':
      return sql`${column} = ANY (${inList(field, operation.value)})`
    case 'is':
      return sql`${column} IS ${raw(isKeywords[operation.value])}`
    case 'isdistinct':
      return sql`${column} IS DISTINCT FROM ${sent(operation.value)}`
    case 'fts': {
      const language =
        operation.language === undefined ? noSql : sql`${constant(operation.language)}, `
      const vector = field.baseType === 'tsvector' ? column : sql`to_tsvector(${language}${column})`
      const query = raw(ftsFunctions[operation.operator])
      return sql`${vector} @@ ${query}(${language}${sent(operation.value)})`
    }
    default:
      return assertNever(operation)
  }
}

function compareTo(
  field: PlanField,
  operation: Extract<Operation, { kind: 'comparison' }>,
): SqlText {
  const { operator, quantifier, value: slot } = operation
  const isPattern = operator === 'like' || operator === 'ilike'
  // patterns are texts, not values of the column's domain
  const value = isPattern ? param({ kind: 'pattern', slot }) : parsed(field, sent(slot))
  return quantifier === undefined ? value : sql`${raw(quantifier.toUpperCase())} (${value})`
}

function sent(slot: Slot): SqlText {
  return param({ kind: 'slot', slot })
}

/** The value as the domain's own function reads it. */
function parsed(field: PlanField, value: SqlText): SqlText {
  return field.transform === null ? value : sql`${qualified(field.transform)}(${value})`
}

/** `= ANY` of one array, not IN: one statement serves lists of every length, the empty one too. */
function inList(field: PlanField, slot: Slot): SqlText {
  const list = sent(slot)
  return field.transform === null
    ? list
    : sql`SELECT ${qualified(field.transform)}(unnest(${list}::text[]))`
}
