/**
 * The configuration in its layers: file and environment through the entry's reader, then what the
 * database holds on top of them. Used at the start, at every reload of the configuration and for
 * the dumps.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Result } from '../core/result.ts'
import { BackendFailure } from '../errors/backend-failure.ts'
import type { Observe } from '../observe/observation.ts'
import { compileClaimPath } from './claims/claim-path.ts'
import type { Config } from './config.ts'
import type { LoadedConfig } from './load-config.ts'
import { reloadConfig } from './reload-config.ts'

/** Reads the file and the environment anew. */
export type ReadConfig = (layers: {
  readonly databaseSettings?: ReadonlyMap<string, string>
  readonly previous?: Config
}) => Result<LoadedConfig, readonly string[]>

export interface ConfigLoaderDeps {
  readonly read: ReadConfig
  readonly database: {
    /** What the database holds of the configuration. Rejects with BackendFailure. */
    readonly databaseSettings: (
      config: Config,
      signal: AbortSignal,
    ) => Promise<ReadonlyMap<string, string>>
  }
  /** The configuration in use: its boot options stay. */
  readonly current: () => Config
  readonly tellWarnings: TellWarnings
  readonly observe: Observe
}

/** Tells of the slips in a configuration that was read. */
export type TellWarnings = (warnings: readonly string[]) => void

/** At the start, and at a reload when they are others than before. */
export function createConfigWarnings(observe: Observe): TellWarnings {
  let told: readonly string[] = []
  return (warnings) => {
    if (warnings.length > 0 && !isDeepStrictEqual(told, warnings)) {
      observe({ kind: 'config-warnings', warnings })
    }
    told = warnings
  }
}

/** At the start, and again at each reload that still has it. */
export function warnOfDeprecations(config: Config, observe: Observe): void {
  const path = compileClaimPath(config.jwtRoleClaimKey)
  if (path.ok && path.value.deprecated) {
    observe({ kind: 'deprecated-claim-key', before: path.value.dump, value: path.value.suggestion })
  }
}

/**
 * Loads every layer at each call. A database that cannot be asked for its settings is observed; the
 * ones that it told last stay in force.
 *
 * Errors  every problem of file, environment and in-database settings
 */
export function createConfigLoader(
  deps: ConfigLoaderDeps,
): (signal: AbortSignal) => Promise<Result<Config, readonly string[]>> {
  const { read, tellWarnings, observe } = deps
  let lastSettings: ReadonlyMap<string, string> = new Map()

  async function readSettings(
    config: Config,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    if (!config.dbConfig) return new Map()
    try {
      lastSettings = await deps.database.databaseSettings(config, signal)
    } catch (failure) {
      if (!(failure instanceof BackendFailure)) throw failure
      observe({ kind: 'config-settings-failed', error: failure.error })
    }
    return lastSettings
  }

  return async (signal) => {
    const previous = deps.current()
    const outside = read({ previous })
    if (!outside.ok) return outside
    const databaseSettings = await readSettings(outside.value.config, signal)
    const whole = databaseSettings.size === 0 ? outside : read({ databaseSettings, previous })
    if (!whole.ok) return whole
    tellWarnings(whole.value.warnings)
    const { config, needsRestart } = reloadConfig(previous, whole.value.config)
    if (needsRestart.length > 0) observe({ kind: 'config-needs-restart', options: needsRestart })
    warnOfDeprecations(config, observe)
    return { ok: true, value: config }
  }
}
