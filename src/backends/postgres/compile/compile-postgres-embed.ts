/**
 * What a child adds to its parent's query: a lateral join of the child's own query, and the items
 * that come of it in the parent's select list. A to-one child is one row, a to-many child is
 * aggregated inside the join, so that each parent row stays one row.
 *
 * Embedded documents are `json`, which hands on the text that the server has just made. PostgREST's
 * are `jsonb`, which reads that text and prints it again at each level of embedding: twice the time.
 * It stays where its text is seen, or where GROUP BY has to compare documents.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ChildJoin, OrderBy, ReadNode, SpreadColumn } from '../../../plan/plan.ts'
import { ident, join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileOrder } from './compile-order.ts'
import { compileAggregate, type SelectItemSql } from './compile-select.ts'

/** The type of embedded documents. */
export type DocumentType = 'json' | 'jsonb'

export interface EmbedSql {
  readonly join: SqlText
  readonly items: readonly SelectItemSql[]
}

/**
 * @param query     selects the child's rows
 * @param isInner   drops parents for which it finds none
 * @param documents of what type they are
 */
export function compileEmbed(
  child: ReadNode,
  childJoin: ChildJoin,
  query: SqlText,
  isInner: boolean,
  documents: DocumentType,
): EmbedSql {
  const key = ident(child.key)
  const { output } = childJoin
  // what the functions below give is json
  const cast = documents === 'jsonb' ? raw('::jsonb') : noSql
  switch (output.kind) {
    case 'object': {
      const value = sql`row_to_json(${key}.*)${cast}`
      const items = output.isEmpty ? [] : [plainItem(value, output.name)]
      return { join: lateral(query, key, isInner, sql`TRUE`), items }
    }
    case 'spread-one':
      return {
        join: lateral(query, key, isInner, sql`TRUE`),
        items: output.columns.map((column) => spreadItem(column, key)),
      }
    case 'array': {
      const aggregated = sql`SELECT json_agg(${key})${cast} AS ${key} FROM (${query}) AS ${key}`
      const value = sql`COALESCE(${key}.${key}, '[]')`
      const items = output.isEmpty ? [] : [plainItem(value, output.name)]
      return { join: lateral(aggregated, key, isInner, someFound(key, isInner)), items }
    }
    case 'spread-many': {
      const order = compileOrder(child.order, spreadOrderField(child, key))
      const arrays = output.columns.map((column) => {
        const values = sql`json_agg(${key}.${ident(column.name)}${order})`
        return sql`COALESCE(${values}, '[]')${cast} AS ${ident(column.name)}`
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
