/**
 * The configuration in its layers: file and environment through the entry's reader, then what the
 * database holds on top of them. Used at the start, at every reload of the configuration and for
 * the dumps.
 */
import type { Backend } from './backends/backend.ts'
import { compileClaimPath } from './config/claim-path.ts'
import type { Config } from './config/config.ts'
import { reloadConfig } from './config/reload-config.ts'
import type { Result } from './core/result.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import type { Observe } from './observe/observation.ts'

/** Reads the file and the environment anew. */
export type ReadConfig = (layers: {
  readonly databaseSettings?: ReadonlyMap<string, string>
  readonly previous?: Config
}) => Result<Config, readonly string[]>

export interface LayersDeps {
  readonly read: ReadConfig
  readonly database: Pick<Backend, 'databaseSettings'>
  /** The configuration in use: its boot options stay. */
  readonly previous: Config
  readonly observe: Observe
  readonly signal: AbortSignal
}

/** At the start, and again at each reload that still has it. */
export function warnOfDeprecations(config: Config, observe: Observe): void {
  const path = compileClaimPath(config.jwtRoleClaimKey)
  if (path.ok && path.value.deprecated) {
    observe({ kind: 'deprecated-claim-key', before: path.value.dump, value: path.value.suggestion })
  }
}

/**
 * Errors  every problem of file, environment and in-database settings; a database that cannot be
 *         asked for its settings is observed, and the other layers count
 */
export async function readLayeredConfig(
  deps: LayersDeps,
): Promise<Result<Config, readonly string[]>> {
  const { read, previous, observe } = deps
  const outside = read({ previous })
  if (!outside.ok) return outside
  let next = outside.value
  if (next.dbConfig) {
    try {
      const databaseSettings = await deps.database.databaseSettings(next, deps.signal)
      const whole = read({ databaseSettings, previous })
      if (!whole.ok) return whole
      next = whole.value
    } catch (failure) {
      if (!(failure instanceof BackendFailure)) throw failure
      observe({ kind: 'config-settings-failed', error: failure.error })
    }
  }
  const { config, needsRestart } = reloadConfig(previous, next)
  if (needsRestart.length > 0) observe({ kind: 'config-needs-restart', options: needsRestart })
  warnOfDeprecations(config, observe)
  return { ok: true, value: config }
}
