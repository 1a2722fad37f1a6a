/**
 * The `db-pool` options → how many requests an engine serves at once, and how long it keeps what
 * serves them (connections on PostgreSQL, processes on SQLite), in the unit of timers.
 */
import type { Config } from '../../config/config.ts'

export interface PoolLimits {
  readonly max: number
  /** How long a request waits for its turn. */
  readonly acquisitionTimeoutMs: number
  /** How long an unused connection or process is kept. */
  readonly maxIdleMs: number
  /** Age at which a connection or process is replaced, once it is not in use. */
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
