/**
 * What the parts of one reload share: what was asked for, on which state, with which effects.
 */
import type { SchedulerLike } from 'rxjs'
import type { Config } from '../config/config.ts'
import type { Result } from '../core/result.ts'
import type { SchemaChange } from '../schema/schema-change.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { TakeWaiting } from './conflate-map.ts'
import type { LoadDeadline } from './load-deadline.ts'
import type { LoadDeps } from './load-schema.ts'
import type { ReloadOrder } from './reload-order.ts'
import { deeper, type ReloadSignal, type ReloadTimes, widerScope } from './reload-signal.ts'
import type { ReloadState } from './reload-state.ts'
import type { OwedLoad, ReloadStep } from './reload-step.ts'

export interface PerformDeps extends LoadDeps {
  /** File, environment and in-database settings → a configuration, or what is wrong with it. */
  readonly loadConfig: (signal: AbortSignal) => Promise<Result<Config, readonly string[]>>
  /**
   * Runs before each load, checks apart: connects, and waits until the feed that guards the load is
   * open. When it rejects the load fails, but the configuration is read all the same.
   */
  readonly beforeLoad?: (signal: AbortSignal) => Promise<void>
  readonly diffSnapshots: (
    previous: SchemaSnapshot | null,
    next: SchemaSnapshot,
  ) => Promise<readonly SchemaChange[]>
  /** Milliseconds for one whole reload. */
  readonly deadlineMs: () => number
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

export interface ReloadRun {
  readonly order: ReloadOrder
  /** As the reload finds it: nothing but its own steps changes it meanwhile. */
  readonly state: ReloadState
  /** Before the database is looked at, orders that wait may join this one. */
  readonly takeWaiting: TakeWaiting<ReloadOrder>
  /** Aborted when the server stops: what runs is given up. */
  readonly stop: AbortSignal
}

export type Steps<Return = void> = AsyncGenerator<ReloadStep, Return, undefined>

/** What the parts of one reload share. */
export interface Reload extends ReloadRun {
  readonly deps: PerformDeps
  /** Milliseconds on the scheduler's clock. */
  readonly beganAt: number
}

export interface TimedReload extends Reload {
  readonly deadline: LoadDeadline
  /** Merges the order that waits into this one, if it asks for the schema alone. */
  readonly joinLate: () => ReloadOrder
}

export function timesOf({ order, deps, beganAt }: Reload): ReloadTimes {
  return { durationMs: deps.scheduler.now() - beganAt, queuedMs: beganAt - order.signal.at }
}

/** What a reload of the schema, perhaps of both parts, is to achieve. */
export interface Goal {
  /** What was asked for, and what an earlier load still owes. */
  readonly signal: ReloadSignal
  /** It loads whatever the version says: a load was asked for, or is owed. */
  readonly mustLoad: boolean
  readonly owed: OwedLoad | null
}

export function goalOf({ signal }: ReloadOrder, owed: OwedLoad | null): Goal {
  const scope = owed === null ? signal.scope : widerScope(signal.scope, owed.scope)
  const depth = owed === null ? signal.depth : deeper(signal.depth, owed.depth)
  return { signal: { ...signal, scope, depth }, mustLoad: depth !== 'check', owed }
}
