/**
 * The poll: asks the database for its schema version every so often, for databases that do not tell
 * of changes, for changes that nobody announces, and in the place of a feed that is down.
 *
 * It takes a small share of the database's time: the more a look costs, the longer the pause. Where
 * several processes look at the same, one look serves them all (`fleet.ts`).
 *
 * A look that fails makes the source down. A check is asked for when the version has moved since
 * the last look or is not the snapshot's, and at the first look that works after a failure, or in the
 * place of a feed: what was before it is not known.
 */
import {
  combineLatest,
  defer,
  distinctUntilChanged,
  filter,
  from,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  repeat,
  type SchedulerLike,
  scan,
  startWith,
  switchMap,
  take,
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
import type { SchemaOptions } from '../schema/schema-snapshot.ts'
import type { Fleet } from './fleet.ts'
import type { SourceHealth } from './source-health.ts'

export interface VersionPollDeps {
  readonly reader: Pick<SchemaReader, 'schemaVersion'>
  readonly store: Pick<GenerationStore, 'current'>
  /** `db-schema-poll-interval` as it changes: milliseconds, 0: off. Replays its current value. */
  readonly intervalMs$: Observable<number>
  /** True while a feed that should tell of changes is down. Replays its current value. */
  readonly isNeeded$: Observable<boolean>
  /**
   * Emits once the first load has ended, however; replays that. A look before would wait behind it,
   * find that nothing is served yet, and ask for what the load has just done.
   */
  readonly started$: Observable<unknown>
  /**
   * Milliseconds of the pause where that is longer than the interval, because a feed tells of every
   * change; null: it does not. Not asked while the poll stands in for a feed.
   */
  readonly restMs: () => number | null
  /** Those who look at the same; null: there is no way to hear of them. */
  readonly fleet: Fleet | null
  readonly health: Pick<SourceHealth, 'report' | 'proved'>
  /** Called at each look that fails; ends the process where it is not to recover. */
  readonly onFailure: (failure: unknown) => void
  readonly scheduler: SchedulerLike
}

/** A look that takes longer makes the source down, though its answer is still waited for. */
const patienceMs = 5000

/** How often a poll that stands in for a feed asks, whatever the configuration says. */
const standInMs = 1000

/** A look may take one part of this many of the time: 3 % of one core of the database. */
const lookShare = 33

/** The cost of a look is the least of so many: one of them may have waited behind a load. */
const looksRemembered = 3

/**
 * After so many pauses a process looks for itself, however often others say that they have, since any role
 * of the database can say so; after a minute in any case where one pause is shorter.
 */
const ownLookPauses = 10
const mostOwnLookMs = 60_000

/** The source's name in the health registry. */
const pollName = 'poll'

type Look =
  | {
      readonly kind: 'seen'
      readonly schemaVersion: SchemaVersion
      /** What was asked for. */
      readonly options: SchemaOptions
      /** The snapshot in use is of this version. */
      readonly isCurrent: boolean
    }
  | { readonly kind: 'failed'; readonly failure: unknown }

interface Progress {
  /** Null: none yet, and nothing was missed before the first. */
  readonly look: Look | null
  readonly isNews: boolean
}

interface Rhythm {
  /** Milliseconds, 0: off. */
  readonly intervalMs: number
  /** What is known when the first look is taken. */
  readonly before: Progress
  /** The poll stands in for a feed that is down. */
  readonly isNeeded: boolean
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
  const { reader, store, health, fleet, scheduler } = deps

  /** Never rejects. */
  async function look(): Promise<Look> {
    const { config, snapshot } = store.current()
    // under the options that the snapshot was loaded with: only so their versions compare
    const options = snapshot?.options ?? schemaOptions(config)
    // the question may have to wait behind a load, which has the same time limit
    const deadline = startDeadline(config.dbSchemaLoadTimeout, scheduler)
    try {
      const schemaVersion = await deadline.guard(
        reader.schemaVersion(options, deadline.signal, 'quick'),
      )
      const isCurrent = store.current().snapshot?.schemaVersion === schemaVersion
      return { kind: 'seen', schemaVersion, options, isCurrent }
    } catch (failure) {
      return { kind: 'failed', failure }
    } finally {
      deadline.end()
    }
  }

  function report(look: Look): void {
    if (look.kind === 'seen') {
      health.report(pollName, 'up')
      health.proved(pollName)
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

  function poll({ intervalMs, before, isNeeded }: Rhythm): Observable<ReloadSignal> {
    return defer(() => {
      let costs: readonly number[] = []
      const pauseMs = () => {
        const restMs = isNeeded ? 0 : (deps.restMs() ?? 0)
        const costMs = costs.length === 0 ? 0 : Math.min(...costs)
        return Math.max(intervalMs, restMs, costMs * lookShare)
      }
      const look$ = defer(() => {
        const start = scheduler.now()
        return lookPatiently().pipe(
          tap((seen) => {
            if (seen.kind === 'seen')
              costs = [scheduler.now() - start, ...costs].slice(0, looksRemembered)
          }),
        )
      })
      const looks$ = due(pauseMs).pipe(
        switchMap(() => look$),
        repeat(),
      )
      return deps.started$.pipe(
        take(1),
        switchMap(() => looks$),
      )
    }).pipe(
      tap(report),
      scan(compare, before),
      tap(({ look, isNews }) => {
        if (look?.kind === 'seen') fleet?.looked(look.options, isNews)
      }),
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

  /** Emits once, when it is time to look. A look of somebody else begins the pause anew, for some time. */
  function due(pauseMs: () => number): Observable<unknown> {
    if (fleet === null) return defer(() => timer(pauseMs(), scheduler))
    // what others say proves nothing: the source is proven by its own looks
    const looks$ = fleet.looked$.pipe(map(() => fleet.followerPauseMs(pauseMs())))
    const ownLookMs = () => Math.max(pauseMs(), Math.min(ownLookPauses * pauseMs(), mostOwnLookMs))
    return defer(() => {
      const pauses$ = looks$.pipe(startWith(fleet.leaderPauseMs(pauseMs())))
      const quiet$ = pauses$.pipe(switchMap((ms) => timer(ms, scheduler)))
      return merge(quiet$, timer(ownLookMs(), scheduler))
    }).pipe(take(1))
  }

  return combineLatest([deps.intervalMs$, deps.isNeeded$]).pipe(
    map(([configuredMs, isNeeded]): Rhythm => {
      if (!isNeeded) return { intervalMs: configuredMs, before: nothingMissed, isNeeded }
      const intervalMs = configuredMs === 0 ? standInMs : Math.min(configuredMs, standInMs)
      return { intervalMs, before: somethingMissed, isNeeded }
    }),
    distinctUntilChanged((a, b) => a.intervalMs === b.intervalMs),
    switchMap((rhythm) => {
      const isOff = rhythm.intervalMs === 0
      health.report(pollName, isOff ? 'off' : 'up')
      return isOff ? NEVER : poll(rhythm)
    }),
  )
}
