/**
 * Aggregates in SQLite's words, for the types that PostgreSQL has them for.
 */
import type { AggregateFunction } from '../../../api/api-request.ts'
import { raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { refuseAggregate } from '../../values/type-rules.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import { compileCast } from './compile-sqlite-cast.ts'
import { exact, type SqliteValue, typeNameOf, valueKindOf } from './sqlite-value.ts'

export const countRows: SqliteValue = counted(sql`count(*)`)

function counted(text: SqlText): SqliteValue {
  return { ...exact('integer', text), typeName: 'bigint' }
}

export function compileAggregate(
  value: SqliteValue,
  aggregate: AggregateFunction,
  cast: string | null,
): SqliteValue {
  const aggregated = apply(value, aggregate)
  return cast === null ? aggregated : compileCast(aggregated, cast)
}

function apply(value: SqliteValue, aggregate: AggregateFunction): SqliteValue {
  const type = typeNameOf(value)
  refuseUnsorted(value, aggregate)
  const refusal = refuseAggregate(aggregate, valueKindOf(value), type)
  if (refusal !== null) refuse(refusal)
  const text = sql`${raw(aggregate)}(${value.sql})`
  switch (aggregate) {
    case 'count':
      return counted(text)
    case 'max':
    case 'min':
      return { ...value, sql: text }
    case 'sum':
      return { sql: text, kind: value.kind, isExact: false }
    case 'avg':
      return { sql: text, kind: 'numeric', isExact: false }
  }
}

/** The greatest spelling is not the greatest value where values are spelled in several ways. */
function refuseUnsorted({ kind, storedForm }: SqliteValue, aggregate: AggregateFunction): void {
  if ((aggregate === 'max' || aggregate === 'min') && storedForm === 'mixed') {
    notImplemented(`${aggregate} of values of type ${kind} that are stored in several forms`)
  }
  if ((aggregate === 'sum' || aggregate === 'avg') && kind === 'time') {
    notImplemented(`${aggregate} of times`)
  }
}
