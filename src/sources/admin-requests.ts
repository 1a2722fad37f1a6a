/**
 * Reloads asked for at the admin server whose end nobody waits for. Who waits for the outcome asks
 * the pipeline's `requestReload` instead.
 */
import { type Observable, type SchedulerLike, Subject } from 'rxjs'
import type { ReloadDepth, ReloadScope, ReloadSignal } from '../cache/reload-signal.ts'

export interface AdminRequests {
  readonly requests$: Observable<ReloadSignal>
  /** Heard by whoever is subscribed at the moment. */
  request(scope: ReloadScope, depth: ReloadDepth): void
}

export function createAdminRequests(scheduler: SchedulerLike): AdminRequests {
  const requestSubject = new Subject<ReloadSignal>()
  return {
    requests$: requestSubject.asObservable(),
    request(scope, depth) {
      requestSubject.next({ scope, depth, origin: 'admin', at: scheduler.now() })
    },
  }
}
