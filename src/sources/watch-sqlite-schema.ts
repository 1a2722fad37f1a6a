/**
 * Polls a SQLite file: its schema version, and which file it is, since another one may have been
 * put in its place. Requests see changes by themselves; this keeps the root and the dashboard
 * fresh, and tells a file that vanished or broke.
 *
 * A read that hangs or fails makes the source down, once; the first that works again makes a
 * signal, as does the first of all: what changed before it is not known.
 */
import {
  catchError,
  defer,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  NEVER,
  type Observable,
  of,
  type SchedulerLike,
  scan,
  switchMap,
  take,
  throwError,
  timeout,
  timer,
} from 'rxjs'
import type { ReloadDepth, ReloadSignal } from '../cache/reload-signal.ts'
import type { SourceHealth } from './source-health.ts'

/** What one look at the file tells. Texts are compared, not understood. */
export interface SqliteSchemaState {
  readonly version: string
  /** Device and inode, or whatever tells one file from another under the same name. */
  readonly file: string
}

type Look =
  | { readonly kind: 'seen'; readonly state: SqliteSchemaState }
  | { readonly kind: 'failed'; readonly cause: string }

interface Progress {
  readonly look: Look | null
  /** How deep a reload what was seen asks for; null: nothing new. */
  readonly depth: ReloadDepth | null
}

export const sqliteName = 'sqlite'

/** A look that takes longer counts as failed. */
const lookLimitMs = 5000

function compare({ look: before }: Progress, look: Look): Progress {
  if (look.kind === 'failed') return { look, depth: null }
  if (before === null || before.kind === 'failed') return { look, depth: 'check' }
  // another file may have the same version
  if (before.state.file !== look.state.file) return { look, depth: 'load' }
  return { look, depth: before.state.version === look.state.version ? null : 'check' }
}

export function watchSqliteSchema(deps: {
  readonly read: () => Promise<SqliteSchemaState>
  /** `db-schema-poll-interval` as it changes: milliseconds, 0: off. Replays its current value. */
  readonly intervalMs$: Observable<number>
  readonly health: Pick<SourceHealth, 'report'>
  readonly scheduler: SchedulerLike
}): Observable<ReloadSignal> {
  const { health, scheduler } = deps

  const look$ = defer(() => from(deps.read())).pipe(
    map((state): Look => ({ kind: 'seen', state })),
    timeout({
      each: lookLimitMs,
      scheduler,
      with: () => throwError(() => new Error(`no answer within ${lookLimitMs} ms`)),
    }),
    catchError((failure: unknown) => {
      const cause = failure instanceof Error ? failure.message : String(failure)
      return of<Look>({ kind: 'failed', cause })
    }),
    take(1),
  )

  function poll(intervalMs: number): Observable<ReloadSignal> {
    return timer(0, intervalMs, scheduler).pipe(
      exhaustMap(() => look$),
      scan(
        (progress: Progress, look) => {
          if (look.kind === 'seen') health.report(sqliteName, 'up')
          else health.report(sqliteName, 'down', look.cause)
          return compare(progress, look)
        },
        { look: null, depth: null },
      ),
      map(({ depth }) => depth),
      filter((depth) => depth !== null),
      map(
        (depth): ReloadSignal => ({ scope: 'schema', depth, origin: 'poll', at: scheduler.now() }),
      ),
    )
  }

  return deps.intervalMs$.pipe(
    distinctUntilChanged(),
    switchMap((intervalMs) => {
      if (intervalMs > 0) return poll(intervalMs)
      health.report(sqliteName, 'off')
      return NEVER
    }),
  )
}
