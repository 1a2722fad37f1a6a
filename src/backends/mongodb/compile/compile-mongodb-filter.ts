/**
 * A plan's conditions → what a request matches documents by: the structure once, filled in with each
 * request's values. Negations are pushed down to the filters, each of which knows where it is true
 * and where it is false, and of each only the one that is wanted is made.
 *
 * What cannot be asked of the server is refused: no condition is ever left out.
 */
import type { Document } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import type {
  Condition,
  FilterCondition,
  LogicCondition,
  ReadNode,
  RowRule,
  RuleCondition,
} from '../../../plan/plan.ts'
import { isGiven } from '../../../plan/request-values.ts'
import type { FieldPlace } from './field-place.ts'
import { compileLeaf } from './filter/compile-mongodb-leaf.ts'
import { compileTextSearch } from './filter/compile-text-search.ts'
import {
  allOf,
  anyOf,
  type BoundCondition,
  everyRow,
  noneOf,
  noRow,
} from './filter/filter-target.ts'
import { refuseDeep } from './filter/nesting-limit.ts'
import { notImplemented, refusalOf } from './mongodb-refusal.ts'

/** The condition that the child with this key found nothing; negated: that it found something. */
export type EmbedNull = (child: string, negated: boolean) => Document

/** The condition that a row is joined to some row of the node. */
export type Related = (node: ReadNode) => Document

interface At {
  readonly place: FieldPlace
  readonly embedNull: EmbedNull
  readonly related: Related
  /** All else is only true where this is: what `$text` asks for. */
  readonly isConjunct: boolean
}

/**
 * All conditions, as the body of a `$match` or the filter of a write; without any, of all rows.
 *
 * Throws  CompileRefusal, here and with a request's values
 */
export function compileConditions(
  conditions: readonly Condition[],
  place: FieldPlace,
  embedNull: EmbedNull,
): BoundCondition {
  return conjunction(conditions, { place, embedNull, related: outOfPlace, isConjunct: true })
}

/** Which rows a rule leaves; null: all of them. What is not known of a row is not true of it. */
export function compileRules(
  rule: RowRule,
  place: FieldPlace,
  related: Related,
): BoundCondition | null {
  if (rule.kind === 'all' || rule.conditions.length === 0) return null
  return conjunction(rule.conditions, { place, embedNull: outOfPlace, related, isConjunct: true })
}

function outOfPlace(): never {
  throw new Error('a condition that has no meaning at its place')
}

function conjunction(conditions: readonly (Condition | RuleCondition)[], at: At): BoundCondition {
  refuseSecondSearch(conditions)
  const parts = conditions.map((condition) => compileCondition(condition, true, at))
  return (request) => refuseDeep(allOf(parts.map((part) => part(request))))
}

/** The condition that one is true, or that it is false: on a row where it is null, neither is. */
function compileCondition(
  condition: Condition | RuleCondition,
  wanted: boolean,
  at: At,
): BoundCondition {
  switch (condition.kind) {
    case 'filter':
      return compileFilter(condition, wanted, at)
    case 'logic':
      return compileLogic(condition, wanted, at)
    case 'embed-null': {
      const document = at.embedNull(condition.child, condition.negated === wanted)
      return () => document
    }
    case 'known': {
      const filter = compileFilter(condition.filter, wanted, at)
      return (request) => (isGiven(condition.slot, request) ? ifRead(filter, request) : noRow)
    }
    case 'related': {
      const document = at.related(condition.node)
      return () => (wanted ? document : noneOf([document]))
    }
    case 'never':
      return () => (wanted ? noRow : everyRow)
    default:
      return assertNever(condition)
  }
}

/** What a policy compares with may be no value of the field's type, and is not known then. */
function ifRead(filter: BoundCondition, request: ApiRequest): Document {
  try {
    return filter(request)
  } catch (error) {
    refusalOf(error)
    return noRow
  }
}

function compileFilter(condition: FilterCondition, wanted: boolean, at: At): BoundCondition {
  const { operation, field, negated } = condition
  if (operation.kind === 'fts') {
    const isWanted = at.isConjunct && wanted && !negated
    if (!isWanted) return notImplemented('full-text search under or and not')
    return compileTextSearch(at.place, field, operation)
  }
  const leaf = compileLeaf(at.place, condition)
  return wanted ? (request) => leaf(request).isTrue : (request) => leaf(request).isFalse
}

/** De Morgan's laws hold in SQL's logic too. */
function compileLogic(
  condition: LogicCondition<Condition> | LogicCondition<RuleCondition>,
  wanted: boolean,
  at: At,
): BoundCondition {
  const isWanted = wanted !== condition.negated
  const isAnd = (condition.operator === 'and') === isWanted
  const inside = { ...at, isConjunct: at.isConjunct && isAnd }
  const parts: readonly BoundCondition[] = condition.operands.map(
    (operand: Condition | RuleCondition) => compileCondition(operand, isWanted, inside),
  )
  const join = isAnd ? allOf : anyOf
  return (request) => join(parts.map((part) => part(request)))
}

function refuseSecondSearch(conditions: readonly (Condition | RuleCondition)[]): void {
  const left = [...conditions]
  let searches = 0
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (each.kind === 'logic') left.push(...each.operands)
    if (each.kind === 'known') left.push(each.filter)
    if (each.kind === 'filter' && each.operation.kind === 'fts') searches += 1
  }
  if (searches > 1) notImplemented('several full-text searches in one request')
}
