/**
 * The one state of the reload pipeline, and how each step of a reload changes it. What requests
 * are served from, what a failed load still owes and what the probes say are all read from here.
 *
 * starting ──loaded──▶ ready ──loaded or unchanged──▶ ready
 * any ──failed──▶ retrying: the snapshot stays, the next try comes after 1, 2, 4 … 32 s plus jitter
 * retrying ──loaded──▶ ready
 */
import { assertNever } from '../core/assert-never.ts'
import type { CacheState } from './cache-state.ts'
import type { Generation } from './generation-store.ts'
import type { ReloadOrigin, ReloadOutcome } from './reload-signal.ts'
import type { OwedLoad, ReloadStep } from './reload-step.ts'

/** How the last reload that did something ended. */
export interface LastReload {
  readonly outcome: ReloadOutcome
  readonly origin: ReloadOrigin
  /** ISO time at which it ended. */
  readonly at: string
}

export interface ReloadState {
  readonly generation: Generation
  readonly owed: OwedLoad | null
  /**
   * When the owed load is tried again, on the scheduler's clock; null while nothing is owed, and
   * while a reload tries it.
   */
  readonly retryAt: number | null
  readonly last: LastReload | null
}

export function initialState(generation: Generation): ReloadState {
  return { generation, owed: null, retryAt: null, last: null }
}

/** The state after a step; the same object where the step changes nothing. */
export function foldStep(state: ReloadState, step: ReloadStep): ReloadState {
  switch (step.kind) {
    case 'retry-cancelled':
      return state.retryAt === null ? state : { ...state, retryAt: null }
    case 'config-read':
      return step.publishes === null
        ? state
        : { ...state, generation: { ...state.generation, config: step.publishes } }
    case 'loaded': {
      // one assignment: nobody sees the new configuration with the old schema
      const config = step.config ?? state.generation.config
      const { snapshot } = step
      const isInUse = config === state.generation.config && snapshot === state.generation.snapshot
      const generation = isInUse ? state.generation : { config, snapshot }
      return { ...state, generation, owed: null, retryAt: null }
    }
    case 'load-failed': {
      const { config, owed, at } = step
      const generation = config === null ? state.generation : { ...state.generation, config }
      return { ...state, generation, owed, retryAt: at + owed.retryInMs }
    }
    case 'owed-load-checked':
      return state.owed === null ? state : { ...state, owed: { ...state.owed, ...step.found } }
    case 'ended': {
      const { order, outcome, at } = step
      if (outcome.kind === 'unchanged' && outcome.foundBy === 'check') return state
      const { origin } = order.signal
      return { ...state, last: { outcome, origin, at: new Date(at).toISOString() } }
    }
    case 'began':
    case 'unchanged':
    case 'crashed':
      return state
    default:
      return assertNever(step)
  }
}

/** What `/ready`, `/health` and the handlers' 503 are functions of. */
export function cacheStateOf({ generation, owed }: ReloadState): CacheState {
  const { snapshot } = generation
  if (owed !== null) {
    const { cause, attempt, retryInMs } = owed
    return { kind: 'retrying', snapshot, cause, attempt, retryInMs }
  }
  return snapshot === null ? { kind: 'starting' } : { kind: 'ready', snapshot }
}
