/**
 * Plans a request line, for tests: parsed by the real parser, planned on a described snapshot.
 */
import { openPlan } from '../../src/access/apply-rules.ts'
import type { ApiRequest } from '../../src/api/api-request.ts'
import { parseRequest } from '../../src/api/parse-request.ts'
import { ok, type Result } from '../../src/core/result.ts'
import type { ApiError } from '../../src/errors/api-error.ts'
import type { CallPlan, MutatePlan, Plan, ReadNode, ReadPlan } from '../../src/plan/plan.ts'
import type { PlanOptions } from '../../src/plan/plan-options.ts'
import { planRequest } from '../../src/plan/plan-request.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'

export interface RequestParts {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly options?: Partial<PlanOptions>
}

export const defaultPlanOptions: PlanOptions = {
  given: new Set(),
  etagEnabled: false,
  dbMaxRows: null,
  dbAggregatesEnabled: true,
  dbPlanEnabled: true,
  urlUseLegacyTargetNames: true,
}

/** `line`: `"GET /films?select=id"`. */
export function requestOf(
  snapshot: SchemaSnapshot,
  line: string,
  { headers = {}, body = '' }: RequestParts = {},
): ApiRequest {
  const [method = '', target = ''] = line.split(/ (.*)/s)
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const parsed = parseRequest(
    {
      method,
      path,
      query,
      headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      body: new TextEncoder().encode(body),
    },
    {
      dbSchemas: snapshot.schemas,
      dbRootSpec: null,
      openapiMode: 'follow-privileges',
      dbTxEnd: 'commit-allow-override',
    },
  )
  if (!parsed.ok) throw new Error(`not parsed: ${JSON.stringify(parsed.error)}`)
  return parsed.value
}

export function planOf(
  snapshot: SchemaSnapshot,
  line: string,
  parts: RequestParts = {},
): Result<Plan, ApiError> {
  const options = { ...defaultPlanOptions, ...parts.options }
  const plan = planRequest(requestOf(snapshot, line, parts), snapshot, options)
  return plan.ok ? ok(openPlan(plan.value, snapshot).plan) : plan
}

export function readOf(snapshot: SchemaSnapshot, line: string, parts?: RequestParts): ReadPlan {
  const plan = planned(snapshot, line, parts)
  if (plan.kind !== 'read') throw new Error(`not a read: ${plan.kind}`)
  return plan
}

export function mutateOf(snapshot: SchemaSnapshot, line: string, parts?: RequestParts): MutatePlan {
  const plan = planned(snapshot, line, parts)
  if (plan.kind !== 'mutate') throw new Error(`not a write: ${plan.kind}`)
  return plan
}

export function callOf(snapshot: SchemaSnapshot, line: string, parts?: RequestParts): CallPlan {
  const plan = planned(snapshot, line, parts)
  if (plan.kind !== 'call') throw new Error(`not a call: ${plan.kind}`)
  return plan
}

export function failureOf(snapshot: SchemaSnapshot, line: string, parts?: RequestParts): ApiError {
  const result = planOf(snapshot, line, parts)
  if (result.ok) throw new Error('planned')
  return result.error
}

/** The node of that name below the root, by the names of the answer: `"director.films"`. */
export function nodeAt(root: ReadNode, path: string): ReadNode {
  let node = root
  for (const name of path.split('.')) {
    const found = node.children.find((child) => (child.alias ?? child.name) === name)
    if (found === undefined) throw new Error(`no node ${name}`)
    node = found
  }
  return node
}

function planned(snapshot: SchemaSnapshot, line: string, parts?: RequestParts): Plan {
  const result = planOf(snapshot, line, parts)
  if (!result.ok) throw new Error(`not planned: ${JSON.stringify(result.error)}`)
  return result.value
}
