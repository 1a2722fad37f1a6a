/**
 * Turns a plan's conditions into SQL: logic trees and negation, which all SQL engines write alike.
 * A filter itself, and what joins rows to their parent, is the engine's own.
 */

import type { Operation } from '../../api/api-request.ts'
import { assertNever } from '../../core/assert-never.ts'
import type { Condition, PlanField } from '../../plan/plan.ts'
import { joinGrouped, noSql, type SqlText, sql } from './sql-text.ts'

/** What the names in a condition mean at its place. */
export interface FilterScope {
  /** The condition of one filter, without its negation. */
  readonly filter: (field: PlanField, operation: Operation) => SqlText
  /** The condition that the child with this key found nothing; negated: that it found something. */
  readonly embedIsNull: (child: string, negated: boolean) => SqlText
}

/** One condition, safe to be joined with others by AND. */
export function compileCondition(condition: Condition, scope: FilterScope): SqlText {
  switch (condition.kind) {
    case 'filter': {
      const filter = scope.filter(condition.field, condition.operation)
      return condition.negated ? sql`NOT (${filter})` : filter
    }
    case 'logic': {
      const operands = condition.operands.map((operand) => compileCondition(operand, scope))
      const joined = sql`(${joinGrouped(operands, condition.operator === 'and' ? ' AND ' : ' OR ')})`
      return condition.negated ? sql`NOT ${joined}` : joined
    }
    case 'embed-null':
      return scope.embedIsNull(condition.child, condition.negated)
    default:
      return assertNever(condition)
  }
}

/** ` WHERE a AND b`, or nothing. */
export function compileWhere(conditions: readonly SqlText[]): SqlText {
  return conditions.length === 0 ? noSql : sql` WHERE ${joinGrouped(conditions, ' AND ')}`
}
