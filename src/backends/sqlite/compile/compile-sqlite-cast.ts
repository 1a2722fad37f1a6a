/**
 * Casts in a select. What SQLite casts as PostgreSQL does is left to SQLite, the rest goes through
 * our function, which refuses what is no value of the type.
 */
import { constant, raw, sql } from '../../sql/sql-text.ts'
import { type CastTarget, castTarget } from '../../values/cast-target.ts'
import { refuse } from './compile-refusal.ts'
import { exact, type SqliteValue, toText } from './sqlite-value.ts'

/** `type` as the client sent it. */
export function compileCast(value: SqliteValue, type: string): SqliteValue {
  const target = castTarget(type)
  if (target === null) return refuse('42704', `type "${type.trim()}" does not exist`)
  return compileCastTo(value, type, target)
}

function compileCastTo(value: SqliteValue, type: string, target: CastTarget): SqliteValue {
  const { kind } = target
  if (kind === 'text' && target.modifiers.length === 0) return exact('text', toText(value))
  if (kind === value.kind && kind !== 'integer' && target.modifiers.length === 0) return value
  if (kind === 'json' && value.kind === 'document') return value
  // the kind is one of our own words
  const source = raw(`'${value.kind === 'document' ? 'json' : value.kind}'`)
  const cast = sql`dbrest_cast(${constant(type)}, ${source}, ${value.sql})`
  if (kind === 'integer' && value.kind === 'integer') {
    // most are in range, and need no call
    const [least, most] = bounds[target.name] ?? bounds.bigint
    return exact(
      kind,
      sql`iif(typeof(${value.sql}) = 'integer' AND ${value.sql} BETWEEN ${raw(least)} AND ${raw(most)}, ${value.sql}, ${cast})`,
    )
  }
  return exact(kind === 'json' ? 'document' : kind, cast)
}

const bounds: Readonly<Record<string, readonly [string, string]>> & {
  readonly bigint: readonly [string, string]
} = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
}
