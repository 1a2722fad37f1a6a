/**
 * What a child adds to its parent's query: a lateral join of the child's own query, and the items
 * that come of it in the parent's select list. A to-one child is one row, a to-many child is
 * aggregated inside the join, so that each parent row stays one row.
 *
 * Embedded documents are `jsonb`, as PostgREST's are: it prints them in the one form that clients
 * of PostgREST receive, byte for byte, and GROUP BY can compare them. They are made of the rows
 * themselves: PostgREST makes `json` of them and casts that, which reads at each level of embedding
 * the text that it has just written.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ChildJoin, OrderBy, ReadNode, SpreadColumn } from '../../../plan/plan.ts'
import { ident, join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileOrder } from './compile-order.ts'
import { compileAggregate, type SelectItemSql } from './compile-select.ts'

export interface EmbedSql {
  readonly join: SqlText
  readonly items: readonly SelectItemSql[]
}

/** `query` selects the child's rows; `isInner` drops parents for which it finds none. */
export function compileEmbed(
  child: ReadNode,
  childJoin: ChildJoin,
  query: SqlText,
  isInner: boolean,
): EmbedSql {
  const key = ident(child.key)
  const { output } = childJoin
  switch (output.kind) {
    case 'object': {
      const value = sql`to_jsonb(${key}.*)`
      const items = output.isEmpty ? [] : [plainItem(value, output.name)]
      return { join: lateral(query, key, isInner, sql`TRUE`), items }
    }
    case 'spread-one':
      return {
        join: lateral(query, key, isInner, sql`TRUE`),
        items: output.columns.map((column) => spreadItem(column, key)),
      }
    case 'array': {
      const aggregated = sql`SELECT jsonb_agg(${key}) AS ${key} FROM (${query}) AS ${key}`
      const value = sql`COALESCE(${key}.${key}, '[]')`
      const items = output.isEmpty ? [] : [plainItem(value, output.name)]
      return { join: lateral(aggregated, key, isInner, someFound(key, isInner)), items }
    }
    case 'spread-many': {
      const order = compileOrder(child.order, spreadOrderField(child, key))
      const arrays = output.columns.map((column) => {
        const values = sql`jsonb_agg(${key}.${ident(column.name)}${order})`
        return sql`COALESCE(${values}, '[]') AS ${ident(column.name)}`
      })
      // null when no row was found: what conditions on the embed look at
      const found = sql`nullif(count(*), 0) AS ${key}`
      const aggregated = sql`SELECT ${join([found, ...arrays], ', ')} FROM (${query}) AS ${key}`
      return {
        join: lateral(aggregated, key, isInner, someFound(key, isInner)),
        items: output.columns.map((column) => spreadItem(column, key)),
      }
    }
    default:
      return assertNever(output)
  }
}

/** `IS [NOT] DISTINCT FROM NULL` looks at the row as a whole, `IS NULL` would at its columns. */
export function embedIsNull(child: string, negated: boolean): SqlText {
  return sql`${ident(child)} IS ${raw(negated ? 'DISTINCT' : 'NOT DISTINCT')} FROM NULL`
}

/** The column under which a to-many spread hands out what it is ordered by. */
export function spreadOrderName(child: ReadNode, term: OrderBy, index: number): string {
  return `${child.key}_${term.field.name}_${index + 1}`
}

function spreadOrderField(child: ReadNode, key: SqlText): (term: OrderBy, i: number) => SqlText {
  return (term, index) => sql`${key}.${ident(spreadOrderName(child, term, index))}`
}

function lateral(query: SqlText, key: SqlText, isInner: boolean, on: SqlText): SqlText {
  return sql`${raw(isInner ? ' INNER' : ' LEFT')} JOIN LATERAL (${query}) AS ${key} ON ${on}`
}

/** The aggregate of no rows is a row too: an inner join has to ask whether there is something in it. */
function someFound(key: SqlText, isInner: boolean): SqlText {
  return isInner ? sql`${key} IS NOT NULL` : sql`TRUE`
}

function plainItem(value: SqlText, name: string): SelectItemSql {
  return { value, alias: name, isAggregate: false, isStar: false }
}

function spreadItem(column: SpreadColumn, key: SqlText): SelectItemSql {
  const isStar = column.name === '*'
  const plain = isStar ? sql`${key}.*` : sql`${key}.${ident(column.name)}`
  return {
    value: compileAggregate(plain, column.aggregate, column.aggregateCast),
    alias: column.alias,
    isAggregate: column.aggregate !== null,
    isStar: isStar && column.aggregate === null,
  }
}
