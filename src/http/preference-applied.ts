/**
 * Which of the request's preferences were honoured → `Preference-Applied`.
 *
 * Rule  PostgREST docs: preferences
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { Header } from '../core/http-exchange.ts'
import { maxAffectedOf } from '../plan/judge-rows.ts'
import type { DatabasePlan } from '../plan/plan.ts'

/** Null when nothing was applied. The order of the list is PostgREST's. */
export function preferenceApplied(plan: DatabasePlan, request: ApiRequest): Header | null {
  const { preferences } = request
  const isInsert = plan.kind === 'mutate' && plan.mutation === 'insert'
  const isUpdate = plan.kind === 'mutate' && plan.mutation === 'update'
  const applied: string[] = []

  if (isInsert && preferences.resolution !== undefined) {
    const hasTarget = plan.primaryKey.length > 0 || request.onConflict !== undefined
    if (hasTarget) applied.push(`resolution=${preferences.resolution}`)
  }
  if ((isInsert || isUpdate) && preferences.missing !== undefined) {
    applied.push(`missing=${preferences.missing}`)
  }
  if (plan.kind === 'mutate' && preferences.return !== undefined) {
    applied.push(`return=${preferences.return}`)
  }
  if (preferences.count !== undefined) applied.push(`count=${preferences.count}`)
  if (preferences.tx !== undefined) applied.push(`tx=${preferences.tx}`)
  if (preferences.handling !== undefined) applied.push(`handling=${preferences.handling}`)
  if (preferences.timezone !== undefined) applied.push(`timezone=${preferences.timezone}`)
  const maxAffected = maxAffectedOf(plan, preferences)
  if (maxAffected !== null) applied.push(`max-affected=${maxAffected}`)
  return applied.length === 0 ? null : ['Preference-Applied', applied.join(', ')]
}
