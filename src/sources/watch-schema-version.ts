/**
 * The poll: a check every so often, for engines without a feed, for changes that nobody announces,
 * and in the place of a feed that is down. Whether the version moved is the pipeline's question.
 */
import {
  combineLatest,
  distinctUntilChanged,
  map,
  NEVER,
  type Observable,
  type SchedulerLike,
  switchMap,
  timer,
} from 'rxjs'
import type { ReloadSignal } from '../cache/reload-signal.ts'
import type { SourceHealth } from './source-health.ts'

/** How often a poll that stands in for a feed asks, whatever the configuration says. */
const standInMs = 1000

export const pollName = 'poll'

export function watchSchemaVersion(deps: {
  /** `db-schema-poll-interval` as it changes: milliseconds, 0: off. Replays its current value. */
  readonly intervalMs$: Observable<number>
  /** True while a feed that should tell of changes is down. Replays its current value. */
  readonly isNeeded$: Observable<boolean>
  readonly health: Pick<SourceHealth, 'report'>
  readonly scheduler: SchedulerLike
}): Observable<ReloadSignal> {
  const { health, scheduler } = deps
  return combineLatest([deps.intervalMs$, deps.isNeeded$]).pipe(
    map(([intervalMs, isNeeded]) => {
      if (!isNeeded) return intervalMs
      return intervalMs === 0 ? standInMs : Math.min(intervalMs, standInMs)
    }),
    distinctUntilChanged(),
    switchMap((intervalMs) => {
      health.report(pollName, intervalMs === 0 ? 'off' : 'up')
      return intervalMs === 0 ? NEVER : timer(intervalMs, intervalMs, scheduler)
    }),
    map(
      (): ReloadSignal => ({
        scope: 'schema',
        depth: 'check',
        origin: 'poll',
        at: scheduler.now(),
      }),
    ),
  )
}
