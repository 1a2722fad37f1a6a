/**
 * Which sources of triggers work, since when, and why not: what `/health` and `/ready` read, and
 * what makes a poll step in for a source that is down. Sources report, nobody else.
 */
import {
  BehaviorSubject,
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  type Observable,
} from 'rxjs'
import type { SchemaFeed } from '../cache/schema-feed.ts'
import type { Observe } from '../observe/observation.ts'
import type { SourceState, SourceStatus } from '../observe/source-status.ts'

export interface SourceHealth {
  /** Repeated reports of one state keep its time; the cause is the latest. */
  report(name: string, state: SourceState, cause?: string): void
  /** In the order in which they first reported. */
  list(): readonly SourceStatus[]
  /** `off` until the source reports. Replays the current state. */
  state$(name: string): Observable<SourceState>
  /** Resolves once the source is up, is switched off, or has told why it is down. */
  settled(name: string): Promise<void>
}

/** The cause while a source has only begun: nothing to tell yet. */
const notYet = 'not connected yet'

export function createSourceHealth(deps: {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly observe: Observe
}): SourceHealth {
  const statusesSubject = new BehaviorSubject<ReadonlyMap<string, SourceStatus>>(new Map())

  return {
    report(name, state, cause) {
      const before = statusesSubject.value.get(name)
      const isSame = before?.state === state
      const since = isSame ? before.since : new Date(deps.now()).toISOString()
      const status: SourceStatus = {
        name,
        state,
        since,
        cause: state === 'down' ? (cause ?? notYet) : null,
      }
      statusesSubject.next(new Map([...statusesSubject.value, [name, status]]))
      if (state === 'up' && !isSame) deps.observe({ kind: 'source-up', source: name })
      const isNews = !isSame || before.cause === notYet
      if (state === 'down' && cause !== undefined && isNews) {
        deps.observe({ kind: 'source-down', source: name, cause })
      }
    },
    list: () => [...statusesSubject.value.values()],
    state$: (name) =>
      statusesSubject.pipe(
        map((statuses) => statuses.get(name)?.state ?? 'off'),
        distinctUntilChanged(),
      ),
    async settled(name) {
      const isSettled = (status: SourceStatus | undefined) =>
        status !== undefined && (status.state !== 'down' || status.cause !== notYet)
      await firstValueFrom(
        statusesSubject.pipe(filter((statuses) => isSettled(statuses.get(name)))),
      )
    },
  }
}

/**
 * Whether the feed is up, which speaks for its database; null where there is no feed or it is
 * switched off.
 *
 * Rule  PostgREST docs: admin_server (Ready): with the listener on, it speaks for the database
 */
export function isFeedUp(feed: SchemaFeed, health: Pick<SourceHealth, 'list'>): boolean | null {
  if (feed.kind === 'poll') return null
  const source = health.list().find(({ name, state }) => name === feed.name && state !== 'off')
  return source === undefined ? null : source.state === 'up'
}
