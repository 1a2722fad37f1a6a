/**
 * What the probes say, as pure functions of the server's state.
 *
 * `/ready` is PostgREST's probe: it says no after a failed load, though requests are still served.
 * `/health` is what a load balancer should ask: yes whenever requests are answered. Both say no
 * while the server leaves.
 */
import type { CacheState } from '../cache/cache-state.ts'
import type { WorkerStatus } from '../observe/worker-status.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export interface ServerState {
  readonly cache: CacheState
  /** The API socket is bound and stands; with workers, at least one of them takes requests. */
  readonly apiIsAlive: boolean
  /** A stop was asked for: requests are answered for a while, but no more of them are to be sent. */
  readonly isLeaving: boolean
  /** Told by the listener where it is enabled, else by asking through the pool. */
  readonly databaseIsReachable: boolean
}

/** Null: there are none beside this process. */
export function everyWorkerListens(workers: readonly WorkerStatus[] | null): boolean {
  return workers?.every(({ state }) => state === 'listening') ?? true
}

/** Whether every process that is sent requests answers them by the newest schema. */
export function everyProcessIsCurrent(
  { apiIsAlive, isLeaving }: Pick<ServerState, 'apiIsAlive' | 'isLeaving'>,
  workers: readonly WorkerStatus[] | null,
): boolean {
  const taking = workers?.filter(({ state }) => state === 'listening') ?? []
  return apiIsAlive && !isLeaving && taking.every(({ current }) => current)
}

/** Rule  PostgREST docs: admin_server (Ready) */
export function readyStatus(state: ServerState): number {
  const { cache, apiIsAlive, isLeaving, databaseIsReachable } = state
  if (cache.kind !== 'ready' || !databaseIsReachable || isLeaving) return 503
  return apiIsAlive ? 200 : 500
}

/** The snapshot that requests are served from; null while there is none. */
export function servedSnapshot(cache: CacheState): SchemaSnapshot | null {
  switch (cache.kind) {
    case 'starting':
      return null
    case 'ready':
    case 'retrying':
      return cache.snapshot
  }
}

export type Health = 'ok' | 'degraded' | 'unavailable'

/**
 * `degraded`: requests are answered, but a load failed, a source of triggers is down, or a policy
 * does not fit the schema.
 */
export function health(state: ServerState, everyPartWorks: boolean): Health {
  const answers = servedSnapshot(state.cache) !== null && state.apiIsAlive && !state.isLeaving
  if (!answers || !state.databaseIsReachable) return 'unavailable'
  return state.cache.kind === 'ready' && everyPartWorks ? 'ok' : 'degraded'
}
