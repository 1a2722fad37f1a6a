/**
 * One aggregate of a request: within its time limit, ended when its client leaves, and its documents
 * as the bytes that the server sent.
 */
import type { AggregateOptions, Db, Document } from 'mongodb'
import type { RequestContext } from '../../backend.ts'
import { driverSignal } from '../connect/driver-signal.ts'

/** Documents that one message brings at most, beside the server's own bound of 16 MB. */
export const batchSize = 10_000

/**
 * `collection` null: the pipeline brings its own documents.
 *
 * Rejects  with what the driver rejects with
 */
export async function runAggregate(
  db: Db,
  collection: string | null,
  pipeline: readonly Document[],
  options: AggregateOptions,
  { config, signal }: Pick<RequestContext, 'config' | 'signal'>,
): Promise<readonly Uint8Array[]> {
  const limit = config.dbStatementTimeout
  const source = collection === null ? db : db.collection(collection)
  const cursor = source.aggregate([...pipeline], {
    ...options,
    ...(limit === 0 ? {} : { maxTimeMS: limit }),
    raw: true,
    batchSize,
    signal: driverSignal(signal),
  })
  const documents: unknown[] = await cursor.toArray()
  return documents.map(asBytes)
}

function asBytes(document: unknown): Uint8Array {
  if (document instanceof Uint8Array) return document
  throw new Error('the driver was asked for raw documents')
}
