/**
 * SIGUSR1 → a full reload of the schema, with `db-config` of the configuration too; SIGUSR2 → the
 * configuration alone. `main.ts` installs the process's handlers first of all and hands on what it
 * hears: an early SIGUSR1 would otherwise open Node's inspector, an early SIGUSR2 end the process.
 *
 * Rule  PostgREST docs: schema_cache, configuration (Reloading)
 */
import { fromEventPattern, map, merge, type Observable, type SchedulerLike } from 'rxjs'
import type { ReloadSignal } from '../cache/reload-signal.ts'
import type { Config } from '../config/config.ts'

/** What is used of an event emitter such as `process`. */
export interface SignalEmitter {
  addListener(signal: 'SIGUSR1' | 'SIGUSR2', listener: () => void): unknown
  removeListener(signal: 'SIGUSR1' | 'SIGUSR2', listener: () => void): unknown
}

export function watchProcessSignals(deps: {
  readonly emitter: SignalEmitter
  readonly config: () => Pick<Config, 'dbConfig'>
  readonly scheduler: SchedulerLike
}): Observable<ReloadSignal> {
  const { emitter, scheduler } = deps
  const heard = (signal: 'SIGUSR1' | 'SIGUSR2') =>
    fromEventPattern(
      (listener) => emitter.addListener(signal, listener),
      (listener) => emitter.removeListener(signal, listener),
    )
  return merge(
    heard('SIGUSR1').pipe(
      map((): ReloadSignal => {
        const scope = deps.config().dbConfig ? 'both' : 'schema'
        return { scope, depth: 'full', origin: 'signal', at: scheduler.now() }
      }),
    ),
    heard('SIGUSR2').pipe(
      map(
        (): ReloadSignal => ({
          scope: 'config',
          depth: 'check',
          origin: 'signal',
          at: scheduler.now(),
        }),
      ),
    ),
  )
}
