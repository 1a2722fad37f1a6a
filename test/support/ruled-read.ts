/**
 * A read as a role may do it: planned on a described snapshot, under a `policy-registry`.
 */
import { bindRegistry } from '../../src/access/access-rules.ts'
import { applyRules } from '../../src/access/apply-rules.ts'
import { withPolicyValues } from '../../src/access/policy-values.ts'
import { readPolicyRegistry } from '../../src/access/read-policy-registry.ts'
import type { ApiRequest } from '../../src/api/api-request.ts'
import type { ReadPlan } from '../../src/plan/plan.ts'
import { planRequest } from '../../src/plan/plan-request.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { defaultPlanOptions, type RequestParts, requestOf } from './plan-of.ts'

export interface RuledRead {
  readonly plan: ReadPlan
  /** With the values that its policies compare with. */
  readonly request: ApiRequest
}

/** `registry`: as in `policy-registry`. `path`: `/films?select=title`, asked by the role `clerk`. */
export function ruledRead(
  snapshot: SchemaSnapshot,
  registry: unknown,
  path: string,
  claims: unknown = {},
  parts: RequestParts = {},
): RuledRead {
  const read = readPolicyRegistry(JSON.stringify(registry))
  if (!read.ok) throw new Error(read.error.join())
  const rules = bindRegistry(read.value, snapshot)
  const access = rules.role('clerk')
  if (access === null || rules.unbound.length > 0) throw new Error(JSON.stringify(rules.unbound))
  const request = requestOf(snapshot, `GET ${path}`, parts)
  const planned = planRequest(request, snapshot, defaultPlanOptions)
  if (!planned.ok) throw new Error(JSON.stringify(planned.error))
  const ruled = applyRules(planned.value, access, snapshot, true)
  if (!ruled.ok) throw new Error(JSON.stringify(ruled.error))
  const { plan, operands } = ruled.value
  if (plan.kind !== 'read') throw new Error(`not a read: ${plan.kind}`)
  const claimant = { role: 'clerk', claims: JSON.stringify(claims) }
  return { plan, request: withPolicyValues(request, operands, claimant) }
}
