/**
 * How many rows a request may answer or touch, and whether their number has to be known before the
 * transaction may end. An engine counts the rows and asks here; it undoes a refused write by its
 * own means.
 *
 * Rule    PostgREST docs: resource_representation (Singular or Plural); preferences (max-affected);
 *         tables_views (PUT)
 */
import type { Preferences } from '../api/api-request.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { DatabasePlan } from './plan.ts'
import { isReadOnly } from './transaction-rules.ts'

type RowPreferences = Pick<Preferences, 'handling' | 'maxAffected'>

type RowRule =
  | { readonly kind: 'put' }
  | { readonly kind: 'singular' }
  | { readonly kind: 'max-affected'; readonly most: number }

/**
 * Why an answer or a write of `rows` rows is refused; null when nothing forbids it.
 *
 * Errors  put-matching-pk, not-singular, max-affected: the first rule that is broken
 */
export function judgeRows(
  plan: DatabasePlan<unknown>,
  preferences: RowPreferences,
  rows: number,
): ApiError | null {
  for (const rule of rowRules(plan, preferences)) {
    const refusal = applyRule(rule, rows)
    if (refusal !== null) return refusal
  }
  return null
}

/** The same as numbers, for an engine that undoes a write where it runs. */
export function rowBounds(
  plan: DatabasePlan,
  preferences: RowPreferences,
): { readonly fewest: number; readonly most: number } {
  let [fewest, most] = [0, Number.POSITIVE_INFINITY]
  for (const rule of rowRules(plan, preferences)) {
    if (rule.kind !== 'max-affected') fewest = 1
    most = Math.min(most, rule.kind === 'max-affected' ? rule.most : 1)
  }
  return { fewest, most }
}

/**
 * The transaction may end only when `judgeRows` has passed the rows: nothing of a refused write may
 * stay. Reads leave nothing behind, so that theirs can end at once.
 */
export function isJudgedBeforeEnd(
  plan: DatabasePlan<unknown>,
  preferences: RowPreferences,
): boolean {
  return !isReadOnly(plan) && rowRules(plan, preferences).length > 0
}

/**
 * How many rows a plan may touch; null when nothing was asked, or not strictly, or where it does
 * not apply (reads, inserts and PUT).
 */
export function maxAffectedOf(
  plan: DatabasePlan<unknown>,
  preferences: RowPreferences,
): number | null {
  const { handling, maxAffected } = preferences
  if (handling !== 'strict' || maxAffected === undefined) return null
  switch (plan.kind) {
    case 'read':
      return null
    case 'mutate':
      return plan.mutation === 'update' || plan.mutation === 'delete' ? maxAffected : null
    case 'call':
      return maxAffected
  }
}

function rowRules(plan: DatabasePlan<unknown>, preferences: RowPreferences): readonly RowRule[] {
  const { kind: wanted } = plan.media.type
  // an execution plan has no rows to judge
  if (wanted === 'plan') return []
  // a PUT has its own words for more or less than the one row that it names
  if (plan.kind === 'mutate' && plan.mutation === 'upsert') return [{ kind: 'put' }]
  const most = maxAffectedOf(plan, preferences)
  return [
    ...(wanted === 'singular' ? [{ kind: 'singular' } as const] : []),
    ...(most === null ? [] : [{ kind: 'max-affected', most } as const]),
  ]
}

function applyRule(rule: RowRule, rows: number): ApiError | null {
  switch (rule.kind) {
    case 'put':
      return rows === 1 ? null : { kind: 'put-matching-pk' }
    case 'singular':
      return rows === 1 ? null : { kind: 'not-singular', rows }
    case 'max-affected':
      return rows <= rule.most ? null : { kind: 'max-affected', rows }
  }
}
