/**
 * Remembers plans by request shape, so that parsing is all a repeated request pays for. Plans hang
 * weakly on the snapshot and the options they were made from: a reload of either frees them.
 * Clients choose the shapes and their size, hence the bounds; failures are not kept, since a client
 * can make up any number of them.
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
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

interface Shelf {
  readonly plans: Map<string, Kept>
  /** Length of all shapes together. */
  chars: number
}

/**
 * A plan, and what backends compile of it, takes about a hundred times its shape: one of a request
 * line of 64 KiB is 5 MB. So shapes are bounded by their lengths too, and the longest not kept.
 */
const charsPerEntry = 500
const maxShapeChars = 8192

/**
 * Shape  the least recently used shape goes first
 * Units  `maxEntries` per snapshot and options; 0 keeps nothing
 */
export function createPlanCache(maxEntries: number): PlanCache {
  const shelves = new WeakMap<SchemaSnapshot, WeakMap<PlanOptions, Shelf>>()

  function shelfOf(snapshot: SchemaSnapshot, options: PlanOptions): Shelf {
    const byOptions = shelves.get(snapshot) ?? new WeakMap<PlanOptions, Shelf>()
    shelves.set(snapshot, byOptions)
    const shelf = byOptions.get(options) ?? { plans: new Map<string, Kept>(), chars: 0 }
    byOptions.set(options, shelf)
    return shelf
  }

  function keep(shelf: Shelf, shape: string, planned: Kept): void {
    if (maxEntries === 0 || shape.length > maxShapeChars) return
    shelf.plans.set(shape, planned)
    shelf.chars += shape.length
    for (const oldest of shelf.plans.keys()) {
      if (shelf.plans.size <= maxEntries && shelf.chars <= maxEntries * charsPerEntry) return
      shelf.plans.delete(oldest)
      shelf.chars -= oldest.length
    }
  }

  return {
    plan(request, snapshot, options) {
      const shelf = shelfOf(snapshot, options)
      const shape = shapeOf(request)
      const kept = shelf.plans.get(shape)
      if (kept !== undefined) {
        shelf.plans.delete(shape)
        shelf.plans.set(shape, kept)
        return kept
      }
      const planned = planRequest(request, snapshot, options)
      if (planned.ok) keep(shelf, shape, planned)
      return planned
    },
  }
}

/** The parser does not look into a payload whose columns were given; a plan does. */
function shapeOf(request: ApiRequest): string {
  const isUnread = request.payload?.kind === 'raw-json'
  return isUnread && payloadIsArray(request) ? `${request.shapeKey}[]` : request.shapeKey
}
