/**
 * A request takes its generation once and keeps it. Two things make it start over on a newer one:
 * it names something that the schema in hand lacks (stale name), or the engine contradicts that
 * schema (stale hit). Both ask for a check that begins after the request did; if the schema has
 * moved, the request, whose transaction was rolled back, is attempted again.
 *
 * In strict mode every answer has to be proven besides, and what is not is attempted again after a
 * check, which may find the same schema under another mark. Time decides there when a request is given
 * up: each attempt but the first is owed to a schema that has moved once more.
 */
import type { Generation } from '../cache/generation-store.ts'
import type { StaleCheck, StaleOrigin } from '../cache/stale-check.ts'
import type { ApiError } from '../errors/api-error.ts'
import { askingRequest } from './asking-request.ts'
import { isLoaded, type Journey, type LoadedGeneration } from './journey.ts'
import { type ProofDeps, proven, type Settled, type Unproven, untold } from './prove-answer.ts'

export interface StaleDeps extends ProofDeps {
  readonly currentGeneration: () => Generation
  /** A schema check that begins after the call. */
  readonly checkSchema: StaleCheck
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

export type Attempt =
  | Settled
  | Unproven
  /** Fails with `error` unless there is a newer schema. */
  | { readonly kind: 'stale'; readonly origin: StaleOrigin; readonly error: ApiError }

/** The request is attempted again; its error is answered if the schema moves at every attempt. */
export const schemaMoved: Attempt = {
  kind: 'stale',
  origin: 'stale-hit',
  error: { kind: 'cache-not-loaded' },
}

/** A schema that keeps moving under a request is given this many attempts outside of strict mode. */
export const maxAttempts = 6

/** Milliseconds from the end of the first attempt that was out of date, in strict mode. */
const patienceMs = 5000

const neverProven: Settled = {
  kind: 'failed',
  error: {
    kind: 'cache-not-loaded',
    unproven: 'The schema changed again and again while the request was run.',
  },
}

/** What an unproven attempt is made again on; null: the database did not tell in time. */
async function provableGeneration(
  deps: StaleDeps,
  { raw, generation }: Journey,
): Promise<LoadedGeneration | null> {
  const isNewer = deps.currentGeneration().snapshot !== generation.snapshot
  if (
    !isNewer &&
    (await deps.checkSchema('stale-mark', askingRequest(raw, null))) === 'unanswered'
  ) {
    return null
  }
  const current = deps.currentGeneration()
  return isLoaded(current) ? current : null
}

/**
 * A generation with a newer schema than the journey's, found by a check if need be; null: there is
 * none.
 *
 * @param error why it is looked for; null: what the engine said is no error
 */
export async function newerGeneration(
  deps: StaleDeps,
  { raw, generation }: Pick<Journey, 'raw' | 'generation'>,
  origin: StaleOrigin,
  error: ApiError | null,
): Promise<LoadedGeneration | null> {
  // somebody else's reload may have published while this request was under way
  const isNewer = deps.currentGeneration().snapshot !== generation.snapshot
  if (!isNewer && (await deps.checkSchema(origin, askingRequest(raw, error))) !== 'moved') {
    return null
  }
  const current = deps.currentGeneration()
  return isLoaded(current) ? current : null
}

/** Attempts the journey until an attempt settles it, or the schema in hand is known to be current. */
export async function tryWhileStale(
  deps: StaleDeps,
  first: Journey,
  attempt: (journey: Journey) => Attempt | Promise<Attempt>,
): Promise<Settled> {
  let journey = first
  let giveUpAt: number | null = null
  const isTimeUp = () => {
    const now = deps.now()
    giveUpAt ??= now + patienceMs
    return now > giveUpAt
  }
  for (let attempts = 1; ; attempts += 1) {
    const made = await attempt(journey)
    const { dbSchemaStrict } = journey.generation.config
    let outcome = dbSchemaStrict ? await proven(deps, journey, made) : made
    if (outcome.kind === 'answered' || outcome.kind === 'failed') return outcome
    const isLast = dbSchemaStrict ? isTimeUp() : attempts === maxAttempts
    if (outcome.kind === 'stale') {
      const { origin, error } = outcome
      const generation = isLast ? null : await newerGeneration(deps, journey, origin, error)
      if (generation !== null) {
        journey = { ...journey, generation }
        continue
      }
      outcome = await proven(deps, journey, { kind: 'failed', error })
      if (outcome.kind === 'failed') return outcome
    }
    if (isLast) return neverProven
    const generation = await provableGeneration(deps, journey)
    if (generation === null) return { kind: 'failed', error: untold }
    journey = { ...journey, generation }
  }
}
