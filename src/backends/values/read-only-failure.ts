/**
 * What a write is refused with where nothing may be written: in the words of a read-only transaction,
 * which clients know, and `405` for them.
 */
import type { DatabaseFailure } from '../../errors/api-error.ts'
import type { MutatePlan } from '../../plan/plan.ts'
import { valueFailure } from './value-failure.ts'

const commands = { insert: 'INSERT', upsert: 'INSERT', update: 'UPDATE', delete: 'DELETE' } as const

/** `reason`: why nothing may be written, where that is known. */
export function readOnlyFailure(
  mutation: MutatePlan['mutation'],
  reason: string | null,
): DatabaseFailure {
  const message = `cannot execute ${commands[mutation]} in a read-only transaction`
  return valueFailure('25006', message, { details: reason })
}
