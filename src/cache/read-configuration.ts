/**
 * The configuration's part of a reload: read, compared with the one in use, and put into use at
 * once or together with the schema that is loaded under it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { err, type Result } from '../core/result.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { SchemaOptions } from '../schema/schema-snapshot.ts'
import { describeFailure } from './describe-failure.ts'
import type { Goal, Reload, Steps, TimedReload } from './reload-run.ts'

export interface ConfigReading {
  /** The configuration read, where it differs from the one in use; else null. */
  readonly config: Config | null
  /** It came into use when it was read. */
  readonly isInUse: boolean
  /** Why the configuration could not be read; null when it was, or was not asked for. */
  readonly problem: string | null
}

export const notRead: ConfigReading = { config: null, isInUse: false, problem: null }

/**
 * Reads the configuration. A changed one comes into use at once, with one exception: where a load
 * follows, the two are published together, unless somebody asked for the configuration alone.
 *
 * @param goal null: the schema is not looked at
 */
export async function* readConfiguration(
  work: TimedReload,
  goal: Goal | null,
): Steps<ConfigReading> {
  const { order, state, deadline, deps } = work
  const inUse = state.generation.config
  let read: Result<Config, readonly string[]>
  let failure: unknown = null
  try {
    read = await deadline.guard(deps.loadConfig(deadline.signal))
  } catch (thrown) {
    failure = thrown
    read = err([describeFailure(thrown).cause])
  }
  const config = read.ok && !isDeepStrictEqual(read.value, inUse) ? read.value : null
  const options = schemaOptions(config ?? inUse)
  const isLoadAhead = goal !== null && (goal.mustLoad || optionsNeedLoad(work, goal, options))
  const isInUse = config !== null && (order.wantsConfigFirst || !isLoadAhead)
  yield { kind: 'config-read', read, publishes: isInUse ? config : null, failure }
  return { config, isInUse, problem: read.ok ? null : read.error.join('; ') }
}

/**
 * Whether a check has to load because options that shape the schema have changed.
 *
 * Such options act with the next load, and a check compares versions under the options that the
 * snapshot was loaded with: a check that clocks or clients repeat changes nothing about that. All
 * other signals come from somebody who tells of a change, or from a listener that is back and may
 * have missed the word: there a check is enough to make them act.
 */
export function optionsNeedLoad(
  { order, state }: Reload,
  goal: Goal,
  options: SchemaOptions,
): boolean {
  if (goal.signal.scope !== 'both' && order.urgency !== 'fresh') return false
  return !isDeepStrictEqual(options, state.generation.snapshot?.options)
}
