/**
 * Inspections that are kept for as long as the database proves to be as it was when they were made.
 * Each request asks for the database's state (`visible-state.ts`), all that wait at the same time with
 * one question, and an inspection of that state goes to all of them as the same object. So a grant, a
 * role's membership or a comment shows at once, and where nothing is written nothing is read again.
 *
 * PostgreSQL's caches of its catalogs learn of a commit a moment after snapshots see it. What was read
 * in that moment would be taken for the new state, so nothing is kept for longer than two seconds.
 */
import { Cancellation } from '../../../core/cancel-signal.ts'
import { nextTurn } from '../../../core/next-turn.ts'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { shareRuns } from '../../../core/share-runs.ts'
import type { InspectPlan } from '../../../plan/plan.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { Inspection, RequestContext } from '../../backend.ts'

export interface StatedInspection {
  readonly inspection: Inspection
  /** The database's when the inspection began; null: it is like no other. */
  readonly state: string | null
}

export interface KeptInspectionsDeps {
  readonly inspect: (plan: InspectPlan, context: RequestContext) => Promise<StatedInspection>
  /** The database's state at a moment after the call; null where it cannot be told. Never rejects. */
  readonly readState: (context: Pick<RequestContext, 'config'>) => Promise<string | null>
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** Milliseconds for which an inspection is kept. */
  readonly keptMs?: number
  /** Of relations and functions, in all inspections of a snapshot together. */
  readonly mostNames?: number
}

/** What is known of a schema for a role. */
interface Entry {
  readonly config: RequestContext['config']
  /** Who asked last: the next inspection is made in that request's name. */
  asking: { readonly plan: InspectPlan; readonly context: RequestContext }
  /** An inspection that begins after the call, for all who ask at the same time. */
  readonly inspect: () => Promise<Inspection>
  /** The last one; null: none that may be shown again. */
  kept: Kept | null
}

interface Kept {
  readonly state: string
  readonly inspection: Inspection
  readonly madeAt: number
  readonly names: number
}

export function keepInspections(deps: KeptInspectionsDeps) {
  const { inspect, now, keptMs = 2000, mostNames = 20_000 } = deps
  const entriesOf = oncePerObject((_: SchemaSnapshot) => new Map<string, Entry>())
  let asking: Pick<RequestContext, 'config'> | null = null
  // requests that have come at the same time are read in one turn: none of them asks for itself
  const readState = shareRuns(
    async () => (asking === null ? null : deps.readState(asking)),
    nextTurn,
  )

  function entryOf(plan: InspectPlan, context: RequestContext): Entry {
    const { config, snapshot, request, role } = context
    const entries = entriesOf(snapshot)
    // no name of a schema holds what stands between
    const key = `${plan.schema}\0${request.schema}\0${role}`
    const known = entries.get(key)
    if (known?.config === config) {
      known.asking = { plan, context }
      return known
    }

    const entry: Entry = {
      config,
      asking: { plan, context },
      kept: null,
      inspect: shareRuns(async () => {
        const madeAt = now()
        const { asking } = entry
        // it is for others as well, who may stay when this client leaves
        const forAll = { ...asking.context, signal: new Cancellation() }
        const { inspection, state } = await inspect(asking.plan, forAll)
        entry.kept = null
        if (state !== null && inspection.kind === 'done') {
          const shown = inspection.relations?.size ?? snapshot.relations.size
          const names = shown + (inspection.routines?.length ?? 0)
          entry.kept = { state, inspection, madeAt, names }
          dropOldest(entries, mostNames)
        }
        return inspection
      }),
    }
    entries.delete(key)
    entries.set(key, entry)
    dropOldest(entries, mostNames)
    return entry
  }

  return async (plan: InspectPlan, context: RequestContext): Promise<Inspection> => {
    if (!isKeepable(context)) return (await inspect(plan, context)).inspection
    asking = context
    const state = await readState()
    const entry = entryOf(plan, context)
    const { kept } = entry
    const isTrue = kept?.state === state && now() - kept.madeAt < keptMs
    return isTrue ? kept.inspection : entry.inspect()
  }
}

/**
 * Whether the answer is the same for all requests of a role. A pre-request function may look at
 * anything, and refuse; the log tells the statements that each answer comes from.
 */
function isKeepable({ config, request, signal }: RequestContext): boolean {
  return (
    config.dbPreRequest === null &&
    !config.logQuery &&
    request.preferences.timezone === undefined &&
    !signal.aborted
  )
}

/** The most roles whose inspections are kept. */
const mostKept = 64

function dropOldest(entries: Map<string, Entry>, mostNames: number): void {
  let names = 0
  for (const { kept } of entries.values()) names += kept?.names ?? 0
  for (const [key, { kept }] of entries) {
    if (names <= mostNames && entries.size <= mostKept) return
    entries.delete(key)
    names -= kept?.names ?? 0
  }
}
