/**
 * Stages that leave those of given documents which an access rule leaves, whatever other relations it
 * looks at: what a read of such rows begins with.
 */
import type { Condition, RowRule, RuleCondition } from '../../../plan/plan.ts'
import type { Stages } from './compiled-read.ts'
import type { WriteScope } from './mongodb-write-scope.ts'
import { createCompileContext, nodeSource, placeOf } from './relation-source.ts'

export function ruledRows(
  { plan, snapshot }: WriteScope,
  rows: RowRule,
  where: readonly Condition[],
): Stages {
  const context = createCompileContext(snapshot)
  // whole rows, whatever may be shown of them
  const whole: RowRule = rows.kind === 'policed' ? { ...rows, columns: null } : rows
  const node = { ...plan.root, rows: whole, where }
  return nodeSource(node, placeOf(plan.relation, context), [], context)
}

export function hasRelated(rule: RowRule): boolean {
  return rule.kind === 'policed' && rule.conditions.some(isRelated)
}

function isRelated(condition: RuleCondition): boolean {
  if (condition.kind === 'logic') return condition.operands.some(isRelated)
  return condition.kind === 'related'
}
