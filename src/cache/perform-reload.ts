/**
 * One reload, step by step: get ready, the configuration, the schema. Changes nothing: it returns
 * what it found, and `reload-pipeline.ts` publishes it or keeps what was there.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import type { Result } from '../core/result.ts'
import type { BackendFailure } from '../errors/backend-failure.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { SchemaOptions } from '../schema/schema-snapshot.ts'
import { describeFailure } from './describe-failure.ts'
import type { Generation } from './generation-store.ts'
import type { LoadDeadline } from './load-deadline.ts'
import { type LoadDeps, type LoadResult, loadSchema } from './load-schema.ts'
import { deeper, type ReloadDepth, type ReloadSignal } from './reload-signal.ts'

export interface PerformDeps extends LoadDeps {
  /** File, environment and in-database settings → a configuration, or what is wrong with it. */
  readonly loadConfig: (signal: AbortSignal) => Promise<Result<Config, readonly string[]>>
  /**
   * Runs before each load, checks apart: the composition root connects and waits until the
   * listener listens. When it rejects the load fails, but the configuration is read all the same.
   */
  readonly beforeLoad?: (order: ReloadSignal, signal: AbortSignal) => Promise<void>
  /** A failure on which the process is to end. */
  readonly onFatal: (failure: BackendFailure) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface PerformOrder {
  readonly signal: ReloadSignal
  readonly generation: Generation
  /** How deep the load that failed last was to go; null when none is owed. */
  readonly owedDepth: ReloadDepth | null
  /**
   * Called when the configuration was read, with what differs from the one in use, and whether a
   * load follows that it is to be published with.
   */
  readonly onConfig: (
    read: Result<Config, readonly string[]>,
    changed: Config | null,
    isLoadAhead: boolean,
  ) => void
  /** Called when the database is about to be looked at: orders that came meanwhile join in. */
  readonly joinLate: () => ReloadSignal
}

export interface Performed {
  /** The configuration that was read, where it differs from the one in use. */
  readonly config: Config | null
  /** Why none could be read. */
  readonly configProblem: string | null
  /** With the depth it was looked for at; null: not asked for. */
  readonly schema: { readonly result: LoadResult; readonly depth: ReloadDepth } | null
}

async function tryTo(work: () => Promise<unknown>): Promise<{ readonly failure: unknown } | null> {
  try {
    await work()
    return null
  } catch (failure) {
    return { failure }
  }
}

async function readConfig(
  deps: PerformDeps,
  deadline: LoadDeadline,
): Promise<Result<Config, readonly string[]>> {
  try {
    return await deadline.guard(deps.loadConfig(deadline.signal))
  } catch (failure) {
    const { cause, fatal } = describeFailure(failure)
    if (fatal !== null) deps.onFatal(fatal)
    return { ok: false, error: [cause] }
  }
}

/**
 * A check looks under the options that the snapshot was loaded with, unless the load that changed
 * ones wait for may have been missed: while nobody listened.
 */
function missesOptions(
  { scope, origin }: ReloadSignal,
  options: SchemaOptions,
  loaded: Generation,
) {
  if (scope !== 'both' && origin !== 'listener-connected') return false
  return !isDeepStrictEqual(options, loaded.snapshot?.options)
}

/** Never rejects but for a bug of a callback. */
export async function performReload(
  order: PerformOrder,
  deadline: LoadDeadline,
  deps: PerformDeps,
): Promise<Performed> {
  const { signal, generation, owedDepth } = order
  const { beforeLoad } = deps
  const wantsSchema = signal.scope !== 'config'
  const isLoad = signal.depth !== 'check' || owedDepth !== null
  const unready =
    wantsSchema && isLoad && beforeLoad !== undefined
      ? await tryTo(() => deadline.guard(beforeLoad(signal, deadline.signal)))
      : null

  let config: Config | null = null
  let configProblem: string | null = null
  let options = schemaOptions(generation.config)
  let mustLoad = owedDepth !== null || missesOptions(signal, options, generation)
  if (signal.scope !== 'schema') {
    const read = await readConfig(deps, deadline)
    if (!read.ok) configProblem = read.error.join('; ')
    else if (!isDeepStrictEqual(read.value, generation.config)) config = read.value
    options = schemaOptions(config ?? generation.config)
    mustLoad = owedDepth !== null || missesOptions(signal, options, generation)
    order.onConfig(read, config, wantsSchema && (signal.depth !== 'check' || mustLoad))
  }
  if (!wantsSchema) return { config, configProblem, schema: null }

  const asked = order.joinLate().depth
  const depth = owedDepth === null ? asked : deeper(asked, owedDepth)
  const result: LoadResult =
    unready !== null
      ? { kind: 'failed', failure: unready.failure, version: null }
      : await loadSchema(
          {
            depth,
            options,
            previous: generation.snapshot,
            loadedAt: new Date(deps.now()),
            mustLoad,
          },
          deadline,
          deps,
        )
  return { config, configProblem, schema: { result, depth } }
}
