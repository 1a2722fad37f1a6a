/**
 * News of a change → reload signals: one at once, and checks that repeat until reads have caught up
 * with what was told, on databases where they lag behind.
 */
import { connect, map, merge, type Observable, type SchedulerLike } from 'rxjs'
import { conflateMap } from '../cache/conflate-map.ts'
import { type ReloadSignal, widerScope } from '../cache/reload-signal.ts'
import type { CatchUp } from '../cache/schema-feed.ts'
import { untilCaughtUp } from './until-caught-up.ts'

/** Something that reads have to catch up with. */
export type News = Pick<ReloadSignal, 'scope' | 'depth' | 'origin' | 'times'>

/** Between two questions of how far the database has got, at least. */
const catchUpThrottleMs = 100

/** However many news there are, a replica is asked at most ten times a second. */
export function followUpNews(
  news$: Observable<News>,
  catchUp: CatchUp,
  scheduler: SchedulerLike,
): Observable<ReloadSignal> {
  /** The last of the checks has the scope of the news. */
  const repeatUntilCaughtUp = ({ scope, origin }: News): Observable<News> =>
    untilCaughtUp(catchUp, scheduler).pipe(
      map((isReached): News => ({ scope: isReached ? scope : 'schema', depth: 'check', origin })),
    )
  return news$.pipe(
    connect((shared$) =>
      merge(
        shared$,
        shared$.pipe(
          conflateMap(repeatUntilCaughtUp, {
            merge: (older, newer) => ({ ...older, scope: widerScope(older.scope, newer.scope) }),
            throttleMs: catchUpThrottleMs,
            scheduler,
          }),
        ),
      ),
    ),
    map((news): ReloadSignal => ({ ...news, at: scheduler.now() })),
  )
}
