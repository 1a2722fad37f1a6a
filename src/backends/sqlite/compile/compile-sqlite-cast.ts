/**
 * Casts in a select. What SQLite casts as PostgreSQL does is left to SQLite, the rest goes through
 * our function, which refuses what is no value of the type.
 */
import { constant, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { type CastTarget, castTarget, integerBits } from '../../values/cast-target.ts'
import { refuseCast } from '../../values/type-rules.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import {
  exact,
  type SqliteKind,
  type SqliteValue,
  toText,
  typeNameOf,
  valueKindOf,
} from './sqlite-value.ts'

/** `type` as the client sent it. */
export function compileCast(value: SqliteValue, type: string): SqliteValue {
  const target = castTarget(type)
  return target.ok ? compileCastTo(value, type, target.value) : refuse(target.error)
}

const zoned = 'timestamp with time zone'
/** Times here have no zone to be shown. */
const zonedTime = 'time with time zone'

function compileCastTo(value: SqliteValue, type: string, target: CastTarget): SqliteValue {
  const { kind } = target
  // a type is more than its kind: what the result may be cast to depends on it
  const cast = (made: SqliteKind, text: SqlText) => ({
    ...exact(made, text),
    typeName: target.type,
  })
  const refusal = refuseCast(typeNameOf(value), target)
  if (refusal !== null) refuse(refusal)
  if (target.type === zonedTime) notImplemented(`casts to ${zonedTime}`)
  if (kind === 'text' && target.modifiers.length === 0) return cast('text', toText(value))
  const isZoned = target.name === zoned
  const isSame = kind === value.kind && isZoned === (typeNameOf(value) === zoned)
  if (isSame && kind !== 'integer' && target.modifiers.length === 0) {
    return { ...value, typeName: target.type }
  }
  if (kind === 'json' && value.kind === 'document') return { ...value, typeName: target.type }
  // the kind is one of our own words
  const source = raw(`'${valueKindOf(value)}'`)
  const called = sql`dbrest_cast(${constant(type)}, ${source}, ${value.sql})`
  if (kind === 'integer' && value.kind === 'integer') {
    // most are in range, and need no call
    const end = 2n ** BigInt(integerBits(target) - 1)
    const range = raw(`${-end} AND ${end - 1n}`)
    return cast(
      kind,
      sql`iif(typeof(${value.sql}) = 'integer' AND ${value.sql} BETWEEN ${range}, ${value.sql}, ${called})`,
    )
  }
  return cast(kind === 'json' ? 'document' : kind, called)
}
