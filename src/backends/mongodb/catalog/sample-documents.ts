/**
 * Some documents of a collection, raw, for what can be seen of their fields: the first and the last
 * in natural order, which costs nothing at any size and is the same each time, so that columns do not
 * flicker; of a view the first, since it has no other end.
 */
import type { Db } from 'mongodb'
import type { ListedCollection } from './list-collections.ts'

const first = 50
const last = 100

/** Milliseconds. A view that computes for longer is served without columns that are known. */
const viewLimitMs = 2000

/** The most documents that a sample has. */
export function sampleSize({ kind }: Pick<ListedCollection, 'kind'>): number {
  return kind === 'view' ? last : first + last
}

/** Shape  raw BSON; where there are few the same document may be there twice */
export async function sampleDocuments(
  db: Db,
  { name, kind }: ListedCollection,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const read = (limit: number, options: object) =>
    db
      .collection<Uint8Array>(name)
      .find({}, { limit, raw: true, singleBatch: true, batchSize: limit, signal, ...options })
      .toArray()
  if (kind === 'view') return read(last, { maxTimeMS: viewLimitMs })
  const head = await read(first, {})
  // these are all that there are
  if (head.length < first) return head
  return [...head, ...(await read(last, { sort: { $natural: -1 } }))]
}
