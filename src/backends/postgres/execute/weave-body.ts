/**
 * The answer of a read by columns (`compile-column-lists.ts`) → the body that the same read has as
 * one text, made in slices of the event loop.
 */
import { eventLoopSlices } from '../../../core/event-loop-slices.ts'
import type { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'
import { runInSlices } from '../../../core/run-in-slices.ts'
import type { ColumnLists } from '../compile/choose-column-lists.ts'
import type { StepResult } from '../protocol/postgres-connection.ts'
import { bytesForRows, weaveRows } from './weave-rows.ts'

/** Where in the answer's row `star` is; the lists follow. */
const starAt = 6

/** Smaller bodies have memory of their own. */
const fewestLentBytes = 64 * 1024

/**
 * The memory of the answer is given back. Null: the database has other columns than those that were
 * asked for, or a cast of its own has printed what is no JSON.
 */
export async function weaveBody(
  { names, star }: ColumnLists,
  { rows: [row], lent }: StepResult,
  rowCount: number,
  memory: BodyMemory,
): Promise<LentBytes | Buffer | string | null> {
  try {
    if (row === undefined) return null
    if ((row[starAt]?.toString('utf8') ?? null) !== star) return null
    if (rowCount === 0) return '[]'
    const lists = row.slice(starAt + 1).filter((list) => list !== null)
    if (lists.length !== names.length) return null
    const bytes = bytesForRows(names, lists, rowCount)
    const lentOut = bytes < fewestLentBytes ? null : memory.lend(bytes)
    const out = lentOut?.bytes ?? Buffer.allocUnsafe(bytes)
    const woven = await runInSlices(weaveRows(names, lists, rowCount, out), eventLoopSlices)
    if (woven === null) lentOut?.giveBack()
    return woven === null ? null : (lentOut?.narrowedTo(woven) ?? woven)
  } finally {
    lent?.giveBack()
  }
}
