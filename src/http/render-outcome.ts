/**
 * The last stage of a request's journey, for each way in which the stages before it can end: an
 * answer with the headers that all have, a failure, or the wish to try again on a newer schema.
 */
import type { ApiRequest } from '../api/api-request.ts'
import { firstHeader } from '../api/parse-request.ts'
import type { Execution } from '../backends/backend.ts'
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import type { Answer, Header } from '../core/http-exchange.ts'
import { err, ok } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { Observe } from '../observe/observation.ts'
import type { DatabasePlan, InspectPlan } from '../plan/plan.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { hasHeader } from './answer.ts'
import { withEntityTag } from './entity-tags.ts'
import { createRootHandler, type Inspected, isBehind } from './handle-root.ts'
import type { Journey } from './journey.ts'
import type { Answered } from './prove-answer.ts'
import { logQueries } from './query-log.ts'
import { respond } from './respond.ts'
import { type Attempt, newerGeneration, type StaleDeps, schemaMoved } from './try-while-stale.ts'

export interface RenderDeps extends StaleDeps {
  readonly observe: Observe
}

type Executed = Extract<Execution, { readonly kind: 'done' }>

export function createRenderer(deps: RenderDeps) {
  const { observe } = deps
  const handleRoot = createRootHandler()
  /** Snapshots that have all relations of an inspection, which may come again. */
  const knownCovering = new WeakMap<Inspected, SchemaSnapshot>()

  return {
    /** The answer that reports an error; failures of the server are told to the log as well. */
    error(error: ApiError, config: Config): Answer {
      const rendered = renderError(error, config.clientErrorVerbosity)
      if (rendered.status >= 500) observe({ kind: 'request-error', error, status: rendered.status })
      return rendered
    },

    /** What follows from a failure of the backend: a new attempt, or the error. */
    failure(execution: Exclude<Execution, Executed>, config: Config): Attempt {
      switch (execution.kind) {
        case 'schema-moved':
          return config.dbSchemaStrict ? { kind: 'unproven' } : schemaMoved
        case 'failed': {
          const { error, statements } = execution
          logQueries(observe, config, statements, err(error))
          return execution.contradictsSchema
            ? { kind: 'stale', origin: 'stale-hit', error }
            : { kind: 'failed', error }
        }
        default:
          return assertNever(execution)
      }
    },

    /** The answer made of a backend's result. */
    result(
      plan: DatabasePlan,
      request: ApiRequest,
      { result, statements }: Executed,
      warning: readonly Header[],
      journey: Journey,
    ): Attempt {
      const { config } = journey.generation
      const answer = respond(plan, request, result, config)
      logQueries(observe, config, statements, answer)
      // in strict mode the backend has proven what it hands over
      if (!answer.ok) return { kind: 'failed', error: answer.error }
      const tagged =
        config.etagEnabled && plan.kind === 'read' && plan.media.type.kind !== 'plan'
          ? withEntityTag(answer.value, plan, request, config)
          : answer.value
      return { ...answered(tagged, warning, journey), isProven: true }
    },

    /** The document of `GET /`, unless the snapshot is found to be behind what the role may see. */
    async root(
      plan: InspectPlan,
      request: ApiRequest,
      inspected: Inspected,
      journey: Journey,
    ): Promise<Attempt> {
      const { config } = journey.generation
      const snapshot = plan.shown
      const root = { plan, request, snapshot, config, host: firstHeader(journey.raw, 'host') }
      if (knownCovering.get(inspected) !== snapshot) {
        if (!isBehind(root, inspected)) knownCovering.set(inspected, snapshot)
        else if ((await newerGeneration(deps, journey, 'stale-hit', null)) !== null) {
          return schemaMoved
        }
      }
      const answer = await handleRoot(root, inspected)
      logQueries(observe, config, inspected.statements, ok(answer))
      return { ...answered(answer, [], journey), isProven: true }
    },
  }
}

/** An answer that is no error, with the headers that all of them have. */
export function answered(answer: Answer, extra: readonly Header[], { timer }: Journey): Answered {
  timer?.mark('response')
  const headers = [...answer.headers]
  if (timer !== null) headers.push(timer.header())
  headers.push(...extra)
  if (!hasHeader(headers, 'Vary')) headers.push(['Vary', 'Accept, Prefer, Range'])
  return { kind: 'answered', answer: { ...answer, headers } }
}
