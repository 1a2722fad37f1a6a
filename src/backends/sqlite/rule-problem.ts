/**
 * Tries the conditions of a policy when it is bound, so that one that SQLite's values cannot be asked
 * for, such as `like` on a date or `five` for an integer, is told at the load and not to each request.
 */
import type { SlotValue } from '../../api/api-request.ts'
import { assertNever } from '../../core/assert-never.ts'
import type { RuleCondition } from '../../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../../schema/schema-snapshot.ts'
import { raw, toStatement } from '../sql/sql-text.ts'
import { type Refusal, refusalOf } from './compile/compile-refusal.ts'
import { compileRules } from './compile/compile-sqlite-rule.ts'
import { createCompileContext, filterPlace, rowExists } from './compile/compile-sqlite-scope.ts'
import { unreadableLiteral } from './compile/sqlite-operands.ts'

/** One sentence; null: the conditions compile. */
export function ruleProblem(
  conditions: readonly RuleCondition[],
  relation: Relation,
  snapshot: SchemaSnapshot,
  literals: readonly (SlotValue | null)[],
): string | null {
  const context = createCompileContext(snapshot)
  try {
    const place = filterPlace(relation, raw('t'), relation.name, context)
    const rule = { kind: 'policed', conditions, columns: null } as const
    const compiled = compileRules(rule, place, (node) => rowExists(node, place, context))
    const statement = compiled === null ? null : toStatement(compiled, () => '?')
    return statement === null ? null : (unreadableLiteral(statement, literals)?.message ?? null)
  } catch (error) {
    return sentence(refusalOf(error))
  }
}

function sentence(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'database':
      return refusal.failure.message
    case 'not-implemented':
      return `${refusal.feature} cannot be done by SQLite`
    case 'too-long':
      return 'it is too long'
    default:
      return assertNever(refusal)
  }
}
