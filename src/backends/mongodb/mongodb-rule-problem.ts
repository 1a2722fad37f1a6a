/**
 * Tries the conditions of a policy when it is bound, so that one that MongoDB cannot be asked for,
 * such as `like` on a date, is told at the load and not to each request.
 */
import { assertNever } from '../../core/assert-never.ts'
import type { RuleCondition } from '../../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../../schema/schema-snapshot.ts'
import { type Refusal, refusalOf } from './compile/mongodb-refusal.ts'
import { createCompileContext, nodeSource, placeOf } from './compile/relation-source.ts'

/** One sentence; null: the conditions compile. */
export function ruleProblem(
  conditions: readonly RuleCondition[],
  relation: Relation,
  snapshot: SchemaSnapshot,
): string | null {
  const context = createCompileContext(snapshot)
  try {
    const rows = { kind: 'policed', conditions, columns: null } as const
    nodeSource({ rows, where: [] }, placeOf(relation, context), [], context)
    return null
  } catch (error) {
    return sentence(refusalOf(error))
  }
}

function sentence(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'database':
      return refusal.failure.message
    case 'not-implemented':
      return `${refusal.feature} cannot be done by MongoDB`
    case 'too-complex':
      return refusal.details
    default:
      return assertNever(refusal)
  }
}
