/**
 * How a request's transaction begins and ends: isolation level and mode, commit or rollback, and
 * whether its end can travel with the rest or has to wait for a judgement on the rows.
 *
 * Rule    PostgREST docs: transactions (Isolation Level, Access Mode); preferences (tx)
 */

import type { DatabasePlan, InspectPlan } from '../../../plan/plan.ts'
import type { IsolationLevel } from '../../../schema/catalog.ts'
import type { RequestContext } from '../../backend.ts'
import type { BatchStep } from '../protocol/postgres-connection.ts'

const levels = {
  'read-committed': 'READ COMMITTED',
  'repeatable-read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const satisfies Record<IsolationLevel, string>

/** Shape   `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY` */
export function beginStep(plan: DatabasePlan | InspectPlan, context: RequestContext): BatchStep {
  const ofRole = context.snapshot.roleSettings.get(context.role)?.isolationLevel
  const ofRoutine = plan.kind === 'call' ? plan.routine.isolationLevel : null
  const level = levels[ofRoutine ?? ofRole ?? 'read-committed']
  const mode = isReadOnly(plan) ? 'READ ONLY' : 'READ WRITE'
  return plainStep(`BEGIN ISOLATION LEVEL ${level} ${mode}`, context)
}

function isReadOnly(plan: DatabasePlan | InspectPlan): boolean {
  switch (plan.kind) {
    case 'read':
    case 'inspect':
      return true
    case 'mutate':
      return false
    case 'call':
      return plan.isReadOnly
  }
}

export interface TransactionEnd {
  /** `COMMIT`, or what a rollback on request takes: deferred constraints speak up first. */
  readonly steps: readonly BatchStep[]
  readonly commits: boolean
}

export function endSteps(context: RequestContext): TransactionEnd {
  const { dbTxEnd } = context.config
  // a preference that the configuration does not allow counts as not given
  const wish = dbTxEnd.endsWith('-allow-override') ? context.request.preferences.tx : undefined
  const commits = wish === undefined ? dbTxEnd.startsWith('commit') : wish === 'commit'
  return commits
    ? commitEnd(context)
    : {
        commits,
        steps: [
          plainStep('SET CONSTRAINTS ALL IMMEDIATE', context),
          plainStep('ROLLBACK', context),
        ],
      }
}

export function commitEnd(context: RequestContext): TransactionEnd {
  return { commits: true, steps: [plainStep('COMMIT', context)] }
}

/** Rows may be refused once they are known, and nothing of a refused write may stay. */
export function isJudged(plan: DatabasePlan, context: RequestContext): boolean {
  const { handling, maxAffected } = context.request.preferences
  const isBounded = maxAffected !== undefined && handling === 'strict'
  const isSingular = plan.media.type.kind === 'singular'
  // an execution plan has no rows to judge
  if (plan.media.type.kind === 'plan') return false
  switch (plan.kind) {
    case 'read':
      return false
    case 'mutate':
      switch (plan.mutation) {
        case 'insert':
          return isSingular
        case 'update':
        case 'delete':
          return isSingular || isBounded
        case 'upsert':
          return true
      }
      return false
    case 'call':
      return !plan.isReadOnly && (isSingular || isBounded)
  }
}

export function plainStep(
  text: string,
  { config }: { readonly config: { readonly dbPreparedStatements: boolean } },
): BatchStep {
  return { text, params: [], types: [], isPrepared: config.dbPreparedStatements, keep: 'nothing' }
}
