/**
 * The journey of one request, stage by stage: authenticate → 503 without a schema → parse → plan →
 * execute → render. The order is visible on the wire, so it is fixed here.
 *
 * A generation is taken once. Only two things make a request start over on a newer one: it names
 * something that the schema in hand lacks (stale name), or the engine contradicts that schema
 * (stale hit). Both ask for a check that begins after the request did; if the schema moved, the
 * request, whose transaction was rolled back, is planned again.
 */
import type { ApiRequest } from '../api/api-request.ts'
import { parseRequest, type RawRequest } from '../api/parse-request.ts'
import type { Authenticator, Identity } from '../auth/authenticate.ts'
import type { Backend, Execution, RequestContext } from '../backends/backend.ts'
import type { Generation } from '../cache/generation-store.ts'
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import { contractName, contractVersion } from '../core/product.ts'
import { err, ok, type Result } from '../core/result.ts'
import { type ApiError, namesSomethingUnknown } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { Observe } from '../observe/observation.ts'
import type { InspectPlan, Plan, ReadNode } from '../plan/plan.ts'
import type { PlanCache } from '../plan/plan-cache.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { type Answer, type Header, hasHeader } from './answer.ts'
import { createRootHandler, isBehind } from './handle-root.ts'
import { respond, respondToInfo } from './respond.ts'
import { createStageTimer, type StageTimer } from './server-timing.ts'

/** `moved`: a newer schema is published · `unanswered`: the database did not answer in time. */
export type CheckOutcome = 'moved' | 'unchanged' | 'unanswered'

export interface RequestDeps {
  readonly currentGeneration: () => Generation
  readonly backend: Pick<Backend, 'execute' | 'inspect' | 'abilities'>
  readonly authenticator: Authenticator
  readonly planCache: PlanCache
  /** A schema check that begins after the call. */
  readonly checkSchema: (origin: 'stale-name' | 'stale-hit') => Promise<CheckOutcome>
  readonly observe: Observe
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

export interface Handled {
  readonly answer: Answer
  /** For the access log; null when nobody could be told. */
  readonly role: string | null
}

/** A schema that keeps moving under a request is given this many tries. */
const maxAttempts = 6

type Attempt =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: ApiError }
  /** Answer with `error` unless a check finds that the schema has moved. */
  | {
      readonly kind: 'stale'
      readonly origin: 'stale-name' | 'stale-hit'
      readonly error: ApiError
    }

/** The error is for a schema that moves again at every try. */
const schemaMoved: Attempt = {
  kind: 'stale',
  origin: 'stale-hit',
  error: { kind: 'cache-not-loaded' },
}

/** Nobody receives it; the access log has the status that proxies log for clients that leave. */
const clientGone: Answer = { status: 499, headers: [], body: null }

interface Journey {
  readonly raw: RawRequest
  readonly identity: Identity
  readonly signal: AbortSignal
  readonly timer: StageTimer
}

function legacyNames(node: ReadNode): readonly (readonly [string, string])[] {
  const own = node.usedLegacyName && node.alias !== null ? [[node.name, node.alias] as const] : []
  return [...own, ...node.children.flatMap(legacyNames)]
}

/** Announces embeds that the URL names by their relation although they have an alias. */
function legacyWarning(
  plan: Plan,
  raw: RawRequest,
  config: Config,
  observe: Observe,
): readonly Header[] {
  if (plan.kind === 'inspect' || plan.kind === 'info' || !config.urlUseLegacyTargetNames) return []
  const names = legacyNames(plan.root)
  if (names.length === 0) return []
  const query = raw.query === '' ? '' : `?${raw.query}`
  observe({
    kind: 'legacy-target-name',
    names,
    method: raw.method,
    target: `${raw.path}${query}`,
  })
  const updates = names.map(([relation, alias]) => `\`${relation}\` to \`${alias}\``).join(', ')
  const text =
    'Embedded resource was referenced by relation name even though it has an alias. ' +
    'This is deprecated and will stop working in a future release. ' +
    `Update ${updates} in query string filters, orders or limits.`
  return [['Warning', `299 ${contractName}v${contractVersion} "${text}"`]]
}

function finish(
  answer: Answer,
  extra: readonly Header[],
  timer: StageTimer,
  config: Config,
): Answer {
  timer.mark('response')
  const headers = [...answer.headers]
  if (config.serverTimingEnabled) headers.push(timer.header())
  headers.push(...extra)
  if (!hasHeader(headers, 'Vary')) headers.push(['Vary', 'Accept, Prefer, Range'])
  return { ...answer, headers }
}

