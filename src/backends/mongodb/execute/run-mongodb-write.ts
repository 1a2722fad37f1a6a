/**
 * One write by its commands, in whatever transaction these are: what is written, what policies want of
 * it, and the ids of the rows that were touched. What was found wrong is thrown, so that the
 * transaction is undone.
 */
import { type Document, MongoBulkWriteError } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import type { NewRow } from '../compile/bound-write.ts'
import { updateOf } from '../compile/payload-row.ts'
import { isIdTaken } from './broken-constraint.ts'
import { refuseBroken } from './check-written.ts'
import { OutcomeUnknown } from './outcome-unknown.ts'
import { runMongodbUpsert } from './run-mongodb-upsert.ts'
import type { MostRows, WriteCommands } from './write-commands.ts'
import { refuseConcurrent } from './write-refused.ts'
import { readShown, type Touched, type WriteRun } from './write-run.ts'

/** Throws  WriteFailed, OutcomeUnknown, and what the driver and `judgeMeant` do */
export async function runMongodbWrite(run: WriteRun): Promise<Touched> {
  const { mutation } = run.plan
  switch (mutation) {
    case 'insert':
    case 'upsert':
      return run.conflict === null ? insert(run) : runMongodbUpsert(run, run.conflict)
    case 'update':
      return update(run)
    case 'delete':
      return remove(run)
    default:
      return assertNever(mutation)
  }
}

async function insert(run: WriteRun): Promise<Touched> {
  const { plan, bound, commands, judgeMeant, storeTogether } = run
  const { rows } = bound
  const [first] = rows
  judgeMeant(rows.length)
  const end = storeTogether === null || first === undefined ? 'alone' : await storeTogether(first)
  if (end === 'alone') await insertOrUndo(commands, rows)
  if (end === 'refused') await insertAgain(commands, rows)
  const ids = rows.map(({ id }) => id)
  await refuseBroken(commands, plan, ids, bound.rules.written)
  const isCounted = plan.mutation === 'upsert' || plan.resolution === 'merge-duplicates'
  return { count: ids.length, ids, inserted: isCounted ? ids.length : null, before: null }
}

/** A row that was sent before: where its id, which nobody else has, is taken, that was carried out late. */
async function insertAgain(commands: WriteCommands, rows: readonly NewRow[]): Promise<void> {
  try {
    await insertOrUndo(commands, rows)
  } catch (error) {
    throw isIdTaken(error) ? new OutcomeUnknown(error) : error
  }
}

/** The rows before the one that failed are there, and nobody else's; a transaction undoes them itself. */
async function insertOrUndo(commands: WriteCommands, rows: readonly NewRow[]): Promise<void> {
  try {
    await commands.insert(rows.map(({ document }) => document))
  } catch (error) {
    if (!commands.isAtomic && error instanceof MongoBulkWriteError && error.insertedCount > 0) {
      const stored = rows.slice(0, error.insertedCount)
      await commands.delete({ _id: { $in: stored.map(({ id }) => id) } }, 'all')
    }
    throw error
  }
}

const untouched: Touched = { count: 0, ids: [], inserted: null, before: null }

async function update(run: WriteRun): Promise<Touched> {
  const { plan, bound, commands } = run
  const [first] = bound.rows
  const change = first === undefined ? null : updateOf(first.row)
  // no row is looked for
  if (change === null) return untouched
  const meant = await meantRows(run)
  if (meant.ids?.length === 0) return untouched
  const count = await commands.update(meant.filter, change, meant.most)
  refuseOthers(meant, count)
  await refuseBroken(commands, plan, meant.ids ?? [], bound.rules.written)
  return { count, ids: meant.ids, inserted: null, before: null }
}

async function remove(run: WriteRun): Promise<Touched> {
  const { bound, commands } = run
  const meant = await meantRows(run)
  if (meant.ids?.length === 0) return untouched
  const before =
    bound.shown === null ? null : await readShown(commands, bound.shown, meant.ids ?? [])
  const count = await commands.delete(meant.filter, meant.most)
  refuseOthers(meant, count)
  return { count, ids: meant.ids, inserted: null, before }
}

interface MeantRows {
  readonly filter: Document
  readonly ids: readonly unknown[] | null
  readonly most: MostRows
  /** What is written are those that were found, no fewer. */
  readonly isExact: boolean
}

async function meantRows({
  bound,
  commands,
  needsIds,
  isPinned,
  judgeMeant,
}: WriteRun): Promise<MeantRows> {
  const { filter, targets } = bound
  if (!needsIds && filter !== null) {
    return { filter, ids: null, most: isPinned ? 'one' : 'all', isExact: false }
  }
  const found = await commands.read([...targets, { $project: { _id: 1 } }])
  const ids = found.map((document) => document.get('_id'))
  judgeMeant(ids.length)
  const among = { _id: { $in: ids } }
  if (commands.isAtomic) return { filter: among, ids, most: 'all', isExact: true }
  // a row may have become another since it was found
  if (filter === null) throw new Error('rows that a policy rules by others, without a transaction')
  return { filter: { $and: [among, filter] }, ids, most: 'all', isExact: false }
}

/** In a transaction nobody else touches what it has found; where it is so all the same, it is undone. */
function refuseOthers({ isExact, ids }: MeantRows, count: number): void {
  if (isExact && ids !== null && count !== ids.length) refuseConcurrent()
}
