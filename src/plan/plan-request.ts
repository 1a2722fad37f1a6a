/**
 * Binds a request to one snapshot: the entry of this folder. Synchronous and pure; what comes out
 * is neutral between engines and holds no values, so it serves every request of the same shape.
 */
import type { ApiRequest } from '../api/api-request.ts'
import { assertNever } from '../core/assert-never.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { findRelation } from './find-relation.ts'
import { checkInspectMedia } from './negotiate-media.ts'
import type { InfoSubject, UnruledPlan } from './plan.ts'
import { planCall, viaOf } from './plan-call.ts'
import { planMutate } from './plan-mutate.ts'
import type { PlanOptions } from './plan-options.ts'
import { planRead } from './plan-read.ts'

/**
 * Errors  those of PGRST1xx that need a schema, and all of PGRST2xx
 */
export function planRequest(
  request: ApiRequest,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
): Result<UnruledPlan, ApiError> {
  const { action } = request
  switch (action.kind) {
    case 'read':
      return planRead(request, action.relation, action.headersOnly, snapshot, options)
    case 'mutate':
      return planMutate(request, action.relation, action.mutation, snapshot, options)
    case 'call':
      return planCall(request, action.routine, viaOf(action), snapshot, options)
    case 'inspect': {
      const refused = checkInspectMedia(request.accept)
      if (refused !== null) return err(refused)
      return ok({ kind: 'inspect', schema: action.schema, headersOnly: action.headersOnly })
    }
    case 'relation-info': {
      const relation = findRelation(snapshot, action.relation)
      return relation.ok ? ok(info({ kind: 'relation', relation: relation.value })) : relation
    }
    case 'routine-info': {
      const call = planCall(request, action.routine, viaOf(action), snapshot, options)
      return call.ok ? ok(info({ kind: 'routine', routine: call.value.routine })) : call
    }
    case 'schema-info':
      return ok(info({ kind: 'root' }))
    default:
      return assertNever(action)
  }
}

function info(subject: InfoSubject): UnruledPlan {
  return { kind: 'info', subject }
}
