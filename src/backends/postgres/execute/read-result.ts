/**
 * The answers of a request's statements → an ExecutionResult. The body stays the bytes that
 * PostgreSQL sent.
 */
import type { DatabasePlan } from '../../../plan/plan.ts'
import { type ExecutionResult, noResult } from '../../backend.ts'
import { parseArrayLiteral } from '../../values/array-literal.ts'
import type { DataRow, StepResult } from '../protocol/postgres-connection.ts'

/** Columns of a main statement's one row; `compile-postgres.ts` says which there are. */
const columns = {
  read: { total: 0, page: 1, header: null, body: 2, headers: 3, status: 4, inserted: 5 },
  write: { total: 0, page: 1, header: 2, body: 3, headers: 4, status: 5, inserted: 6 },
} as const

/** `explainCount`: the answer to the statement for planned and estimated counts. */
export function readResult(
  plan: DatabasePlan,
  main: StepResult,
  explainCount: StepResult | null,
): ExecutionResult {
  if (plan.media.type.kind === 'plan') {
    const lines = main.rows.map((row) => `${row[0]?.toString('utf8') ?? ''}\n`)
    return { ...noResult, body: lines.join('') }
  }
  const [row] = main.rows
  if (row === undefined) return noResult
  const at = plan.kind === 'mutate' ? columns.write : columns.read
  const body = row[at.body] ?? null
  return {
    body: (body === null ? null : main.lent?.narrowedTo(body)) ?? body ?? '',
    rows: wholeNumber(row, at.page) ?? 0,
    total: totalRows(plan, wholeNumber(row, at.total), explainCount),
    location: at.header === null ? [] : locationPairs(text(row, at.header)),
    inserted: wholeNumber(row, at.inserted),
    responseHeaders: text(row, at.headers),
    responseStatus: text(row, at.status),
  }
}

function text(row: DataRow, at: number): string | null {
  return row[at]?.toString('utf8') ?? null
}

function wholeNumber(row: DataRow, at: number): number | null {
  const digits = text(row, at)
  return digits === null || digits === '' ? null : Number(digits)
}

/** Rule    PostgREST docs: pagination_count (Planned Count, Estimated Count) */
function totalRows(
  plan: DatabasePlan,
  counted: number | null,
  explainCount: StepResult | null,
): number | null {
  if (plan.kind !== 'read' || explainCount === null) return counted
  const planned = plannedRows(explainCount)
  if (plan.count === 'planned') return planned
  if (plan.count !== 'estimated' || counted === null) return counted
  // exact as far as it was counted; beyond, whichever says more
  return plan.maxRows === null || counted > plan.maxRows ? Math.max(counted, planned ?? 0) : counted
}

/** The root's `Plan Rows` of an EXPLAIN (FORMAT JSON). */
function plannedRows(explained: StepResult): number | null {
  const json = explained.rows.map((row) => text(row, 0) ?? '').join('')
  const found = /"Plan Rows": *(\d+)/.exec(json)
  return found === null ? null : Number(found[1])
}

/** Shape   `{id,eq.1,name,"eq.a b"}` → [['id', 'eq.1'], ['name', 'eq.a b']] */
function locationPairs(array: string | null): readonly (readonly [string, string])[] {
  const parts = parseArrayLiteral(array ?? '{}')
  return (parts.ok ? parts.value : []).flatMap((column, at, all) => {
    const condition = all[at + 1] ?? null
    return at % 2 === 1 || column === null || condition === null
      ? []
      : [[column, condition] as const]
  })
}
