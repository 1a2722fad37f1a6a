/**
 * Requests that name what the snapshot lacks, or whose answer contradicts it, ask here whether the
 * schema has moved on, and are answered by a check that began after they asked. One check
 * runs, one waits, and everybody who asks meanwhile shares the one that waits.
 *
 * A check is one cheap question to the database; only when the version is another does a reload
 * follow. A bucket of tokens lets bursts pass and then delays, never skips: scanners that try
 * thousands of names cost the database a bounded number of questions.
 *
 * A mark that has moved is no name of a client's: its check waits for no token, and is a reload at once.
 * Who meets the mark while that is under way is content with it, since the next attempt is proven by
 * itself. Where it finds nothing new, the server that requests read from may be one that is behind: the
 * next one waits a moment.
 */
import { type SchedulerLike, Subscription } from 'rxjs'
import type { ReloadOutcome, ReloadSignal } from '../cache/reload-signal.ts'
import type { CheckOutcome, StaleCheck, StaleOrigin } from '../cache/stale-check.ts'
import type { AskingRequest } from '../observe/reload-record.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export interface StaleNameChecker {
  readonly checkAfter: StaleCheck
}

export interface StaleNameDeps {
  /** Whether the database's version is still that of the current snapshot. */
  readonly isCurrent: () => Promise<boolean>
  readonly requestReload: (request: Omit<ReloadSignal, 'at'>) => Promise<ReloadOutcome>
  /** The current one, which only a reload replaces; null while there is none. */
  readonly currentSnapshot: () => SchemaSnapshot | null
  readonly scheduler: SchedulerLike
  /** Checks that pass at once after a rest. */
  readonly burst?: number
  readonly checksPerSecond?: number
  /** Milliseconds between a check for a mark that found nothing new and the next one. */
  readonly restMs?: number
  /** Milliseconds after which a request is answered without its check. */
  readonly limitMs?: number
}

interface Asked {
  readonly origin: StaleOrigin
  readonly request?: AskingRequest
}

/** A check that has not begun. */
interface Pending {
  /** Of the first who asked, unless one asks who need not wait for a token. */
  asked: Asked
  readonly done: Promise<CheckOutcome>
  readonly end: (outcome: CheckOutcome) => void
}

function pendingCheck(asked: Asked): Pending {
  let end: Pending['end'] = () => undefined
  const done = new Promise<CheckOutcome>((resolve) => {
    end = resolve
  })
  return { asked, done, end }
}

export function createStaleNameChecker(deps: StaleNameDeps): StaleNameChecker {
  const { scheduler, burst = 20, checksPerSecond = 20, restMs = 50, limitMs = 5000 } = deps
  let running: Pending | null = null
  let waiting: Pending | null = null
  let tokens = burst
  let countedAt = scheduler.now()
  let restsUntil = countedAt
  /** Of the check that waits for its time. */
  let timer: Subscription | null = null

  async function check(asked: Asked): Promise<CheckOutcome> {
    try {
      if (asked.origin !== 'stale-mark' && (await deps.isCurrent())) return 'unchanged'
      const outcome = await deps.requestReload({ scope: 'schema', depth: 'check', ...asked })
      switch (outcome.kind) {
        case 'published':
          return 'moved'
        case 'unchanged':
          return 'unchanged'
        case 'failed':
          return 'unanswered'
      }
    } catch {
      // the reload pipeline and the sources tell what is wrong with the database
      return 'unanswered'
    }
  }

  /** Milliseconds until there is a token; 0: one was taken. */
  function takeToken(): number {
    const now = scheduler.now()
    tokens = Math.min(burst, tokens + ((now - countedAt) * checksPerSecond) / 1000)
    countedAt = now
    if (tokens >= 1) {
      tokens -= 1
      return 0
    }
    return Math.ceil(((1 - tokens) * 1000) / checksPerSecond)
  }

  function proceed(): void {
    if (running !== null || waiting === null) return
    const isForMark = waiting.asked.origin === 'stale-mark'
    if (!isForMark && timer !== null) return
    const delayMs = isForMark ? restsUntil - scheduler.now() : takeToken()
    timer?.unsubscribe()
    timer = null
    if (delayMs > 0) {
      timer = scheduler.schedule(() => {
        timer = null
        proceed()
      }, delayMs)
      return
    }
    const { asked, end } = waiting
    running = waiting
    waiting = null
    void check(asked).then((outcome) => {
      running = null
      if (isForMark && outcome === 'unchanged') restsUntil = scheduler.now() + restMs
      end(outcome)
      proceed()
    })
  }

  function join(asked: Asked): Pending {
    const isForMark = asked.origin === 'stale-mark'
    if (isForMark && running?.asked.origin === 'stale-mark') return running
    waiting ??= pendingCheck(asked)
    if (isForMark) waiting.asked = asked
    return waiting
  }

  return {
    async checkAfter(origin, request) {
      const before = deps.currentSnapshot()
      const { done } = join(request === undefined ? { origin } : { origin, request })
      proceed()
      const limit = new Subscription()
      const late = new Promise<CheckOutcome>((resolve) => {
        limit.add(scheduler.schedule(() => resolve('unanswered'), limitMs))
      })
      const outcome = await Promise.race([done, late])
      limit.unsubscribe()
      // somebody else's reload may have published while this request waited, and a load that found
      // nothing new may have put the snapshot under the version that the database has now
      return deps.currentSnapshot() === before ? outcome : 'moved'
    },
  }
}
