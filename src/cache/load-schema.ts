/**
 * One look at the database: its schema version → unchanged, or its catalog → a new snapshot. What
 * becomes of the result is decided by `perform-reload.ts`.
 */
import { isDeepStrictEqual } from 'node:util'
import { BackendFailure } from '../errors/backend-failure.ts'
import type { Catalog, SchemaLook, SchemaVersion } from '../schema/catalog.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { LoadDeadline } from './load-deadline.ts'
import type { ReloadDepth } from './reload-signal.ts'

/** What the pipeline wants of a backend: the part of its interface that loads schemas. */
export interface SchemaReader {
  /** Cheap. Rejects with BackendFailure. */
  schemaVersion(
    options: SchemaOptions,
    signal: AbortSignal,
    look?: SchemaLook,
  ): Promise<SchemaVersion>
  /**
   * A load finds out what changed by the same look that the version takes: a check that would look at
   * the whole schema loads at once. False where it is absent.
   */
  readonly loadsWhatChanged?: boolean
  /**
   * The catalog carries the version that was read before the rows it labels, so that what changes
   * in between makes the next check load again. Rejects with BackendFailure.
   */
  introspect(request: {
    readonly options: SchemaOptions
    readonly previous: SchemaSnapshot | null
    readonly depth: Exclude<ReloadDepth, 'check'>
    readonly found?: SchemaVersion
    readonly signal: AbortSignal
  }): Promise<Catalog>
}

export interface LoadDeps {
  readonly reader: SchemaReader
  readonly buildSnapshot: (
    catalog: Catalog,
    options: SchemaOptions,
    snapshotVersion: number,
    loadedAt: Date,
    /** What is the same is taken over from it. */
    previous: SchemaSnapshot | null,
  ) => Promise<SchemaSnapshot>
  /** Milliseconds, for durations. */
  readonly stopwatch: () => number
}

export interface LoadOrder {
  readonly depth: ReloadDepth
  readonly options: SchemaOptions
  readonly previous: SchemaSnapshot | null
  readonly loadedAt: Date
  /** The last load failed or was missed: a check loads without asking whether the version moved. */
  readonly mustLoad: boolean
  /** How a check asks for the version. */
  readonly look: SchemaLook
}

export type LoadResult =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'loaded'
      readonly snapshot: SchemaSnapshot
      /** Null: the version was not asked for. */
      readonly checkMs: number | null
      readonly queryMs: number
      readonly timings: Catalog['timings']
      readonly buildMs: number
    }
  /** `schemaVersion` is that at which it failed; null when the database did not tell. */
  | {
      readonly kind: 'failed'
      readonly failure: unknown
      readonly schemaVersion: SchemaVersion | null
    }

/** Tries of one load, while its failures may be retried at once. */
const maxTries = 5

function mayRetryAtOnce(failure: unknown): boolean {
  return failure instanceof BackendFailure && failure.mayRetryAtOnce
}

/** Whether it is of use to ask the database anything after this. */
function isAnswering(failure: unknown): boolean {
  return failure instanceof BackendFailure && failure.error.kind === 'database'
}

/** Never rejects: what the reader or the build threw is the failure. */
export async function loadSchema(
  order: LoadOrder,
  deadline: LoadDeadline,
  deps: LoadDeps,
): Promise<LoadResult> {
  const { depth, options, previous, mustLoad, look } = order
  const { reader, stopwatch } = deps
  const { signal, guard } = deadline

  async function readCatalog(found: SchemaVersion | null): Promise<Catalog> {
    const reuse = depth === 'full' ? 'full' : 'load'
    const request = { options, previous, depth: reuse, signal } as const
    for (let tries = 1; ; tries += 1) {
      try {
        return await guard(reader.introspect(found === null ? request : { ...request, found }))
      } catch (failure) {
        if (!mayRetryAtOnce(failure) || tries === maxTries) throw failure
      }
    }
  }

  /** The schema version that a failure is labelled with; null where the database does not tell. */
  async function readSchemaVersion(): Promise<SchemaVersion | null> {
    try {
      return await guard(reader.schemaVersion(options, signal, 'whole'))
    } catch {
      return null
    }
  }

  try {
    let found: SchemaVersion | null = null
    let checkMs: number | null = null
    const isCheck = depth === 'check' && previous !== null && !mustLoad
    const isOneLook =
      isCheck &&
      reader.loadsWhatChanged === true &&
      look === 'whole' &&
      isDeepStrictEqual(options, previous.options)
    if (isCheck && !isOneLook) {
      // under the options of the snapshot that it is compared with: changed ones wait for a load
      const checkStart = stopwatch()
      found = await guard(reader.schemaVersion(previous.options, signal, look))
      checkMs = stopwatch() - checkStart
      if (found === previous.schemaVersion) return { kind: 'unchanged' }
    }
    const queryStart = stopwatch()
    const catalog = await readCatalog(found)
    const queryMs = stopwatch() - queryStart
    if (isOneLook && catalog.schemaVersion === previous.schemaVersion) return { kind: 'unchanged' }
    const buildStart = stopwatch()
    const snapshotVersion = (previous?.snapshotVersion ?? 0) + 1
    // a full load makes everything anew, whatever could be wrong with what there is
    const known = depth === 'full' ? null : previous
    const snapshot = await guard(
      deps.buildSnapshot(catalog, options, snapshotVersion, order.loadedAt, known),
    )
    const buildMs = stopwatch() - buildStart
    const { timings } = catalog
    return { kind: 'loaded', snapshot, checkMs, queryMs, timings, buildMs }
  } catch (failure) {
    const schemaVersion = isAnswering(failure) ? await readSchemaVersion() : null
    return { kind: 'failed', failure, schemaVersion }
  }
}
