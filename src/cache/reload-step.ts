/**
 * What happens in one reload, step by step. `perform-reload.ts` makes them; the state is folded
 * from them (`reload-state.ts`), and log and metrics are told of them (`observations-of.ts`).
 *
 * began → retry-cancelled? → config-read? → loaded | unchanged | load-failed → ended
 * began → owed-load-checked → ended: a check that leaves an owed load to its retry
 */
import type { Config } from '../config/config.ts'
import type { Result } from '../core/result.ts'
import type { Catalog, SchemaVersion } from '../schema/catalog.ts'
import type { SchemaChange, SnapshotDiff } from '../schema/schema-change.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { ReloadOrder } from './reload-order.ts'
import type {
  ReloadDepth,
  ReloadOrigin,
  ReloadOutcome,
  ReloadScope,
  ReloadTimes,
} from './reload-signal.ts'

/** A load that failed, and is owed until one succeeds. */
export interface OwedLoad {
  readonly scope: ReloadScope
  readonly depth: Exclude<ReloadDepth, 'check'>
  /** Tries in this series that failed. */
  readonly attempt: number
  readonly cause: string
  /** The version at which the load failed; null when that is not known. */
  readonly failedAt: SchemaVersion | null
  /** The database could not be asked anything: any answer is worth a try. */
  readonly isSilent: boolean
  /** Milliseconds from the failure to the next try. */
  readonly retryInMs: number
}

interface ToldChanges {
  readonly details: readonly SchemaChange[]
  /** Their names. */
  readonly diff: SnapshotDiff
}

export type LoadedChanges =
  /** There was no schema before. */
  | (ToldChanges & { readonly kind: 'first' })
  | (ToldChanges & { readonly kind: 'some' })
  /** Nothing that anybody could see. */
  | { readonly kind: 'none' }
  /** They could not be worked out. */
  | { readonly kind: 'unknown' }

export type ReloadStep =
  | { readonly kind: 'began'; readonly order: ReloadOrder }
  /** This reload tries what an earlier one still owes: the retry that was due is not needed. */
  | { readonly kind: 'retry-cancelled' }
  | {
      readonly kind: 'config-read'
      readonly read: Result<Config, readonly string[]>
      /**
       * The configuration that comes into use now. Null: it is the one in use already, or it waits
       * to be published with the schema load that follows.
       */
      readonly publishes: Config | null
      /** Why it could not be read, where that is no problem of its text; else null. */
      readonly failure: unknown
    }
  | (ReloadTimes & {
      readonly kind: 'loaded'
      readonly origin: ReloadOrigin
      /** Where nothing changed the one in use, at most under the label of its newer version. */
      readonly snapshot: SchemaSnapshot
      /** Since the one that was in use. */
      readonly changes: LoadedChanges
      /** Published with it; null: the one in use stays. */
      readonly config: Config | null
      /** Null: the version was not asked for, a load was wanted anyway. */
      readonly checkMs: number | null
      readonly queryMs: number
      readonly timings: Catalog['timings']
      readonly buildMs: number
      readonly diffMs: number
    })
  | (ReloadTimes & { readonly kind: 'unchanged'; readonly snapshotVersion: number })
  | (ReloadTimes & {
      readonly kind: 'load-failed'
      readonly origin: ReloadOrigin
      readonly failure: unknown
      readonly owed: OwedLoad
      /** Comes into use although the load failed; null: the one in use stays. */
      readonly config: Config | null
      /** What the load was made with. */
      readonly options: SchemaOptions
      /** Milliseconds on the scheduler's clock. */
      readonly at: number
    })
  /** The owed load was left to its retry. */
  | {
      readonly kind: 'owed-load-checked'
      readonly found: Pick<OwedLoad, 'failedAt' | 'isSilent'>
      /** Why the database could not be asked; null when it was. */
      readonly failure: unknown
    }
  /** A bug of ours, which must not stop the pipeline. */
  | { readonly kind: 'crashed'; readonly failure: unknown }
  | {
      readonly kind: 'ended'
      /** The order, with all that joined it. */
      readonly order: ReloadOrder
      readonly outcome: ReloadOutcome
      /** Milliseconds on the scheduler's clock. */
      readonly at: number
    }
