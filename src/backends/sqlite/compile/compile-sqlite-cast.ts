/**
 * Casts in a select. What SQLite casts as PostgreSQL does is left to SQLite, the rest goes through
 * our function, which refuses what is no value of the type.
 */
import { constant, raw, sql } from '../../sql/sql-text.ts'
import { type CastTarget, castTarget, integerBits } from '../../values/cast-target.ts'
import { refuseCast } from '../../values/type-rules.ts'
import { refuse } from './compile-refusal.ts'
import { exact, type SqliteValue, toText, typeNameOf, valueKindOf } from './sqlite-value.ts'

/** `type` as the client sent it. */
export function compileCast(value: SqliteValue, type: string): SqliteValue {
  const target = castTarget(type)
  return target.ok ? compileCastTo(value, type, target.value) : refuse(target.error)
}

const zoned = 'timestamp with time zone'

function compileCastTo(value: SqliteValue, type: string, target: CastTarget): SqliteValue {
  const { kind } = target
  const refusal = refuseCast(typeNameOf(value), target)
  if (refusal !== null) refuse(refusal)
  if (kind === 'text' && target.modifiers.length === 0) return exact('text', toText(value))
  const isZoned = target.name === zoned
  const isSame = kind === value.kind && isZoned === (typeNameOf(value) === zoned)
  if (isSame && kind !== 'integer' && target.modifiers.length === 0) return value
  if (kind === 'json' && value.kind === 'document') return value
  // the kind is one of our own words
  const source = raw(`'${valueKindOf(value)}'`)
  const cast = sql`dbrest_cast(${constant(type)}, ${source}, ${value.sql})`
  if (kind === 'integer' && value.kind === 'integer') {
    // most are in range, and need no call
    const end = 2n ** BigInt(integerBits(target) - 1)
    const range = raw(`${-end} AND ${end - 1n}`)
    return exact(
      kind,
      sql`iif(typeof(${value.sql}) = 'integer' AND ${value.sql} BETWEEN ${range}, ${value.sql}, ${cast})`,
    )
  }
  return exact(kind === 'json' ? 'document' : kind, cast)
}
