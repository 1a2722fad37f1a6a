/**
 * Remembers plans by request shape, so that parsing is all a repeated request pays for. Plans hang
 * weakly on the snapshot and the options they were made from: a reload of either frees them.
 * Clients choose the shapes, hence the bound; failures are not kept, since a client can make up any
 * number of them.
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { SchemaSnapshot } from '../cache/schema-snapshot.ts'
import type { Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { payloadIsArray } from './payload-is-array.ts'
import type { Plan } from './plan.ts'
import type { PlanOptions } from './plan-options.ts'
import { planRequest } from './plan-request.ts'

export interface PlanCache {
  /**
   * Like `planRequest`. The same shape on the same snapshot and options object gives the same plan
   * object, by which backends key what they compile of it.
   */
  plan(request: ApiRequest, snapshot: SchemaSnapshot, options: PlanOptions): Result<Plan, ApiError>
}

type Kept = Extract<Result<Plan, ApiError>, { ok: true }>
type Shelf = Map<string, Kept>

/**
 * Shape  the least recently used shape goes first
 * Units  `maxEntries` per snapshot and options; 0 keeps nothing
 */
export function createPlanCache(maxEntries: number): PlanCache {
  const shelves = new WeakMap<SchemaSnapshot, WeakMap<PlanOptions, Shelf>>()

  function shelfOf(snapshot: SchemaSnapshot, options: PlanOptions): Shelf {
    const byOptions = shelves.get(snapshot) ?? new WeakMap<PlanOptions, Shelf>()
    shelves.set(snapshot, byOptions)
    const shelf = byOptions.get(options) ?? new Map<string, Kept>()
    byOptions.set(options, shelf)
    return shelf
  }

  return {
    plan(request, snapshot, options) {
      const shelf = shelfOf(snapshot, options)
      const shape = shapeOf(request)
      const kept = shelf.get(shape)
      if (kept !== undefined) {
        shelf.delete(shape)
        shelf.set(shape, kept)
        return kept
      }
      const planned = planRequest(request, snapshot, options)
      if (planned.ok && maxEntries > 0) {
        if (shelf.size >= maxEntries) {
          const { value: oldest, done } = shelf.keys().next()
          if (done !== true) shelf.delete(oldest)
        }
        shelf.set(shape, planned)
      }
      return planned
    },
  }
}

/** The parser does not look into a payload whose columns were given; a plan does. */
function shapeOf(request: ApiRequest): string {
  const isUnread = request.payload?.kind === 'raw-json'
  return isUnread && payloadIsArray(request) ? `${request.shapeKey}[]` : request.shapeKey
}
