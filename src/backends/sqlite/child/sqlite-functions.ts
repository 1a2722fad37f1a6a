/**
 * Registers on a connection what SQLite lacks: matching without case beyond ASCII, regular
 * expressions, containment, strict casts, and two forms of the body. Runs inside a SQLite process,
 * so that a pattern that never ends is killed with it.
 */
import type Database from 'better-sqlite3'
import { castTarget } from '../../values/cast-target.ts'
import { castValue } from '../../values/cast-value.ts'
import { csvRow } from '../../values/csv-row.ts'
import { type ContainmentOperand, relates } from '../../values/json-containment.ts'
import { likeToRegExp } from '../../values/like-pattern.ts'
import { compilePosixPattern } from '../../values/posix-pattern.ts'
import { stripJsonNulls } from '../../values/strip-json-nulls.ts'
import { type ValueKind, valueKinds } from '../../values/value-kind.ts'
import type { SqliteParam } from '../wire/sqlite-messages.ts'

/** Ends a statement with an error in PostgreSQL's terms. */
export class SqliteValueError extends Error {
  readonly sqlState: string

  constructor(sqlState: string, message: string) {
    super(message)
    this.name = 'SqliteValueError'
    this.sqlState = sqlState
  }
}

export function registerFunctions(db: Database.Database): void {
  const ilike = memoize(likeToRegExp)
  const matching = memoize((pattern: string) => regExpOrFail(pattern, false))
  const matchingAnyCase = memoize((pattern: string) => regExpOrFail(pattern, true))
  const operandOf = memoize((text: string) => JSON.parse(text) as ContainmentOperand)
  const targetOf = memoize(castTarget)

  const test = (find: (pattern: string) => RegExp) => (value: unknown, pattern: unknown) => {
    if (value === null || pattern === null) return null
    try {
      return find(String(pattern)).test(String(value)) ? 1 : 0
    } catch (failure) {
      // JavaScript's own limits, met when an expression is compiled or first used
      throw failure instanceof SqliteValueError
        ? failure
        : new SqliteValueError('54000', 'pattern too complex')
    }
  }
  const contain = (operator: 'cs' | 'cd' | 'ov') => (document: unknown, operand: unknown) => {
    if (typeof document !== 'string' || typeof operand !== 'string') return null
    return relates(operator, JSON.parse(document), operandOf(operand)) ? 1 : 0
  }

  // only our own statements may call these, no view and no trigger
  const own = { deterministic: true, directOnly: true } as const
  db.function('dbrest_ilike', own, test(ilike))
  db.function('dbrest_match', own, test(matching))
  db.function('dbrest_imatch', own, test(matchingAnyCase))
  db.function('dbrest_cs', own, contain('cs'))
  db.function('dbrest_cd', own, contain('cd'))
  db.function('dbrest_ov', own, contain('ov'))
  db.function('dbrest_csv', { ...own, varargs: true }, (...fields: unknown[]) => csvRow(fields))
  db.function('dbrest_strip_nulls', own, (json: unknown) => stripJsonNulls(String(json)))
  db.function('dbrest_cast', { ...own, safeIntegers: true }, (type, source, value) => {
    const target = targetOf(String(type))
    if (target === null) throw new Error(`unknown cast: ${String(type)}`)
    const cast = castValue(target, kindNamed(source), value as SqliteParam)
    if (!cast.ok) throw new SqliteValueError(cast.error.sqlState, cast.error.message)
    return cast.value
  })
  // the REGEXP operator of SQL, which SQLite leaves to applications and schemas may use
  db.function('regexp', { deterministic: true }, (pattern: unknown, value: unknown) =>
    test(matching)(value, pattern),
  )
}

function kindNamed(name: unknown): ValueKind {
  return valueKinds.find((kind) => kind === name) ?? 'any'
}

function regExpOrFail(pattern: string, ignoresCase: boolean): RegExp {
  const compiled = compilePosixPattern(pattern, ignoresCase)
  if (compiled === null) {
    throw new SqliteValueError('2201B', `invalid regular expression: ${pattern}`)
  }
  return compiled
}

/** A statement applies few different patterns to many rows. */
function memoize<T>(compute: (text: string) => T): (text: string) => T {
  const bound = 100
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const value = compute(text)
    if (known.size >= bound) known.clear()
    known.set(text, value)
    return value
  }
}
