/**
 * What the parts of one write have in common: the relation, how it is stored, and what is refused
 * whatever the request's values are.
 */
import { nameKey } from '../../../core/qualified-name.ts'
import type { MutatePlan, RowRule } from '../../../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type CollectionFacts, mongodbFacts } from '../catalog/mongodb-facts.ts'
import type { FieldPlace } from './field-place.ts'
import { notImplemented, refuse } from './mongodb-refusal.ts'

export interface WriteScope {
  readonly plan: MutatePlan
  readonly snapshot: SchemaSnapshot
  readonly relation: Relation
  readonly facts: CollectionFacts
  /** Transactions can be had, and the collection may be written to in one. */
  readonly hasTransactions: boolean
  /** Of documents as they are stored. */
  readonly place: FieldPlace
}

/**
 * Throws  CompileRefusal: 42P01 for a relation that the snapshot lacks, which a write would create;
 *         what cannot be written to
 */
export function openMongodbWriteScope(plan: MutatePlan, snapshot: SchemaSnapshot): WriteScope {
  const { relation: name } = plan
  const { topology, collections } = mongodbFacts(snapshot.engineFacts)
  const relation = snapshot.relations.get(nameKey(name))
  const facts = collections.get(nameKey(name))
  if (relation === undefined || facts === undefined) {
    return refuse(valueFailure('42P01', `relation "${name.name}" does not exist`))
  }
  // a write is several commands, of which no one is the plan
  if (plan.media.type.kind === 'plan') notImplemented('execution plans of writes')
  refuseKind(plan, facts)
  refuseNames(plan)
  return {
    plan,
    snapshot,
    relation,
    facts,
    hasTransactions: topology !== 'standalone' && !takesSingleRows(facts),
    place: { relation, facts, prefix: null, isFirstStage: true },
  }
}

/** Neither may be written to in a transaction. */
export function takesSingleRows({ kind, isCapped }: CollectionFacts): boolean {
  return kind === 'time-series' || isCapped
}

function refuseKind(
  { mutation, onConflict }: MutatePlan,
  { kind, isCapped }: CollectionFacts,
): void {
  if (kind === 'view') notImplemented('writing to a view')
  if (isCapped && mutation === 'update') notImplemented('updating a capped collection')
  if (isCapped && mutation === 'delete') notImplemented('deleting from a capped collection')
  const isSeries = kind === 'time-series'
  if (isSeries && mutation === 'update') notImplemented('updating a time series')
  const hasConflict = mutation === 'upsert' || (onConflict?.columns.length ?? 0) > 0
  if (isSeries && hasConflict) notImplemented('upserting into a time series')
  if (isCapped && hasConflict) notImplemented('upserting into a capped collection')
}

/** A name that is more than a name elsewhere is not to get past the rules for the one it resembles. */
function refuseNames(plan: MutatePlan): void {
  if (!isPoliced(plan)) return
  const strange = plan.columns.find(({ name }) => /^\$|\./.test(name))
  if (strange !== undefined) {
    notImplemented('keys with dots or a leading dollar sign in what a policy rules')
  }
}

export function isPoliced(plan: MutatePlan): boolean {
  const { using, checkNew, checkMerged, checkInTheWay, checkShown } = plan
  return [using, checkNew, checkMerged, checkInTheWay, checkShown].some(bindsRows)
}

/** Whether a rule leaves out rows. */
export function bindsRows(rule: RowRule): boolean {
  return rule.kind === 'policed' && rule.conditions.length > 0
}
