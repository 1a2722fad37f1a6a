/**
 * Registers on a connection what SQLite lacks: matching without case beyond ASCII, regular
 * expressions, containment, strict casts, and two forms of the body. Runs inside a SQLite process,
 * so that a pattern that never ends is killed with it.
 */
import type Database from 'better-sqlite3'
import type { Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { castTarget } from '../../values/cast-target.ts'
import { castValue } from '../../values/cast-value.ts'
import { csvRow } from '../../values/csv-row.ts'
import { type ContainmentOperand, relates } from '../../values/json-containment.ts'
import { jsonSortKey } from '../../values/json-sort-key.ts'
import { likeToRegExp } from '../../values/like-pattern.ts'
import { compilePosixPattern } from '../../values/posix-pattern.ts'
import { storedDay, storedInstant, storedTime } from '../../values/stored-moment.ts'
import { stripJsonNulls } from '../../values/strip-json-nulls.ts'
import type { TypedValue } from '../../values/typed-value.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type ValueKind, valueKinds } from '../../values/value-kind.ts'
import { type SqliteParam, toSqliteParam } from '../wire/bound-values.ts'

/** Ends a statement with an error in PostgreSQL's terms. */
export class SqliteValueError extends Error {
  readonly sqlState: string
  readonly details: string | null
  readonly hint: string | null

  constructor({
    sqlState,
    message,
    details = null,
    hint = null,
  }: Pick<DatabaseFailure, 'sqlState' | 'message'> & Partial<DatabaseFailure>) {
    super(message)
    this.name = 'SqliteValueError'
    this.sqlState = sqlState
    this.details = details
    this.hint = hint
  }
}

/** Throws  SqliteValueError */
export function valueOrThrow<T>(result: Result<T, DatabaseFailure>): T {
  if (result.ok) return result.value
  throw new SqliteValueError(result.error)
}

export function registerFunctions(db: Database.Database): void {
  const ilike = memoize(likeToRegExp)
  const matching = memoize((pattern) => valueOrThrow(compilePosixPattern(pattern, false)))
  const matchingAnyCase = memoize((pattern) => valueOrThrow(compilePosixPattern(pattern, true)))
  const operandOf = memoize((text: string) => JSON.parse(text) as ContainmentOperand)
  const targetOf = memoize((type) => valueOrThrow(castTarget(type)))

  const test = (find: (pattern: string) => RegExp) => (value: unknown, pattern: unknown) => {
    if (value === null || pattern === null) return null
    try {
      return find(String(pattern)).test(String(value)) ? 1 : 0
    } catch (failure) {
      // JavaScript's own limits, met when an expression is compiled or first used
      throw failure instanceof SqliteValueError
        ? failure
        : new SqliteValueError(valueFailure('54000', 'pattern too complex'))
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
    const kind = kindNamed(source)
    const cast = castValue(targetOf(String(type)), kind, typedValue(kind, value as SqliteParam))
    return toSqliteParam(valueOrThrow(cast))
  })
  db.function('dbrest_json_key', own, (json: unknown) =>
    typeof json === 'string' ? jsonSortKey(json) : null,
  )
  const moments = { ...own, safeIntegers: true }
  db.function('dbrest_instant', moments, (value: unknown) => storedInstant(value))
  db.function('dbrest_day', moments, (value: unknown) => storedDay(value))
  db.function('dbrest_time', moments, (value: unknown) => storedTime(value))
  // for functions of the registry; never computed ahead of the row that asks
  db.function('raise_error', { directOnly: true, varargs: true }, raiseError)
  // the REGEXP operator of SQL, which SQLite leaves to applications and schemas may use
  db.function('regexp', { deterministic: true }, (pattern: unknown, value: unknown) =>
    test(matching)(value, pattern),
  )
}

/** `raise_error(state, message, details, hint)`: the last two may be left out. */
function raiseError(...[state, message, details, hint]: readonly unknown[]): never {
  const textOrNull = (value: unknown) => (value == null ? null : String(value))
  const sqlState = textOrNull(state) ?? 'P0001'
  throw new SqliteValueError({
    // five characters, as PostgreSQL's have, or PostgREST's own word
    sqlState: /^(?:[0-9A-Z]{5})$/.test(sqlState) ? sqlState : 'P0001',
    message: textOrNull(message) ?? '',
    details: textOrNull(details),
    hint: textOrNull(hint),
  })
}

function kindNamed(name: unknown): ValueKind {
  return valueKinds.find((kind) => kind === name) ?? 'any'
}

/** Booleans are stored as numbers; what else a boolean column holds stays what it is. */
function typedValue(kind: ValueKind, value: SqliteParam): TypedValue {
  return kind === 'boolean' && (value === 1n || value === 0n) ? value === 1n : value
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
