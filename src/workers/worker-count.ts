/**
 * How many processes answer requests, and what each of them has of the connections to the database.
 */
import type { Config } from '../config/config.ts'

/** `processors`: what `auto` stands for. */
export function workerCount(
  { serverWorkers }: Pick<Config, 'serverWorkers'>,
  processors: number,
): number {
  return serverWorkers === 'auto' ? Math.max(1, processors) : serverWorkers
}

/**
 * `db-pool` is divided; of what is left over the first workers get one more each. None goes without,
 * so that a pool smaller than the number of workers is exceeded.
 *
 * @param worker 1, 2, 3 …
 */
export function poolShare(dbPool: number, worker: number, workers: number): number {
  return Math.max(1, Math.floor(dbPool / workers) + (worker <= dbPool % workers ? 1 : 0))
}

/** What all of them have together. */
export function connectionsOf(dbPool: number, workers: number): number {
  return Math.max(dbPool, workers)
}
