/**
 * A request takes its generation once and keeps it. Two things make it start over on a newer one:
 * it names something that the schema in hand lacks (stale name), or the engine contradicts that
 * schema (stale hit). Both ask for a check that begins after the request did; if the schema has
 * moved, the request, whose transaction was rolled back, is attempted again.
 */
import type { Generation } from '../cache/generation-store.ts'
import type { StaleCheck, StaleOrigin } from '../cache/stale-check.ts'
import type { Answer } from '../core/http-exchange.ts'
import type { ApiError } from '../errors/api-error.ts'
import { askingRequest } from './asking-request.ts'
import { isLoaded, type Journey, type LoadedGeneration } from './journey.ts'

export interface StaleDeps {
  readonly currentGeneration: () => Generation
  /** A schema check that begins after the call. */
  readonly checkSchema: StaleCheck
}

/** An attempt that is not made again. */
export type Settled =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: ApiError }

export type Attempt =
  | Settled
  /** Fails with `error` unless there is a newer schema. */
  | { readonly kind: 'stale'; readonly origin: StaleOrigin; readonly error: ApiError }

/** The request is attempted again; its error is answered if the schema moves at every attempt. */
export const schemaMoved: Attempt = {
  kind: 'stale',
  origin: 'stale-hit',
  error: { kind: 'cache-not-loaded' },
}

/** A schema that keeps moving under a request is given this many attempts. */
export const maxAttempts = 6

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
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await attempt(journey)
    if (outcome.kind !== 'stale') return outcome
    const failed: Settled = { kind: 'failed', error: outcome.error }
    if (attempts === maxAttempts) return failed
    const generation = await newerGeneration(deps, journey, outcome.origin, outcome.error)
    if (generation === null) return failed
    journey = { ...journey, generation }
  }
}
