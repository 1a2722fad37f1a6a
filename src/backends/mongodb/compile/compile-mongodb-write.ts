/**
 * Turns a mutate plan into what the executor's commands are made of: a filter for the rows that are
 * meant, the payload's rows, what policies want of rows, and the plan's own tree over the rows that
 * were written. The filter of a plan with conditions has all of them or is not made at all: what
 * cannot be lowered refuses the request.
 */
import type { Document } from 'mongodb'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { Condition, MutatePlan } from '../../../plan/plan.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import type { CollectionFacts } from '../catalog/mongodb-facts.ts'
import { compileConditions, compileRules } from './compile-mongodb-filter.ts'
import { compileMongodbPayload } from './compile-mongodb-payload.ts'
import { compileResultTree, type ResultTree } from './compile-read-tree.ts'
import type { Bound, Stages } from './compiled-read.ts'
import { type ConflictTarget, conflictTarget } from './conflict-target.ts'
import { storedName } from './field-place.ts'
import { missingIdFailure } from './missing-id.ts'
import { type Refusal, refusalOf } from './mongodb-refusal.ts'
import {
  bindsRows,
  isPoliced,
  openMongodbWriteScope,
  type WriteScope,
} from './mongodb-write-scope.ts'
import { namedRows } from './named-rows.ts'
import type { PayloadRow } from './payload-row.ts'
import { hasRelated, ruledRows } from './ruled-rows.ts'

export interface CompiledWrite {
  readonly facts: CollectionFacts
  /** Of commands that have to be one. */
  readonly hasTransactions: boolean
  /** Null: a policy looks at other relations, which no filter can; `targets` finds the rows. */
  readonly filter: Bound<Document> | null
  /** Leaves the documents that are meant. */
  readonly targets: Stages
  /** No two rows can be meant. */
  readonly isPinned: boolean
  readonly payload: Bound<readonly PayloadRow[]>
  readonly conflict: ConflictTarget | null
  /** Of a new document without an id; null: one is made. */
  readonly missingId: DatabaseFailure | null
  readonly rules: WriteRules
  /** Null where nothing is handed back. */
  readonly shown: ResultTree | null
  /** Columns of `Location`, by stored name; null: there is none. */
  readonly location: readonly (readonly [string, string])[] | null
}

/** Each leaves those of given documents that are as they should be; null: all are. */
export interface WriteRules {
  readonly written: readonly Stages[]
  readonly proposed: readonly Stages[]
  readonly inTheWay: readonly Stages[]
  readonly merged: readonly Stages[]
}

export type CompiledMutation = Result<CompiledWrite, Refusal>

/** Compiles each plan once and forgets it together with the plan, which belongs to one snapshot. */
export function createMongodbWriteCompiler(): (
  plan: MutatePlan,
  snapshot: SchemaSnapshot,
) => CompiledMutation {
  return oncePerObject(compileMutation)
}

function compileMutation(plan: MutatePlan, snapshot: SchemaSnapshot): CompiledMutation {
  try {
    return ok(compileWrite(openMongodbWriteScope(plan, snapshot)))
  } catch (error) {
    return err(refusalOf(error))
  }
}

function compileWrite(scope: WriteScope): CompiledWrite {
  const { plan, facts, hasTransactions } = scope
  refuseUnknownReturned(scope)
  const filter = compileFilter(scope)
  return {
    facts,
    hasTransactions,
    filter,
    targets: compileTargets(scope, filter),
    isPinned: isPinned(scope),
    payload: compilePayload(scope),
    conflict: conflictTarget(scope),
    missingId: missingIdFailure(scope),
    rules: compileRulesOf(scope),
    shown:
      plan.media.encoder.kind === 'none'
        ? null
        : compileResultTree(plan.root, scope.snapshot, true),
    location: locationColumns(scope),
  }
}

/**
 * What is returned and not shown, no tree compiles.
 *
 * Throws  CompileRefusal: 42703
 */
function refuseUnknownReturned({ plan: { representation, returning }, place }: WriteScope): void {
  if (representation !== 'headers-only') return
  for (const name of returning) if (name !== '*') storedName(place, { name })
}

function compilePayload(scope: WriteScope): CompiledWrite['payload'] {
  const { mutation } = scope.plan
  if (mutation === 'delete') return () => []
  const payload = compileMongodbPayload(scope)
  return mutation === 'upsert' ? namedRows(scope, payload) : payload
}

function compileFilter(scope: WriteScope): Bound<Document> | null {
  const { plan, place } = scope
  const asked = compileWhere(scope)
  if (!bindsRows(plan.using)) return asked
  if (hasRelated(plan.using)) return null
  const rule = compileRules(plan.using, place, () => {
    throw new Error('a rule about other relations in a filter')
  })
  if (rule === null) return asked
  return (request) => ({ $and: [rule(request), asked(request)] })
}

/** Empty only where the plan has no condition. */
function compileWhere({ plan, place }: WriteScope): Bound<Document> {
  if (plan.where.length === 0) return () => ({})
  return compileConditions(plan.where, place, () => {
    throw new Error('a write filtered by an embed')
  })
}

function compileTargets(scope: WriteScope, filter: Bound<Document> | null): Stages {
  const { plan } = scope
  return filter === null
    ? ruledRows(scope, plan.using, plan.where)
    : (request) => [{ $match: filter(request) }]
}

function compileRulesOf(scope: WriteScope): WriteRules {
  const { plan } = scope
  const { checkNew, checkMerged, checkInTheWay, checkShown } = plan
  if (!isPoliced(plan)) return { written: [], proposed: [], inTheWay: [], merged: [] }
  const stagesOf = (...rules: readonly MutatePlan['using'][]) =>
    rules.filter(bindsRows).map((rule) => ruledRows(scope, rule, []))
  const isUpsert = plan.onConflict !== null && plan.onConflict.columns.length > 0
  return {
    written: stagesOf(checkNew, checkShown),
    proposed: isUpsert ? stagesOf(checkNew) : [],
    inTheWay: isUpsert ? stagesOf(checkInTheWay) : [],
    merged: isUpsert ? stagesOf(checkMerged, checkShown) : [],
  }
}

/** Of these an operand is equal to several values that differ to a unique index. */
const severalReadings: ReadonlySet<FieldKind> = new Set(['any', 'mixed', 'decimal', 'binary'])

/**
 * An equality for each column of a unique index. Of several types that a text may stand for, each may
 * have a row.
 */
function isPinned({ plan, facts }: WriteScope): boolean {
  const pinned = new Set(
    plan.where.flatMap((condition) => (isEquality(condition) ? [condition.field.name] : [])),
  )
  return facts.uniqueIndexes.some(({ columns }) =>
    columns.every((name) => {
      const kind = facts.fields.get(name)?.kind ?? 'any'
      return pinned.has(name) && !severalReadings.has(kind)
    }),
  )
}

function isEquality(condition: Condition): condition is Extract<Condition, { kind: 'filter' }> {
  if (condition.kind !== 'filter' || condition.negated) return false
  const { field, operation } = condition
  return (
    field.jsonPath.length === 0 &&
    operation.kind === 'comparison' &&
    operation.operator === 'eq' &&
    operation.quantifier === undefined
  )
}

function locationColumns({ plan, place }: WriteScope): CompiledWrite['location'] {
  const { mutation, representation, primaryKey } = plan
  const isDue = mutation === 'insert' && representation === 'headers-only' && primaryKey.length > 0
  return isDue ? primaryKey.map((name) => [name, storedName(place, { name })]) : null
}
