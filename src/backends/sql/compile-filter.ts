/**
 * Turns a plan's conditions into SQL: logic trees, negation, and through the dialect the filters
 * themselves. Used for reads and writes of both SQL engines; what joins rows to their parent is
 * added by the engine's compiler.
 */
import { assertNever } from '../../core/assert-never.ts'
import type { Condition } from '../../plan/plan.ts'
import type { Dialect } from './dialect.ts'
import { join, noSql, type SqlText, sql } from './sql-text.ts'

/** What the names in a condition mean at its place. */
export interface FilterScope {
  /** Qualifies columns. */
  readonly table: SqlText
  /** That the child with this key found nothing; negated: that it found something. */
  readonly embedIsNull: (child: string, negated: boolean) => SqlText
}

/** One condition, safe to be joined with others by AND. */
export function compileCondition(
  condition: Condition,
  scope: FilterScope,
  dialect: Pick<Dialect, 'filter'>,
): SqlText {
  switch (condition.kind) {
    case 'filter': {
      const filter = dialect.filter(scope.table, condition.field, condition.operation)
      return condition.negated ? sql`NOT (${filter})` : filter
    }
    case 'logic': {
      const operands = condition.operands.map((operand) =>
        compileCondition(operand, scope, dialect),
      )
      const joined = sql`(${join(operands, condition.operator === 'and' ? ' AND ' : ' OR ')})`
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
  return conditions.length === 0 ? noSql : sql` WHERE ${join(conditions, ' AND ')}`
}
