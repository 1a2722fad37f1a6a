/**
 * Aggregates in SQLite's words, for the types that PostgreSQL has them for.
 */
import type { AggregateFunction } from '../../../api/api-request.ts'
import { raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { refuseAggregate } from '../../values/type-rules.ts'
import { refuse } from './compile-refusal.ts'
import { compileCast } from './compile-sqlite-cast.ts'
import { exact, type SqliteKind, type SqliteValue, valueKindOf } from './sqlite-value.ts'

export const countRows: SqlText = sql`count(*)`

export function compileAggregate(
  value: SqliteValue,
  aggregate: AggregateFunction,
  cast: string | null,
): SqliteValue {
  const aggregated = apply(value, aggregate)
  return cast === null ? aggregated : compileCast(aggregated, cast)
}

function apply(value: SqliteValue, aggregate: AggregateFunction): SqliteValue {
  const type = typeNames[value.kind] ?? value.kind
  const refusal = refuseAggregate(aggregate, valueKindOf(value), type)
  if (refusal !== null) refuse(refusal)
  const text = sql`${raw(aggregate)}(${value.sql})`
  switch (aggregate) {
    case 'count':
      return exact('integer', text)
    case 'max':
    case 'min':
      return { ...value, sql: text }
    case 'sum':
      return { sql: text, kind: value.kind, isExact: false }
    case 'avg':
      return { sql: text, kind: 'numeric', isExact: false }
  }
}

/** What PostgreSQL's messages call a kind where it is not the same word. */
const typeNames: Readonly<Partial<Record<SqliteKind, string>>> = {
  blob: 'bytea',
  document: 'jsonb',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
}
