/**
 * The statements that begin and end a request's transaction: isolation level and mode, commit or
 * rollback. What they are chosen by is `plan/transaction-rules.ts`'s, apart from the isolation
 * level, which PostgreSQL's roles and functions bring along.
 *
 * Rule    PostgREST docs: transactions (Isolation Level)
 */
import type { DatabasePlan, InspectPlan } from '../../../plan/plan.ts'
import { commits, isReadOnly } from '../../../plan/transaction-rules.ts'
import type { IsolationLevel } from '../../../schema/catalog.ts'
import type { RequestContext } from '../../backend.ts'
import { postgresFacts } from '../catalog/postgres-facts.ts'
import type { BatchStep } from '../protocol/postgres-connection.ts'

const levels = {
  'read-committed': 'READ COMMITTED',
  'repeatable-read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const satisfies Record<IsolationLevel, string>

export function isolationLevel(
  plan: DatabasePlan | InspectPlan,
  context: RequestContext,
): IsolationLevel {
  const { roles } = postgresFacts(context.snapshot.engineFacts)
  const ofRole = roles.get(context.role)?.isolationLevel
  const ofRoutine = plan.kind === 'call' ? plan.routine.isolationLevel : null
  return ofRoutine ?? ofRole ?? 'read-committed'
}

/** Shape   `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY` */
export function beginStep(plan: DatabasePlan | InspectPlan, context: RequestContext): BatchStep {
  const level = levels[isolationLevel(plan, context)]
  const mode = isReadOnly(plan) ? 'READ ONLY' : 'READ WRITE'
  return plainStep(`BEGIN ISOLATION LEVEL ${level} ${mode}`, context)
}

export interface TransactionEnd {
  /** `COMMIT`, or what a rollback on request takes: deferred constraints speak up first. */
  readonly steps: readonly BatchStep[]
  readonly commits: boolean
}

export function endSteps(context: RequestContext): TransactionEnd {
  if (commits(context.config, context.request.preferences)) return commitEnd(context)
  return {
    commits: false,
    steps: [plainStep('SET CONSTRAINTS ALL IMMEDIATE', context), plainStep('ROLLBACK', context)],
  }
}

export function commitEnd(context: RequestContext): TransactionEnd {
  return { commits: true, steps: [plainStep('COMMIT', context)] }
}

export function plainStep(
  text: string,
  { config }: { readonly config: { readonly dbPreparedStatements: boolean } },
): BatchStep {
  return { text, params: [], types: [], isPrepared: config.dbPreparedStatements, keep: 'nothing' }
}
