/**
 * Whether the database answers, for `/ready` and `/health`: asked at most once at a time and a few
 * times a second, however many probes come.
 */
import { BackendFailure } from '../errors/backend-failure.ts'

/** Milliseconds that the database gets to answer. */
const pingMs = 2000
/** Milliseconds for which one answer serves every probe. */
const reuseMs = 500

/** Never rejects. `ping` rejects with BackendFailure when requests could not be served. */
export function createDatabaseProbe(deps: {
  readonly ping: (signal: AbortSignal) => Promise<void>
  /** Milliseconds, monotonic. */
  readonly now: () => number
}): () => Promise<boolean> {
  let last: { readonly at: number; readonly answer: Promise<boolean> } | null = null

  async function ask(): Promise<boolean> {
    try {
      await deps.ping(AbortSignal.timeout(pingMs))
      return true
    } catch (failure) {
      // every connection is in use: the database is there, and busy with requests
      return failure instanceof BackendFailure && failure.error.kind === 'acquisition-timeout'
    }
  }

  return () => {
    const now = deps.now()
    if (last === null || now - last.at > reuseMs) last = { at: now, answer: ask() }
    return last.answer
  }
}
