/**
 * The journey of one request, stage by stage: authenticate → 503 without a schema → read the body →
 * parse → plan → execute → render. The order is visible on the wire, so it is fixed here. What
 * happens when the schema moves under a request is try-while-stale.ts's.
 *
 * Rule  v16.2: App (postgrest, postgrestResponse)
 */

import type { PlanCache } from '../access/plan-cache.ts'
import { withPolicyValues } from '../access/policy-values.ts'
import { type ReadableDetails, withheldDetails } from '../access/withhold-details.ts'
import type { ApiRequest } from '../api/api-request.ts'
import { firstHeader, parseRequestInSteps, type RequestHead } from '../api/parse-request.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { Backend, ComparedRead } from '../backends/backend.ts'
import type { Generation } from '../cache/generation-store.ts'
import { assertNever } from '../core/assert-never.ts'
import type { CancelSignal } from '../core/cancel-signal.ts'
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import type { Answer, ReadBody } from '../core/http-exchange.ts'
import { oncePerObject } from '../core/once-per-object.ts'
import { nameKey } from '../core/qualified-name.ts'
import { ok, type Result } from '../core/result.ts'
import { runAtOnce, runInSlices } from '../core/run-in-slices.ts'
import { type ApiError, namesSomethingUnknown } from '../errors/api-error.ts'
import type { Observe } from '../observe/observation.ts'
import { noticeMissingOperator } from '../plan/notice-slips.ts'
import type { DatabasePlan, InspectPlan, MutatePlan } from '../plan/plan.ts'
import { askedComparison, comparedRead } from './entity-tags.ts'
import { contextOf, isLoaded, type Journey } from './journey.ts'
import { keepHeads } from './keep-heads.ts'
import { warnOfLegacyNames } from './legacy-target-names.ts'
import { answered, createRenderer } from './render-outcome.ts'
import type { RequestLimit } from './request-limit.ts'
import { respondToInfo } from './respond.ts'
import { createStageTimer } from './server-timing.ts'
import { type Attempt, type StaleDeps, tryWhileStale } from './try-while-stale.ts'

