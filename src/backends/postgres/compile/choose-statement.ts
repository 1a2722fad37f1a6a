/**
 * A compiled statement → the text that serves one request: with its limits as placeholders, or with
 * the numbers themselves where requests often ask for the same ones.
 *
 * PostgreSQL keeps the plan of a prepared statement only if it looks no dearer than one made for the
 * values. Of a limit that it does not know it assumes a tenth of the rows, which looks dear, so it
 * plans each execution anew: twice the time for small reads. A number in the text it knows.
 */
import type { ApiRequest } from '../../../api/api-request.ts'
import type { PlanWindow } from '../../../plan/plan.ts'
import { limitOf } from '../../../plan/request-values.ts'
import type { SqlText } from '../../sql/sql-text.ts'
import { type PostgresStatement, toPostgresStatement } from './postgres-statement.ts'

/** Numbers that are counted, of one statement: as many texts at most, each prepared on each connection. */
const maxCounted = 8

/** From this use on a number stands in the text. */
const commonFrom = 3

/** The plan of a larger limit differs little from that of none. */
const maxLimit = 10_000

export type StatementChoice = (request: ApiRequest) => PostgresStatement

/** @param general the statement of `text` with placeholders only */
export function chooseStatement(text: SqlText, general: PostgresStatement): StatementChoice {
  const windows = [
    ...new Set(general.params.flatMap((ref) => (ref.kind === 'limit' ? [ref.window] : []))),
  ]
  return windows.length === 0 ? always(general) : chooseByLimits(text, general, windows)
}

/** Apart, so that the text is not kept with it. */
function always(statement: PostgresStatement): StatementChoice {
  return () => statement
}

function chooseByLimits(
  text: SqlText,
  general: PostgresStatement,
  windows: readonly PlanWindow[],
): StatementChoice {
  const counted = new Map<string, Counted>()

  function withNumbers(limits: readonly number[]): PostgresStatement {
    const numbers = new Map(windows.map((window, at) => [window, limits[at] ?? null]))
    return toPostgresStatement(text, general.resultFormats, (ref) =>
      ref.kind === 'limit' ? (numbers.get(ref.window) ?? null) : null,
    )
  }

  return (request) => {
    const limits = windows.map((window) => limitOf(window, request))
    if (!limits.every(isSmall)) return general
    const key = limits.join()
    const known = counted.get(key)
    if (known === undefined) {
      if (counted.size < maxCounted) counted.set(key, { uses: 1, statement: null })
      else forget(counted)
      return general
    }
    known.uses += 1
    if (known.uses >= commonFrom) known.statement ??= withNumbers(limits)
    return known.statement ?? general
  }
}

interface Counted {
  uses: number
  /** Null: not common yet. */
  statement: PostgresStatement | null
}

function isSmall(limit: number | null): limit is number {
  return limit !== null && Number.isInteger(limit) && limit >= 0 && limit <= maxLimit
}

/**
 * What is not counted takes one use from each that is, and a place only from what has none left: so
 * those asked for often are counted, and who goes through all numbers changes nothing (Misra and
 * Gries, 1982).
 */
function forget(counted: Map<string, Counted>): void {
  for (const [key, each] of counted) {
    each.uses -= 1
    if (each.uses === 0) counted.delete(key)
  }
}
