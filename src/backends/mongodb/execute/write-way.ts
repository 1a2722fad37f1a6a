/**
 * How a write is run: what one command does, which the server makes wholly or not at all, runs by
 * itself; everything else in one transaction. Where there are none, what remains is the commands one
 * after the other, as far as these can keep what the request asks for; the rest is refused.
 */
import type { Preferences } from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import { rowBounds } from '../../../plan/judge-rows.ts'
import type { MutatePlan, ReadNode } from '../../../plan/plan.ts'
import type { BoundWrite } from '../compile/bound-write.ts'
import type { CompiledWrite } from '../compile/compile-mongodb-write.ts'
import { keyFilter } from '../compile/conflict-target.ts'
import { lacksId } from '../compile/missing-id.ts'
import { takesSingleRows } from '../compile/mongodb-write-scope.ts'
import { hasPlainNames } from '../compile/payload-row.ts'

export type WriteWay =
  | { readonly kind: 'command' }
  | { readonly kind: 'transaction' }
  /** Without a transaction, one after the other. */
  | { readonly kind: 'commands' }
  /** `feature`: what cannot be had, as users call it. */
  | { readonly kind: 'refused'; readonly feature: string }

export interface WayRequest {
  readonly plan: MutatePlan
  readonly preferences: Preferences
  readonly write: CompiledWrite
  readonly bound: BoundWrite
  /** The transaction is to stay. */
  readonly commits: boolean
  /** It depends on what the row is like. */
  readonly isCompared: boolean
}

export function wayOf(asked: WayRequest): WriteWay {
  if (isOneCommand(asked)) return { kind: 'command' }
  if (asked.write.hasTransactions) return { kind: 'transaction' }
  const feature = refusedFeature(asked)
  return feature === null ? { kind: 'commands' } : { kind: 'refused', feature }
}

function isOneCommand(asked: WayRequest): boolean {
  const { plan, preferences, write, bound, commits, isCompared } = asked
  if (!commits || isCompared || bound.shown !== null || hasRules(bound)) return false
  switch (plan.mutation) {
    case 'insert':
    case 'upsert':
      return isOneInsert(write, bound)
    case 'update':
    case 'delete':
      // of one row or none, a number that is refused is known to be none
      return write.isPinned && bound.filter !== null && rowBounds(plan, preferences).most >= 1
    default:
      return assertNever(plan.mutation)
  }
}

function isOneInsert({ conflict, location }: CompiledWrite, { rows }: BoundWrite): boolean {
  const [first] = rows
  if (rows.length > 1) return false
  if (conflict === null || first === undefined) return true
  if (first.missingId !== null) return false
  if (keyFilter(conflict, first.row) === null) return true
  // of a merged row it is not known what it is called
  return location === null && conflict.isScalar && hasPlainNames(first.row)
}

function hasRules({ rules }: BoundWrite): boolean {
  return Object.values(rules).some((each) => each.length > 0)
}

/** Characters of a payload whose row keeps nobody waiting. */
const smallPayload = 16_384

/**
 * A new row that runs as one command and can neither wait for rows of other requests nor clash with
 * them: its key is made here, and nothing else has to be unique.
 */
export function mayShareCommand(
  {
    plan,
    write: { conflict, facts },
    bound: { rows },
  }: Pick<WayRequest, 'plan' | 'write' | 'bound'>,
  payload: string,
): boolean {
  const [row] = rows
  if (plan.mutation !== 'insert' || conflict !== null || row === undefined || rows.length > 1) {
    return false
  }
  if (takesSingleRows(facts) || !facts.isUniqueByIdAlone) return false
  return lacksId(row.row) && payload.length <= smallPayload
}

const without = 'where there are no transactions'

/** Null: it can be done by commands that are not undone together. */
function refusedFeature(asked: WayRequest): string | null {
  const { plan, preferences, write, bound, commits, isCompared } = asked
  const { conflict, facts } = write
  const { rows, filter, shown } = bound
  const [first] = rows
  if (!commits) return `undoing a write (Prefer: tx=rollback) ${without}`
  if (isCompared) return `If-Match ${without}`
  if (hasRules(bound) || filter === null) return `policies that look at written rows ${without}`
  if (rows.length > 1 && takesSingleRows(facts)) {
    return 'inserting several rows at once into a capped collection or a time series'
  }
  if (conflict !== null && first !== undefined) {
    if (rows.length > 1) return `upserting several rows ${without}`
    if (first.missingId !== null) return `upserting rows without the key that is \`_id\` ${without}`
    if (!hasPlainNames(first.row)) return `upserting keys with dots or dollar signs ${without}`
  }
  const { fewest, most } = rowBounds(plan, preferences)
  const isBounded = fewest > 0 || most < Number.POSITIVE_INFINITY
  if (isBounded && shown !== null && leavesOutRows(plan.root)) {
    return `a bound for the number of rows behind inner embeds ${without}`
  }
  return null
}

/** Rows that are written may not be shown, so that their number is known at the end only. */
function leavesOutRows({ children, where }: ReadNode): boolean {
  return where.length > 0 || children.some(({ join }) => join?.type === 'inner')
}
