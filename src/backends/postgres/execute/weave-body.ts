/**
 * The answer of a read by columns (`compile-column-lists.ts`) → the body that the same read has as
 * one text, made in slices of the event loop.
 */
import { eventLoopSlices } from '../../../core/event-loop-slices.ts'
import { type BodyMemory, fewestLentBytes, type LentBytes } from '../../../core/lent-bytes.ts'
import { runInSlices } from '../../../core/run-in-slices.ts'
import type { ColumnLists } from '../compile/choose-column-lists.ts'
import type { StepResult } from '../protocol/postgres-connection.ts'
import { bytesForRows, weaveRows } from './weave-rows.ts'

/** Where in the answer's row `star` is; the lists follow. */
const starAt = 6

/** What is larger is asked for as one text, whose size PostgreSQL bounds: lists have no keys in them. */
const mostBytes = 64 * 1024 * 1024

/**
 * `not-the-columns`: the database has other columns than those that were asked for, or a cast of its
 * own has printed what is no JSON.
 */
export type WovenBody =
  | { readonly kind: 'woven'; readonly body: LentBytes | Buffer | string }
  | { readonly kind: 'not-the-columns' | 'too-large' }

/** The memory of the answer is given back. */
export async function weaveBody(
  lists: ColumnLists,
  answer: StepResult,
  rowCount: number,
  memory: BodyMemory,
): Promise<WovenBody> {
  try {
    return await weave(lists, answer, rowCount, memory)
  } finally {
    answer.lent?.giveBack()
  }
}

async function weave(
  { listed, star }: ColumnLists,
  { rows: [row = []] }: StepResult,
  rowCount: number,
  memory: BodyMemory,
): Promise<WovenBody> {
  const found = row[starAt]?.toString('utf8') ?? null
  if (found !== star) return { kind: 'not-the-columns' }
  if (rowCount === 0) return { kind: 'woven', body: '[]' }
  const lists = row.slice(starAt + 1).filter((list) => list !== null)
  if (lists.length !== listed.length) return { kind: 'not-the-columns' }
  const bytes = bytesForRows(listed, lists, rowCount)
  if (bytes > mostBytes) return { kind: 'too-large' }
  const lent = bytes < fewestLentBytes ? null : memory.lend(bytes)
  const out = lent?.bytes ?? Buffer.allocUnsafe(bytes)
  const woven = await runInSlices(weaveRows(listed, lists, rowCount, out), eventLoopSlices)
  if (woven !== null) return { kind: 'woven', body: lent?.narrowedTo(woven) ?? woven }
  lent?.giveBack()
  return { kind: 'not-the-columns' }
}
