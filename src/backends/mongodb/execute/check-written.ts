/**
 * Looks at rows for what access rules want of them: those that a rule leaves have to be all of them,
 * or the write is undone.
 *
 * Rule  PostgreSQL manual: CREATE POLICY (Policies Applied by Command Type)
 */
import type { Document } from 'mongodb'
import type { MutatePlan } from '../../../plan/plan.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { ExactDocument } from '../bson/read-exact.ts'
import { WriteFailed } from './write-refused.ts'

/** In a transaction or outside of one. */
export interface RowReader {
  read(pipeline: readonly Document[]): Promise<readonly ExactDocument[]>
}

type Rules = readonly (readonly Document[])[]

/** Throws  WriteFailed: 42501 for rows of these ids that are not as one of the rules wants them */
export async function refuseBroken(
  commands: RowReader,
  plan: MutatePlan,
  ids: readonly unknown[],
  rules: Rules,
): Promise<void> {
  if (ids.length === 0) return
  await refuseOthers(commands, plan, [{ $match: { _id: { $in: ids } } }], ids.length, rules)
}

/**
 * The same for rows that are not stored. `storedId`: of any row that is, since a pipeline begins with
 * one.
 */
export async function refuseProposed(
  commands: RowReader,
  plan: MutatePlan,
  documents: readonly Document[],
  storedId: unknown,
  rules: Rules,
): Promise<void> {
  const rows = [
    { $match: { _id: { $in: [storedId] } } },
    { $project: { _id: 0, rows: { $literal: documents } } },
    { $unwind: '$rows' },
    { $replaceWith: '$rows' },
  ]
  await refuseOthers(commands, plan, rows, documents.length, rules)
}

/**
 * The same where perhaps none is stored: `reader` asks the database and no collection.
 *
 * Throws  WriteFailed: 42501
 */
export async function refuseUnstored(
  reader: RowReader,
  plan: MutatePlan,
  documents: readonly Document[],
  rules: Rules,
): Promise<void> {
  const rows = [
    { $documents: [{ rows: { $literal: documents } }] },
    { $unwind: '$rows' },
    { $replaceWith: '$rows' },
  ]
  await refuseOthers(reader, plan, rows, documents.length, rules)
}

async function refuseOthers(
  commands: RowReader,
  plan: MutatePlan,
  rows: readonly Document[],
  count: number,
  rules: Rules,
): Promise<void> {
  for (const rule of rules) {
    const [found] = await commands.read([...rows, ...rule, { $count: 'total' }])
    if (Number(found?.get('total') ?? 0) !== count) throw new WriteFailed(brokenPolicy(plan))
  }
}

function brokenPolicy({ relation }: MutatePlan) {
  const message = `new row violates row-level security policy for table "${relation.name}"`
  return valueFailure('42501', message)
}
