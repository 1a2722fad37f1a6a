/**
 * `GET /health` as JSON: how each part of the server is doing. Causes of failures name hosts, files
 * and relations; they are for whoever may read them.
 */
import type { ReloadTimes } from '../cache/reload-signal.ts'
import type { LastReload } from '../cache/reload-state.ts'
import { productName, productVersion } from '../core/product.ts'
import type { FleetStatus } from '../observe/fleet-status.ts'
import type { MarkStatus } from '../observe/mark-status.ts'
import type { SourceStatus } from '../observe/source-status.ts'
import type { WorkerStatus } from '../observe/worker-status.ts'
import type { UnreadableRelation, UnusableRoutine } from '../schema/catalog.ts'
import { unreadableName } from '../schema/unreadable-name.ts'
import { everyWorkerListens, health, type ServerState, servedSnapshot } from './readiness.ts'

export interface HealthReport {
  readonly status: number
  readonly body: unknown
}

/** A policy that does not fit the schema: its relation is denied to everybody. */
export interface DeniedByPolicy {
  readonly policy: string
  readonly relation: string
  readonly problem: string
}

/** What the server relies on beside its sources. */
export interface FreshnessParts {
  /** Null: other processes on the database cannot be heard. */
  readonly fleet: FleetStatus | null
  /** Null: the engine has none. `isNeeded`: no request is answered without it. */
  readonly schemaMark: (MarkStatus & { readonly isNeeded: boolean }) | null
}

interface Parts extends FreshnessParts {
  readonly sources: readonly SourceStatus[]
  readonly unbound: readonly DeniedByPolicy[]
  /** Null: this process answers requests. */
  readonly workers: readonly WorkerStatus[] | null
}

export function reportHealth(
  state: ServerState,
  { sources, unbound, workers, fleet, schemaMark }: Parts,
  lastReload: LastReload | null,
  showsDetails: boolean,
): HealthReport {
  const everySourceIsUp = sources.every(({ state: source }) => source === 'up' || source === 'off')
  const verdict = health(
    state,
    everySourceIsUp && unbound.length === 0 && everyWorkerListens(workers),
  )
  const { cache } = state
  const snapshot = servedSnapshot(cache)
  const details = {
    unreadable: snapshot?.unreadableRelations.map(printUnreadable) ?? [],
    unusable: snapshot?.unusableRoutines.map(printUnusable) ?? [],
    ...(unbound.length > 0 ? { unboundPolicies: unbound } : {}),
    failure: cache.kind === 'retrying' ? cache.cause : null,
  }
  const body = {
    status: verdict,
    server: {
      name: productName,
      version: productVersion,
      listening: state.apiIsAlive,
      ...(state.isLeaving ? { stopping: true } : {}),
    },
    database: {
      reachable: state.databaseIsReachable,
      engine: snapshot?.capabilities.engine ?? null,
      version: snapshot?.capabilities.serverVersion ?? null,
    },
    schemaCache: {
      state: cache.kind,
      version: snapshot?.snapshotVersion ?? null,
      loadedAt: snapshot?.loadedAt.toISOString() ?? null,
      relations: snapshot?.relations.size ?? null,
      ...(showsDetails ? details : {}),
    },
    ...(workers === null ? {} : { workers: printWorkers(workers, showsDetails) }),
    ...(showsDetails ? { sources } : {}),
    ...(showsDetails && fleet !== null ? { fleet } : {}),
    ...(showsDetails && schemaMark !== null ? { schemaMark } : {}),
    ...(showsDetails ? { lastReload: printLastReload(lastReload) } : {}),
  }
  return { status: verdict === 'unavailable' ? 503 : 200, body }
}

function printWorkers(workers: readonly WorkerStatus[], showsDetails: boolean): unknown {
  return showsDetails ? workers : workers.map(({ worker, state }) => ({ worker, state }))
}

/** Milliseconds, to a tenth. */
export function printTimes({ durationMs, queuedMs }: ReloadTimes) {
  const rounded = (ms: number) => Math.round(ms * 10) / 10
  return { durationMs: rounded(durationMs), queuedMs: rounded(queuedMs) }
}

function printUnreadable(unreadable: UnreadableRelation) {
  return { relation: unreadableName(unreadable), cause: unreadable.cause }
}

function printUnusable({ schema, name, cause }: UnusableRoutine) {
  return { function: `${schema}.${name}`, cause }
}

function printLastReload(last: LastReload | null): unknown {
  if (last === null) return null
  const { outcome, origin, at } = last
  const times = printTimes(outcome)
  return outcome.kind === 'failed'
    ? { outcome: 'failed', origin, at, ...times, cause: outcome.cause }
    : { outcome: outcome.kind, origin, at, ...times, version: outcome.snapshotVersion }
}
