/**
 * A request on its way through the stages: what was asked, by whom, and the generation that it is
 * planned on. Only the generation is ever replaced, by try-while-stale.ts; a reload in mid-request
 * changes nothing for the stages that hold this one.
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { RawRequest } from '../api/parse-request.ts'
import type { Identity } from '../auth/authenticate.ts'
import type { RequestContext } from '../backends/backend.ts'
import type { Generation } from '../cache/generation-store.ts'
import type { CancelSignal } from '../core/cancel-signal.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { StageTimer } from './server-timing.ts'

/** A generation that requests can be planned on. */
export interface LoadedGeneration extends Generation {
  readonly snapshot: SchemaSnapshot
}

export interface Journey {
  readonly raw: RawRequest
  readonly identity: Identity
  readonly generation: LoadedGeneration
  /** Aborted when the client has gone. */
  readonly signal: CancelSignal
  /** Null unless `server-timing-enabled` asks how long the stages take. */
  readonly timer: StageTimer | null
}

export function isLoaded(generation: Generation): generation is LoadedGeneration {
  return generation.snapshot !== null
}

/** What a backend is told beside the plan. */
export function contextOf(request: ApiRequest, journey: Journey): RequestContext {
  const { generation, identity, signal } = journey
  const { role, isAuthenticated, claims } = identity
  const { snapshot, config } = generation
  return { snapshot, config, request, role, isAuthenticated, claims, signal }
}
