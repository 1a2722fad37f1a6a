/**
 * What a trigger asks for, how two requests merge into one, and how a reload can end.
 */
import type { AskingRequest } from '../observe/reload-record.ts'
import type { SnapshotDiff } from '../schema/schema-change.ts'

export type ReloadScope = 'schema' | 'config' | 'both'

/**
 * check: load only if the version moved · load: unchanged parts may be reused · full: nothing is
 */
export type ReloadDepth = 'check' | 'load' | 'full'

export const reloadOrigins = [
  'start',
  'notify',
  'listener-connected',
  'signal',
  'registry-file',
  'admin',
  'program',
  'poll',
  'change-stream',
  'sample',
  'stale-name',
  'stale-hit',
  'stale-mark',
  'retry',
  'connection-lost',
  'fleet',
] as const
export type ReloadOrigin = (typeof reloadOrigins)[number]

export interface ReloadSignal {
  readonly scope: ReloadScope
  readonly depth: ReloadDepth
  readonly origin: ReloadOrigin
  /** Of a stale name or a stale hit: who met it. Absent: nobody tells. */
  readonly request?: AskingRequest
  /** How many triggers of one kind it stands for, which came in one moment. Absent: one. */
  readonly times?: number
  /** Milliseconds on the scheduler's clock. */
  readonly at: number
}

/** A reload that somebody asks for, and waits for. */
export type ReloadRequest = Omit<ReloadSignal, 'at'>

/** Milliseconds of one reload. */
export interface ReloadTimes {
  /** The work alone. */
  readonly durationMs: number
  /** From the oldest trigger to the beginning of the work: another reload ran, or had just begun. */
  readonly queuedMs: number
}

export type ReloadOutcome = ReloadTimes &
  (
    | {
        readonly kind: 'published'
        /** Version of the snapshot now current. */
        readonly snapshotVersion: number
        readonly changes: SnapshotDiff
      }
    | {
        readonly kind: 'unchanged'
        readonly snapshotVersion: number
        /** A look at the version, or a load that found no difference. */
        readonly foundBy: 'check' | 'load'
      }
    | { readonly kind: 'failed'; readonly cause: string }
  )

const depths: readonly ReloadDepth[] = ['check', 'load', 'full']

export function deeper(a: ReloadDepth, b: ReloadDepth): ReloadDepth {
  return depths.indexOf(a) >= depths.indexOf(b) ? a : b
}

export function widerScope(a: ReloadScope, b: ReloadScope): ReloadScope {
  return a === b ? a : 'both'
}

/**
 * Union of scopes, greatest depth; the older one's origin, request and time stay. How deep a reload of the
 * configuration alone was asked for says nothing about the schema.
 */
export function mergeSignals(older: ReloadSignal, newer: ReloadSignal): ReloadSignal {
  const asking = [older, newer].filter(({ scope }) => scope !== 'config')
  const depth = (asking.length === 0 ? [older, newer] : asking)
    .map((signal) => signal.depth)
    .reduce(deeper)
  return { ...older, scope: widerScope(older.scope, newer.scope), depth }
}