export interface RequestDeps extends Omit<StaleDeps, 'proveSchema'> {
  readonly backend: Pick<Backend, 'execute' | 'inspect' | 'abilities' | 'proveSchema'>
  readonly authenticator: Authenticator
  readonly planCache: PlanCache
  readonly observe: Observe
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

export interface Handled {
  readonly answer: Answer
  /** The role, for the access log; null where the request has none. */
  readonly role: string | null
}

export type RequestHandler = (
  head: RequestHead,
  readBody: ReadBody,
  generation: Generation,
  signal: CancelSignal,
  /** Null: nobody counts what clients ask for. */
  limit?: RequestLimit | null,
) => Promise<Handled>

/** Nobody receives it; the access log has the status that proxies log for clients that leave. */
const clientGone: Answer = { status: 499, headers: [], body: null }

/** A body of this length is read without a pause. */
const atOnceBytes = 64 * 1024

export function createRequestHandler(deps: RequestDeps): RequestHandler {
  const { backend } = deps
  const render = createRenderer(deps)
  const headsOf = oncePerObject((_: Generation) => keepHeads())
  const { proveSchema } = backend
  const staleDeps = proveSchema === undefined ? deps : { ...deps, proveSchema }

  async function handle(
    head: RequestHead,
    readBody: ReadBody,
    generation: Generation,
    signal: CancelSignal,
    limit: RequestLimit | null = null,
  ): Promise<Handled> {
    const { config } = generation
    const timer = config.serverTimingEnabled ? createStageTimer(deps.now) : null

    const authorization = firstHeader(head, 'authorization')
    const identity = await deps.authenticator.authenticate(
      authorization,
      config,
      backend.abilities.grades.roles === 'native' || config.policyRegistry !== null,
    )
    timer?.mark('jwt')
    const excess =
      limit === null ? null : await limit.pass(identity.ok ? identity.value.user : undefined)
    if (excess !== null) return { answer: render.error(excess, config), role: null }
    if (!identity.ok) return { answer: render.error(identity.error, config), role: null }
    const role = identity.value.role === '' ? null : identity.value.role

    if (!isLoaded(generation)) {
      return { answer: render.error({ kind: 'cache-not-loaded' }, config), role }
    }

    const body = await readBody(config.maxRequestBody)
    timer?.skip()
    if (!body.ok) return { answer: render.error(body.error, config), role }

    // where a spread comes first, V8 adds what follows slowly
    const raw = { body: body.value, ...head }
    const journey = { raw, identity: identity.value, generation, signal, timer }
    const outcome = await tryWhileStale(staleDeps, journey, attempt)
    if (outcome.kind === 'answered') return { answer: outcome.answer, role }
    // what failed is the query that was cancelled for the sake of a client that has left
    return { answer: signal.aborted ? clientGone : render.error(outcome.error, config), role }
  }

  function attempt(journey: Journey): Attempt | Promise<Attempt> {
    const { raw, generation } = journey
    const { snapshot, config } = generation
    const heads = headsOf(generation)
    const parseConfig = {
      // the loaded schemas: newly configured ones act with the next schema load
      dbSchemas: snapshot.schemas,
      schemaAliases: snapshot.schemaAliases,
      dbRootSpec: config.dbRootSpec,
      openapiMode: config.openapiMode,
      dbTxEnd: config.dbTxEnd,
    }
    const parsing = parseRequestInSteps(raw, parseConfig, heads)
    return raw.body.length > atOnceBytes
      ? runInSlices(parsing, eventLoopSlices).then((parsed) => carryOut(parsed, journey))
      : carryOut(runAtOnce(parsing), journey)
  }

  function carryOut(
    parsed: Result<ApiRequest, ApiError>,
    journey: Journey,
  ): Attempt | Promise<Attempt> {
    const { timer, generation, identity } = journey
    const { snapshot, config } = generation
    timer?.mark('parse')
    if (!parsed.ok) return { kind: 'failed', error: noticeMissingOperator(parsed.error, snapshot) }

    const planned = deps.planCache.plan(parsed.value, snapshot, config, identity)
    timer?.mark('plan')
    if (!planned.ok) return refusedPlan(planned.error)
    const { plan, operands, readable } = planned.value
    const request = withPolicyValues(parsed.value, operands, identity)

    switch (plan.kind) {
      case 'info':
        return answered(respondToInfo(plan), [], journey)
      case 'inspect':
        return inspect(plan, request, journey)
      case 'mutate': {
        if (!config.etagEnabled) return execute(plan, request, readable, journey)
        const compared = planComparison(deps.planCache, plan, parsed.value, journey)
        if (compared === null) return execute(plan, request, readable, journey)
        return compared.ok
          ? execute(plan, request, readable, journey, compared.value)
          : refusedPlan(compared.error)
      }
      case 'read':
      case 'call':
        return execute(plan, request, readable, journey)
      default:
        return assertNever(plan)
    }
  }

  async function inspect(
    plan: InspectPlan,
    request: ApiRequest,
    journey: Journey,
  ): Promise<Attempt> {
    const inspection = await backend.inspect(plan, contextOf(request, journey))
    journey.timer?.mark('transaction')
    return inspection.kind === 'done'
      ? render.root(plan, request, inspection, journey)
      : render.failure(inspection, journey.generation.config)
  }

  async function execute(
    plan: DatabasePlan,
    request: ApiRequest,
    readable: ReadableDetails,
    journey: Journey,
    compared: ComparedRead | null = null,
  ): Promise<Attempt> {
    const warning = warnOfLegacyNames(plan, journey, deps.observe)
    const context = contextOf(request, journey)
    const execution = await backend.execute(
      plan,
      compared === null ? context : { ...context, compared },
    )
    journey.timer?.mark('transaction')
    switch (execution.kind) {
      case 'done':
        return render.result(plan, request, execution, warning, journey)
      case 'failed': {
        const error = withheldDetails(execution.error, readable)
        return render.failure({ ...execution, error }, journey.generation.config)
      }
      case 'schema-moved':
        return render.failure(execution, journey.generation.config)
      default:
        return assertNever(execution)
    }
  }

  return handle
}

/** The read that `If-Match` has a write depend on; null: it depends on none. */
function planComparison(
  planCache: PlanCache,
  plan: MutatePlan,
  parsed: ApiRequest,
  { generation: { snapshot, config }, identity }: Journey,
): Result<ComparedRead, ApiError> | null {
  const relation = snapshot.relations.get(nameKey(plan.relation))
  const asked = askedComparison(parsed, plan, relation)
  if (!asked.ok) return asked
  if (asked.value === null) return null
  const { request, tags } = asked.value
  const planned = planCache.plan(request, snapshot, config, identity)
  if (!planned.ok) return planned
  const read = planned.value
  if (read.plan.kind !== 'read') throw new Error('a read is planned as one')
  const asRead = withPolicyValues(request, read.operands, identity)
  return ok(comparedRead(read.plan, asRead, tags))
}

function refusedPlan(error: ApiError): Attempt {
  return namesSomethingUnknown(error)
    ? { kind: 'stale', origin: 'stale-name', error }
    : { kind: 'failed', error }
}