export function createRequestHandler(
  deps: RequestDeps,
): (raw: RawRequest, generation: Generation, signal: AbortSignal) => Promise<Handled> {
  const { observe } = deps
  const handleRoot = createRootHandler()

  function errorAnswer(error: ApiError, config: Config): Answer {
    const rendered = renderError(error, config.clientErrorVerbosity)
    if (rendered.status >= 500) observe({ kind: 'request-error', error, status: rendered.status })
    return rendered
  }

  function contextOf(
    request: ApiRequest,
    snapshot: SchemaSnapshot,
    config: Config,
    { identity: { role, isAuthenticated, claims }, signal }: Journey,
  ): RequestContext {
    return { snapshot, config, request, role, isAuthenticated, claims, signal }
  }

  function settleFailure(
    execution: Exclude<Execution, { readonly kind: 'done' }>,
    config: Config,
  ): Attempt {
    switch (execution.kind) {
      case 'schema-moved':
        return schemaMoved
      case 'failed': {
        const { error, statements } = execution
        if (config.logQuery) {
          const { status } = renderError(error, config.clientErrorVerbosity)
          observe({ kind: 'queries', statements, status })
        }
        return execution.contradictsSchema
          ? { kind: 'stale', origin: 'stale-hit', error }
          : { kind: 'failed', error }
      }
      default:
        return assertNever(execution)
    }
  }

  async function executePlan(
    plan: Exclude<Plan, { kind: 'info' | 'inspect' }>,
    request: ApiRequest,
    snapshot: SchemaSnapshot,
    config: Config,
    journey: Journey,
  ): Promise<Attempt> {
    const warning = legacyWarning(plan, journey.raw, config, observe)
    const execution = await deps.backend.execute(
      plan,
      contextOf(request, snapshot, config, journey),
    )
    journey.timer.mark('transaction')
    switch (execution.kind) {
      case 'schema-moved':
      case 'failed':
        return settleFailure(execution, config)
      case 'done': {
        const answer = respond(plan, request, execution.result, config)
        if (config.logQuery) {
          const status = answer.ok
            ? answer.value.status
            : renderError(answer.error, config.clientErrorVerbosity).status
          observe({ kind: 'queries', statements: execution.statements, status })
        }
        if (!answer.ok) return { kind: 'failed', error: answer.error }
        return {
          kind: 'answered',
          answer: finish(answer.value, warning, journey.timer, config),
        }
      }
      default:
        return assertNever(execution)
    }
  }

  async function inspectSchema(
    plan: InspectPlan,
    request: ApiRequest,
    snapshot: SchemaSnapshot,
    config: Config,
    journey: Journey,
  ): Promise<Attempt> {
    const context = contextOf(request, snapshot, config, journey)
    const inspection = await deps.backend.inspect(plan, context)
    journey.timer.mark('transaction')
    switch (inspection.kind) {
      case 'schema-moved':
      case 'failed':
        return settleFailure(inspection, config)
      case 'done': {
        const root = { plan, request, snapshot, config }
        if (isBehind(root, inspection)) {
          const isNewer = deps.currentGeneration().snapshot !== snapshot
          if (isNewer || (await deps.checkSchema('stale-hit')) === 'moved') return schemaMoved
        }
        const answer = await handleRoot(root, inspection)
        if (config.logQuery) {
          observe({ kind: 'queries', statements: inspection.statements, status: answer.status })
        }
        return { kind: 'answered', answer: finish(answer, [], journey.timer, config) }
      }
      default:
        return assertNever(inspection)
    }
  }

  async function attempt(generation: Generation, journey: Journey): Promise<Attempt> {
    const { config, snapshot } = generation
    if (snapshot === null) return { kind: 'failed', error: { kind: 'cache-not-loaded' } }
    const { timer } = journey

    const parsed = parseRequest(journey.raw, {
      // those that were loaded: new ones act with the next schema load
      dbSchemas: snapshot.options.schemas,
      dbRootSpec: config.dbRootSpec,
      openapiMode: config.openapiMode,
      dbTxEnd: config.dbTxEnd,
    })
    timer.mark('parse')
    if (!parsed.ok) return { kind: 'failed', error: parsed.error }

    const planned = deps.planCache.plan(parsed.value, snapshot, config)
    timer.mark('plan')
    if (!planned.ok) {
      return namesSomethingUnknown(planned.error)
        ? { kind: 'stale', origin: 'stale-name', error: planned.error }
        : { kind: 'failed', error: planned.error }
    }
    const plan = planned.value
    switch (plan.kind) {
      case 'info':
        return { kind: 'answered', answer: finish(respondToInfo(plan), [], timer, config) }
      case 'inspect':
        return inspectSchema(plan, parsed.value, snapshot, config, journey)
      case 'read':
      case 'mutate':
      case 'call':
        return executePlan(plan, parsed.value, snapshot, config, journey)
      default:
        return assertNever(plan)
    }
  }

  async function run(first: Generation, journey: Journey): Promise<Result<Answer, ApiError>> {
    let generation = first
    for (let tries = 1; ; tries += 1) {
      const outcome = await attempt(generation, journey)
      switch (outcome.kind) {
        case 'answered':
          return ok(outcome.answer)
        case 'failed':
          return err(outcome.error)
        case 'stale': {
          // somebody else's reload may have been faster than our check
          const newer = deps.currentGeneration()
          const isNewer = newer.snapshot !== generation.snapshot
          const moved = isNewer || (await deps.checkSchema(outcome.origin)) === 'moved'
          if (!moved || tries === maxAttempts) return err(outcome.error)
          generation = deps.currentGeneration()
          break
        }
        default:
          return assertNever(outcome)
      }
    }
  }

  return async (raw, generation, signal) => {
    const { config } = generation
    const timer = createStageTimer(deps.now)
    const authorization = raw.headers.find(([name]) => name === 'authorization')?.[1]
    const identity = await deps.authenticator.authenticate(
      authorization,
      config,
      deps.backend.abilities.grades.roles !== 'unsupported',
    )
    timer.mark('jwt')
    if (!identity.ok) return { answer: errorAnswer(identity.error, config), role: null }
    const { role } = identity.value
    const outcome = await run(generation, { raw, identity: identity.value, signal, timer })
    const settled = () => {
      if (outcome.ok) return outcome.value
      // what failed is the query that was cancelled for its sake
      return signal.aborted ? clientGone : errorAnswer(outcome.error, config)
    }
    return { answer: settled(), role: role === '' ? null : role }
  }
}
