/**
 * The journey of one request, stage by stage: authenticate → 503 without a schema → read the body →
 * parse → plan → execute → render. The order is visible on the wire, so it is fixed here. What
 * happens when the schema moves under a request is try-while-stale.ts's.
 *
 * Rule  v16.2: App (postgrest, postgrestResponse)
 */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { PlanCache } from '../access/plan-cache.ts'
import { withPolicyValues } from '../access/policy-values.ts'
import { withheldDetails } from '../access/withhold-details.ts'
import { firstHeader, parseRequestInSteps, type RequestHead } from '../api/parse-request.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { Backend } from '../backends/backend.ts'
import type { Generation } from '../cache/generation-store.ts'
import { assertNever } from '../core/assert-never.ts'
import { runAtOnce, runInSlices } from '../core/run-in-slices.ts'
import { type ApiError, namesSomethingUnknown } from '../errors/api-error.ts'
import type { Observe } from '../observe/observation.ts'
import { noticeMissingOperator } from '../plan/notice-slips.ts'
import type { Answer } from './answer.ts'
import { contextOf, isLoaded, type Journey } from './journey.ts'
import { warnOfLegacyNames } from './legacy-target-names.ts'
import type { ReadBody } from './read-body.ts'
import { answered, createRenderer } from './render-outcome.ts'
import { respondToInfo } from './respond.ts'
import { createStageTimer } from './server-timing.ts'
import { type Attempt, type StaleDeps, tryWhileStale } from './try-while-stale.ts'

export interface RequestDeps extends StaleDeps {
  readonly backend: Pick<Backend, 'execute' | 'inspect' | 'abilities'>
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
  signal: AbortSignal,
) => Promise<Handled>

/** Nobody receives it; the access log has the status that proxies log for clients that leave. */
const clientGone: Answer = { status: 499, headers: [], body: null }

/** A body of this length is read without a pause. */
const atOnceBytes = 64 * 1024

const slices = { pause: () => setImmediate(), now: () => performance.now() }

export function createRequestHandler(deps: RequestDeps): RequestHandler {
  const { backend } = deps
  const render = createRenderer(deps)

  async function handle(
    head: RequestHead,
    readBody: ReadBody,
    generation: Generation,
    signal: AbortSignal,
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
    if (!identity.ok) return { answer: render.error(identity.error, config), role: null }
    const role = identity.value.role === '' ? null : identity.value.role

    if (!isLoaded(generation)) {
      return { answer: render.error({ kind: 'cache-not-loaded' }, config), role }
    }

    const body = await readBody(config.maxRequestBody)
    timer?.skip()
    if (!body.ok) return { answer: render.error(body.error, config), role }

    const raw = { ...head, body: body.value }
    const journey = { raw, identity: identity.value, generation, signal, timer }
    const outcome = await tryWhileStale(deps, journey, attempt)
    if (outcome.kind === 'answered') return { answer: outcome.answer, role }
    // what failed is the query that was cancelled for the sake of a client that has left
    return { answer: signal.aborted ? clientGone : render.error(outcome.error, config), role }
  }

  async function attempt(journey: Journey): Promise<Attempt> {
    const { raw, timer, generation, identity } = journey
    const { config, snapshot } = generation

    const steps = parseRequestInSteps(raw, {
      // the loaded schemas: newly configured ones act with the next schema load
      dbSchemas: snapshot.schemas,
      schemaAliases: snapshot.schemaAliases,
      dbRootSpec: config.dbRootSpec,
      openapiMode: config.openapiMode,
      dbTxEnd: config.dbTxEnd,
    })
    const isLarge = raw.body.length > atOnceBytes
    const parsed = isLarge ? await runInSlices(steps, slices) : runAtOnce(steps)
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
      case 'inspect': {
        const inspection = await backend.inspect(plan, contextOf(request, journey))
        timer?.mark('transaction')
        return inspection.kind === 'done'
          ? render.root(plan, request, inspection, journey)
          : render.failure(inspection, config)
      }
      case 'read':
      case 'mutate':
      case 'call': {
        const warning = warnOfLegacyNames(plan, journey, deps.observe)
        const execution = await backend.execute(plan, contextOf(request, journey))
        timer?.mark('transaction')
        if (execution.kind === 'done') {
          return render.result(plan, request, execution, warning, journey)
        }
        const failure =
          execution.kind === 'failed'
            ? { ...execution, error: withheldDetails(execution.error, readable) }
            : execution
        return render.failure(failure, config)
      }
      default:
        return assertNever(plan)
    }
  }

  return handle
}

function refusedPlan(error: ApiError): Attempt {
  return namesSomethingUnknown(error)
    ? { kind: 'stale', origin: 'stale-name', error }
    : { kind: 'failed', error }
}
