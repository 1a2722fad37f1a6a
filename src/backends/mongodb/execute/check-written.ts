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

/**
 * The same for stored rows as a write would change them. `meant`: stages that leave these rows, whole.
 *
 * Throws  WriteFailed: 42501
 */
export async function refuseChanged(
  reader: RowReader,
  plan: MutatePlan,
  meant: readonly Document[],
  change: ReadonlyMap<string, unknown>,
  rules: Rules,
): Promise<void> {
  const changed = { $replaceWith: { $mergeObjects: ['$$ROOT', { $literal: change }] } }
  const [found] = await reader.read([...meant, { $count: 'total' }])
  await refuseOthers(reader, plan, [...meant, changed], Number(found?.get('total') ?? 0), rules)
}

export interface MergedRow {
  readonly id: unknown
  readonly change: ReadonlyMap<string, unknown>
}

/**
 * The same for stored rows of `collection`, each with a change of its own.
 *
 * Throws  WriteFailed: 42501
 */
export async function refuseMerged(
  reader: RowReader,
  plan: MutatePlan,
  collection: string,
  merged: readonly MergedRow[],
  rules: Rules,
): Promise<void> {
  const [first] = merged
  if (first === undefined) return
  const rows = [
    { $match: { _id: { $in: [first.id] } } },
    { $project: { _id: 0, rows: { $literal: merged } } },
    { $unwind: '$rows' },
    { $lookup: { from: collection, localField: 'rows.id', foreignField: '_id', as: 'stored' } },
    { $unwind: '$stored' },
    { $replaceWith: { $mergeObjects: ['$stored', '$rows.change'] } },
  ]
  await refuseOthers(reader, plan, rows, merged.length, rules)
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
