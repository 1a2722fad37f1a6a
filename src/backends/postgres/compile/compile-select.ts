/**
 * Turns selected columns into SQL: representation, cast, aggregate and its cast, alias, from the
 * inside out; and says by what an aggregated query is grouped.
 */
import type { AggregateFunction } from '../../../api/api-request.ts'
import type { SelectColumn } from '../../../plan/plan.ts'
import { ident, join, noSql, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileField } from './compile-postgres-filter.ts'

/** One item of a select list. */
export interface SelectItemSql {
  readonly value: SqlText
  readonly alias: string | null
  readonly isAggregate: boolean
  /** Stands for several columns, so that positions after it are not known. */
  readonly isStar: boolean
}

export function compileSelectColumn(column: SelectColumn, table: SqlText): SelectItemSql {
  const { field, alias, aggregate } = column
  const isStar = field.name === '*' && !field.isFullRow
  if (aggregate === 'count' && isStar) {
    const counted = castIfAsked(sql`count(*)`, column.aggregateCast)
    return { value: counted, alias, isAggregate: true, isStar: false }
  }
  const plain = compileField(table, field)
  const represented =
    field.transform === null ? plain : sql`${qualified(field.transform)}(${plain})`
  const value = castIfAsked(represented, column.cast)
  return {
    value: compileAggregate(value, aggregate, column.aggregateCast),
    alias,
    isAggregate: aggregate !== null,
    isStar: isStar && aggregate === null,
  }
}

/** The value itself where no aggregate is asked for. */
export function compileAggregate(
  value: SqlText,
  aggregate: AggregateFunction | null,
  cast: string | null,
): SqlText {
  return aggregate === null ? value : castIfAsked(sql`${raw(aggregate)}(${value})`, cast)
}

function castIfAsked(value: SqlText, type: string | null): SqlText {
  return type === null ? value : sql`CAST( ${value} AS ${checkedType(type)} )`
}

/**
 * A cast's type cannot be quoted, since that loses aliases such as `int`. The grammar lets nothing
 * through that could end the cast; this check is a second safeguard.
 */
function checkedType(type: string): SqlText {
  const withoutModifiers = type.replace(/\( *\d+ *(, *\d+ *)?\)/gu, '')
  // blanks alone pass here as they pass the grammar; the server refuses them
  if (!/^[\p{L}\p{Nd}_ $[\]]*$/u.test(withoutModifiers)) {
    throw new Error('a cast holds characters that its grammar does not allow')
  }
  return raw(type)
}

export function compileSelectList(items: readonly SelectItemSql[]): SqlText {
  const texts = items.map(({ value, alias }) => {
    return alias === null ? value : sql`${value} AS ${ident(alias)}`
  })
  return join(texts, ', ')
}

/**
 * ` GROUP BY 1, 3` when something is aggregated and something is not. By position, since a name
 * could mean a column of the relation instead, and placeholders make equal expressions differ.
 */
export function compileGroupBy(items: readonly SelectItemSql[]): SqlText {
  if (!items.some((item) => item.isAggregate)) return noSql
  const firstStar = items.findIndex((item) => item.isStar)
  const terms = items.flatMap((item, index) => {
    if (item.isAggregate) return []
    const isPositionKnown = firstStar === -1 || index < firstStar
    return [isPositionKnown ? raw(String(index + 1)) : item.value]
  })
  return terms.length === 0 ? noSql : sql` GROUP BY ${join(terms, ', ')}`
}
