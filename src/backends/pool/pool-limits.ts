/**
 * How many requests an engine may serve at once, and how long what serves them is kept: the `db-pool`
 * options in the units of timers. What is counted is the engine's matter: connections, processes.
 */
import type { Config } from '../../config/config.ts'

export interface PoolLimits {
  readonly max: number
  /** How long a request waits for its turn. */
  readonly acquisitionTimeoutMs: number
  /** How long what is not used is kept. */
  readonly maxIdleMs: number
  /** After which it is replaced, once it is not used. */
  readonly maxLifetimeMs: number
}

/** Units  the options are in seconds */
export function poolLimits(
  config: Pick<
    Config,
    'dbPool' | 'dbPoolAcquisitionTimeout' | 'dbPoolMaxIdletime' | 'dbPoolMaxLifetime'
  >,
): PoolLimits {
  return {
    max: config.dbPool,
    acquisitionTimeoutMs: config.dbPoolAcquisitionTimeout * 1000,
    maxIdleMs: config.dbPoolMaxIdletime * 1000,
    maxLifetimeMs: config.dbPoolMaxLifetime * 1000,
  }
}
