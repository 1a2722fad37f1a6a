/**
 * Operator for news that ask for full loads over a channel on which any role of the database can speak:
 * at most one in so many milliseconds, since each reads all catalogs. What comes sooner is looked at by
 * a check at once, and the full load follows when it may, one for all that came meanwhile.
 *
 * The configuration alone is read by one query, and passes.
 */
import { Observable, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs'
import { widerScope } from '../cache/reload-signal.ts'
import type { News } from './follow-up-news.ts'

export function paceFullLoads(
  leastMs: number,
  scheduler: SchedulerLike,
): OperatorFunction<News, News> {
  return (news$) =>
    new Observable((subscriber) => {
      let isPaused = false
      let held: News | null = null
      const pauses = new Subscription()

      function pass(news: News): void {
        isPaused = true
        const pause = scheduler.schedule(() => {
          pauses.remove(pause)
          isPaused = false
          const next = held
          held = null
          if (next !== null) pass(next)
        }, leastMs)
        pauses.add(pause)
        subscriber.next(news)
      }

      function take(news: News): void {
        if (news.depth !== 'full' || news.scope === 'config') subscriber.next(news)
        else if (!isPaused) pass(news)
        else {
          const scope = held === null ? news.scope : widerScope(held.scope, news.scope)
          // the check stands for what was heard: it is not counted twice
          const { times: _, ...once } = news
          held = { ...once, scope }
          subscriber.next({ ...news, depth: 'check' })
        }
      }

      pauses.add(
        news$.subscribe({
          next: take,
          error: (failure) => subscriber.error(failure),
          complete: () => subscriber.complete(),
        }),
      )
      return pauses
    })
}
