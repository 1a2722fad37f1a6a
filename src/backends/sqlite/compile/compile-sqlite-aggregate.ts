/**
 * Aggregates in SQLite's words. SQLite sums texts as zeros; PostgreSQL has no such function, and
 * neither have we.
 */
import type { AggregateFunction } from '../../../api/api-request.ts'
import { raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { ValueKind } from '../../values/value-kind.ts'
import { refuse } from './compile-refusal.ts'
import { compileCast } from './compile-sqlite-cast.ts'
import { exact, type SqliteValue } from './sqlite-value.ts'

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
  const text = sql`${raw(aggregate)}(${value.sql})`
  switch (aggregate) {
    case 'count':
      return exact('integer', text)
    case 'max':
    case 'min':
      refuseIf(unordered.includes(value.kind), value.kind, aggregate)
      return { ...value, sql: text }
    case 'sum':
      refuseIf(!numeric.includes(value.kind), value.kind, aggregate)
      return { sql: text, kind: value.kind, isExact: false }
    case 'avg':
      refuseIf(!numeric.includes(value.kind), value.kind, aggregate)
      return { sql: text, kind: 'numeric', isExact: false }
  }
}

const numeric: readonly ValueKind[] = ['integer', 'real', 'numeric', 'any']
const unordered: readonly ValueKind[] = ['boolean', 'json', 'document']

function refuseIf(isUnknown: boolean, kind: ValueKind, aggregate: AggregateFunction): void {
  if (!isUnknown) return
  const type = typeNames[kind] ?? kind
  refuse(
    '42883',
    `function ${aggregate}(${type}) does not exist`,
    'No function matches the given name and argument types. You might need to add explicit type casts.',
  )
}

const typeNames: Readonly<Partial<Record<ValueKind, string>>> = {
  blob: 'bytea',
  document: 'jsonb',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
}
