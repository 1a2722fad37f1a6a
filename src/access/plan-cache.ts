/**
 * Remembers plans by request shape, so that parsing is all a repeated request pays for. Plans hang
 * weakly on the snapshot and the options they were made from: a reload of either frees them, but for
 * plans that looked at nothing which a reload changed (`record-reads.ts`). Roles with the same grants
 * and policies share plans; what policies compare with is no part of one.
 * Clients choose the shapes and their size, hence the bounds; failures are not kept, since a client
 * can make up any number of them.
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { Config } from '../config/config.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { payloadIsArray } from '../plan/payload-is-array.ts'
import type { PlanOptions } from '../plan/plan-options.ts'
import { planRequest } from '../plan/plan-request.ts'
import {
  holdOn,
  type ReadRecorder,
  recordReads,
  type SnapshotRead,
} from '../schema/record-reads.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { FindRules } from './access-control.ts'
import type { RoleAccess } from './access-rules.ts'
import { applyRules, openPlan, type RuledPlan } from './apply-rules.ts'
import { withGrantedSuggestion } from './granted-suggestions.ts'
import { unknownRole } from './permission-denied.ts'

/** Whom a request is from. */
export interface PlanIdentity {
  readonly role: string
  readonly isAuthenticated: boolean
}

/** What plans depend on beside the snapshot. */
export type RuledOptions = PlanOptions & Pick<Config, 'policyRegistry' | 'openapiMode'>

export interface PlanCache {
  /**
   * Plans a request and rules the plan. The same shape on the same snapshot and options object, for
   * roles that may do the same, gives the same plan object, by which backends key what they compile
   * of it.
   *
   * Errors  those of `planRequest`; then, with a registry, an unknown role (22023), and what the role
   *         is not granted (42501)
   */
  plan(
    request: ApiRequest,
    snapshot: SchemaSnapshot,
    options: RuledOptions,
    identity: PlanIdentity,
  ): Result<RuledPlan, ApiError>
}

type Planned = Extract<Result<RuledPlan, ApiError>, { ok: true }>

interface Kept {
  readonly planned: Planned
  /** What it was made of, where it may outlive its snapshot. */
  readonly reads: readonly SnapshotRead[] | null
}

interface Shelf {
  readonly snapshotVersion: number
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
export function createPlanCache(maxEntries: number, findRules: FindRules): PlanCache {
  const shelves = new WeakMap<SchemaSnapshot, WeakMap<RuledOptions, Shelf>>()

  /** The newest shelf for some options, and that of the snapshot before. */
  const latest = new WeakMap<
    RuledOptions,
    { readonly shelf: Shelf; readonly before: Shelf | null }
  >()

  function shelfOf(snapshot: SchemaSnapshot, options: RuledOptions): Shelf {
    const byOptions = shelves.get(snapshot) ?? new WeakMap<RuledOptions, Shelf>()
    shelves.set(snapshot, byOptions)
    const known = byOptions.get(options)
    if (known !== undefined) return known
    const { snapshotVersion } = snapshot
    const shelf: Shelf = { snapshotVersion, plans: new Map(), chars: 0 }
    byOptions.set(options, shelf)
    const before = latest.get(options)?.shelf ?? null
    if (before === null || before.snapshotVersion <= snapshotVersion) {
      latest.set(options, { shelf, before })
    }
    return shelf
  }

  /** A plan of the snapshot before that is true of this one too. */
  function outlived(
    shelf: Shelf,
    shape: string,
    snapshot: SchemaSnapshot,
    options: RuledOptions,
  ): Kept | null {
    const newest = latest.get(options)
    const kept = newest?.shelf === shelf ? newest.before?.plans.get(shape) : undefined
    return kept?.reads && holdOn(kept.reads, snapshot) ? kept : null
  }

  function keep(shelf: Shelf, shape: string, kept: Kept): void {
    if (maxEntries === 0 || shape.length > maxShapeChars) return
    shelf.plans.set(shape, kept)
    shelf.chars += shape.length
    for (const oldest of shelf.plans.keys()) {
      if (shelf.plans.size <= maxEntries && shelf.chars <= maxEntries * charsPerEntry) return
      shelf.plans.delete(oldest)
      shelf.chars -= oldest.length
    }
  }

  return {
    plan(request, snapshot, options, identity) {
      const rules = findRules(options.policyRegistry, snapshot)
      const access = rules === null ? 'open' : rules.role(identity.role)
      const shelf = shelfOf(snapshot, options)
      const shape = `${access === 'open' ? '' : `${access?.key} `}${shapeOf(request)}`
      const kept = shelf.plans.get(shape)
      if (kept !== undefined) {
        shelf.plans.delete(shape)
        shelf.plans.set(shape, kept)
        return kept.planned
      }
      const known = outlived(shelf, shape, snapshot, options)
      if (known !== null) {
        keep(shelf, shape, known)
        return known.planned
      }
      const mayOutlive = access === 'open' && snapshot.engineFacts.plansStandAlone === true
      const recorder = mayOutlive ? recordReads(snapshot) : null
      const planned = planFor(request, snapshot, recorder, options, access, identity)
      if (planned.ok) {
        const reads = isOfParts(planned.value) ? (recorder?.reads() ?? null) : null
        keep(shelf, shape, { planned, reads })
      }
      return planned
    },
  }
}

/** The others show a whole snapshot. */
function isOfParts({ plan }: RuledPlan): boolean {
  return plan.kind === 'read' || plan.kind === 'mutate' || plan.kind === 'call'
}

/** `access`: null where the role is unknown. `recorder`: notes what is read. */
function planFor(
  request: ApiRequest,
  snapshot: SchemaSnapshot,
  recorder: ReadRecorder | null,
  options: RuledOptions,
  access: RoleAccess | 'open' | null,
  { role, isAuthenticated }: PlanIdentity,
): Result<RuledPlan, ApiError> {
  const planned = planRequest(request, recorder?.snapshot ?? snapshot, options)
  if (!planned.ok) {
    return access === 'open' ? planned : err(withGrantedSuggestion(planned.error, access, snapshot))
  }
  if (access === 'open') return ok(openPlan(planned.value, snapshot))
  if (access === null) return err(unknownRole(role, isAuthenticated))
  const isShownToAll =
    planned.value.kind === 'inspect' && options.openapiMode === 'ignore-privileges'
  if (isShownToAll) return ok(openPlan(planned.value, snapshot))
  return applyRules(planned.value, access, snapshot, isAuthenticated)
}

/** The parser does not look into a payload whose columns were given; a plan does. */
function shapeOf(request: ApiRequest): string {
  const isUnread = request.payload?.kind === 'raw-json'
  return isUnread && payloadIsArray(request) ? `${request.shapeKey}[]` : request.shapeKey
}
