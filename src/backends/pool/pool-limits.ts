/**
 * The `db-pool` options → how many requests an engine serves at once, and how long what serves them
 * is kept, in the unit of timers. What that is, the engines know: connections, processes.
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
