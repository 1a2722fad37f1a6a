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
  /** It showed just now that it works: a proof came back, or the database answered. */
  proved(name: string): void
  /** The source is connected, which is no reason to say that it works. */
  connected(name: string): void
  /** In the order in which they first reported. */
  list(): readonly SourceStatus[]
  /** `off` until the source reports. Replays the current state. */
  state$(name: string): Observable<SourceState>
  /** Resolves once the source is connected, is switched off, or has told why it is down. */
  settled(name: string): Promise<void>
}

/** The causes while a source has only begun: nothing to tell yet. */
const notConnectedYet = 'not connected yet'
const notProvenYet = 'not proven yet'

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
      const provenAt = before?.provenAt ?? null
      const status: SourceStatus = { name, state, since, provenAt, cause: causeOf(state, cause) }
      statusesSubject.next(new Map([...statusesSubject.value, [name, status]]))
      if (!isSame || status.cause !== before.cause) {
        deps.observe({ kind: 'source-changed', status })
      }
      if (state === 'off' && cause !== undefined && !isSame) {
        deps.observe({ kind: 'source-absent', source: name, cause })
      }
      if (state === 'up' && !isSame) deps.observe({ kind: 'source-up', source: name })
      const isNews = !isSame || hasOnlyBegun(before)
      if (state === 'down' && cause !== undefined && isNews) {
        deps.observe({ kind: 'source-down', source: name, cause })
      }
    },
    proved(name) {
      const status = statusesSubject.value.get(name)
      if (status === undefined) return
      const next = { ...status, provenAt: new Date(deps.now()).toISOString() }
      statusesSubject.next(new Map([...statusesSubject.value, [name, next]]))
    },
    connected(name) {
      const status = statusesSubject.value.get(name)
      if (status?.cause !== notConnectedYet) return
      const next = { ...status, cause: notProvenYet }
      statusesSubject.next(new Map([...statusesSubject.value, [name, next]]))
    },
    list: () => [...statusesSubject.value.values()],
    state$: (name) =>
      statusesSubject.pipe(
        map((statuses) => statuses.get(name)?.state ?? 'off'),
        distinctUntilChanged(),
      ),
    async settled(name) {
      const isSettled = (status: SourceStatus | undefined) =>
        status !== undefined && status.cause !== notConnectedYet
      await firstValueFrom(
        statusesSubject.pipe(filter((statuses) => isSettled(statuses.get(name)))),
      )
    },
  }
}

function causeOf(state: SourceState, cause: string | undefined): string | null {
  switch (state) {
    case 'up':
      return null
    case 'off':
      return cause ?? null
    case 'down':
    case 'unproven':
      return cause ?? notConnectedYet
  }
}

function hasOnlyBegun({ cause }: SourceStatus): boolean {
  return cause === notConnectedYet || cause === notProvenYet
}

/**
 * Whether the feed is up, which speaks for its database; null where there is no feed, it is switched
 * off, or it is unproven, so that polling stands in for it.
 *
 * Rule  PostgREST docs: admin_server (Ready): with the listener on, it speaks for the database
 */
export function isFeedUp(feed: SchemaFeed, health: Pick<SourceHealth, 'list'>): boolean | null {
  if (feed.kind === 'poll') return null
  switch (health.list().find(({ name }) => name === feed.name)?.state) {
    case 'up':
      return true
    case 'down':
      return false
    case 'unproven':
    case 'off':
    case undefined:
      return null
  }
}
