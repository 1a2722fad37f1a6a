/**
 * The poll: asks the database for its schema version every so often, for databases that do not tell
 * of changes, for changes that nobody announces, and in the place of a feed that is down.
 *
 * A look that fails makes the source down. A check is asked for when the version has moved since
 * the last look or is not the snapshot's, and at the first look that works after a failure, or in the
 * place of a feed: what was before it is not known.
 */
import {
  combineLatest,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  type SchedulerLike,
  scan,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import { describeFailure } from '../cache/describe-failure.ts'
import type { GenerationStore } from '../cache/generation-store.ts'
import { startDeadline } from '../cache/load-deadline.ts'
import type { SchemaReader } from '../cache/load-schema.ts'
import type { ReloadSignal } from '../cache/reload-signal.ts'
import type { SchemaVersion } from '../schema/catalog.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { SourceHealth } from './source-health.ts'

export interface VersionPollDeps {
  readonly reader: Pick<SchemaReader, 'schemaVersion'>
  readonly store: Pick<GenerationStore, 'current'>
  /** `db-schema-poll-interval` as it changes: milliseconds, 0: off. Replays its current value. */
  readonly intervalMs$: Observable<number>
  /** True while a feed that should tell of changes is down. Replays its current value. */
  readonly isNeeded$: Observable<boolean>
  readonly health: Pick<SourceHealth, 'report'>
  /** Called at each look that fails; ends the process where it is not to recover. */
  readonly onFailure: (failure: unknown) => void
  readonly scheduler: SchedulerLike
}

/** A look that takes longer makes the source down, though its answer is still waited for. */
const patienceMs = 5000

/** How often a poll that stands in for a feed asks, whatever the configuration says. */
const standInMs = 1000

/** The source's name in the health registry. */
const pollName = 'poll'

type Look =
  | {
      readonly kind: 'seen'
      readonly schemaVersion: SchemaVersion
      /** The snapshot in use is of this version. */
      readonly isCurrent: boolean
    }
  | { readonly kind: 'failed'; readonly failure: unknown }

interface Progress {
  /** Null: none yet, and nothing was missed before the first. */
  readonly look: Look | null
  readonly isNews: boolean
}

const nothingMissed: Progress = { look: null, isNews: false }
const somethingMissed: Progress = { look: { kind: 'failed', failure: null }, isNews: false }

function compare({ look: before }: Progress, look: Look): Progress {
  if (look.kind === 'failed') return { look, isNews: false }
  const isSame =
    before === null || (before.kind === 'seen' && before.schemaVersion === look.schemaVersion)
  return { look, isNews: !isSame || !look.isCurrent }
}

/** Signals for as long as it is subscribed to. Never errors, never completes. */
export function watchSchemaVersion(deps: VersionPollDeps): Observable<ReloadSignal> {
  const { reader, store, health, scheduler } = deps

  /** Never rejects. */
  async function look(): Promise<Look> {
    const { config, snapshot } = store.current()
    // under the options that the snapshot was loaded with: only so their versions compare
    const options = snapshot?.options ?? schemaOptions(config)
    // the question may have to wait behind a load, which has the same time limit
    const deadline = startDeadline(config.dbSchemaLoadTimeout, scheduler)
    try {
      const schemaVersion = await deadline.guard(reader.schemaVersion(options, deadline.signal))
      const isCurrent = store.current().snapshot?.schemaVersion === schemaVersion
      return { kind: 'seen', schemaVersion, isCurrent }
    } catch (failure) {
      return { kind: 'failed', failure }
    } finally {
      deadline.end()
    }
  }

  function report(look: Look): void {
    if (look.kind === 'seen') {
      health.report(pollName, 'up')
      return
    }
    health.report(pollName, 'down', describeFailure(look.failure).cause)
    deps.onFailure(look.failure)
  }

  /** Says that the source is down while the answer takes too long. */
  function lookPatiently(): Observable<Look> {
    const look$ = from(look())
    const tooLong$ = timer(patienceMs, scheduler).pipe(
      takeUntil(look$),
      tap(() => health.report(pollName, 'down', `no answer within ${patienceMs} ms`)),
      ignoreElements(),
    )
    return merge(tooLong$, look$)
  }

  function poll(intervalMs: number, before: Progress): Observable<ReloadSignal> {
    return timer(intervalMs, intervalMs, scheduler).pipe(
      exhaustMap(lookPatiently),
      tap(report),
      scan(compare, before),
      filter(({ isNews }) => isNews),
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

  return combineLatest([deps.intervalMs$, deps.isNeeded$]).pipe(
    map(([configuredMs, isNeeded]) => {
      if (!isNeeded) return { intervalMs: configuredMs, before: nothingMissed }
      const intervalMs = configuredMs === 0 ? standInMs : Math.min(configuredMs, standInMs)
      return { intervalMs, before: somethingMissed }
    }),
    distinctUntilChanged((a, b) => a.intervalMs === b.intervalMs),
    switchMap(({ intervalMs, before }) => {
      health.report(pollName, intervalMs === 0 ? 'off' : 'up')
      return intervalMs === 0 ? NEVER : poll(intervalMs, before)
    }),
  )
}
