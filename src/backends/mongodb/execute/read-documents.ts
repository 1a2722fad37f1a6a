/**
 * The documents of a read, as the bytes that the server sent. Most answers fit into one message: they
 * are asked for by a plain command, whose reply is taken apart here, which costs less than a cursor of
 * the driver. What does not fit is asked for by a cursor.
 */
import { type AggregateOptions, BSON, type Db, type Document } from 'mongodb'
import type { RequestContext } from '../../backend.ts'
import { int64At } from '../bson/bson-element.ts'
import { driverSignal } from '../connect/driver-signal.ts'
import { runReadCommand } from './read-command.ts'
import { batchSize, runAggregate } from './run-aggregate.ts'

export type DocumentReader = (
  db: Db,
  /** Of one object for each plan: what it says of the length of answers is remembered by it. */
  source: { readonly collection: string },
  pipeline: readonly Document[],
  options: ReadOptions,
  context: Pick<RequestContext, 'config' | 'signal'>,
) => Promise<readonly Uint8Array[]>

export type ReadOptions = Pick<AggregateOptions, 'readConcern' | 'readPreference'>

/** Rejects  with what the driver rejects with */
export function createDocumentReader(): DocumentReader {
  /** Those whose answer did not fit once. */
  const long = new WeakSet<object>()

  return async (db, source, pipeline, options, context) => {
    const { collection } = source
    if (!long.has(source)) {
      const documents = await ask(db, collection, pipeline, options, context)
      if (documents !== null) return documents
      long.add(source)
    }
    return runAggregate(db, collection, pipeline, options, context)
  }
}

/** Null: a cursor has to be asked. */
async function ask(
  db: Db,
  collection: string,
  pipeline: readonly Document[],
  options: ReadOptions,
  { config, signal }: Pick<RequestContext, 'config' | 'signal'>,
): Promise<readonly Uint8Array[] | null> {
  const limit = config.dbStatementTimeout
  const readConcern = options.readConcern ?? db.readConcern
  const command: Document = {
    aggregate: collection,
    pipeline,
    cursor: { batchSize },
    ...(limit === 0 ? {} : { maxTimeMS: limit }),
    ...(readConcern === undefined ? {} : { readConcern }),
  }
  const reply = await runReadCommand(db, command, {
    // documents inside of the reply stay bytes
    raw: true,
    readPreference: options.readPreference ?? db.readPreference ?? 'primary',
    signal: driverSignal(signal),
  })
  return documentsIn(reply, db, collection)
}

/** Null: there are more than those of the reply. */
function documentsIn(reply: Document, db: Db, collection: string): readonly Uint8Array[] | null {
  const cursor: unknown = reply['cursor']
  if (!(cursor instanceof Uint8Array)) throw new Error('the driver was asked for raw documents')
  let documents: readonly Uint8Array[] = []
  let id = 0n
  for (const [, nameOffset, nameLength, offset] of BSON.onDemand.parseToElements(cursor)) {
    const name = Buffer.from(cursor.buffer, cursor.byteOffset + nameOffset, nameLength).toString()
    if (name === 'id') id = int64At(cursor, offset)
    if (name === 'firstBatch') documents = membersOf(cursor, offset)
  }
  if (id === 0n) return documents
  db.command({ killCursors: collection, cursors: [BSON.Long.fromBigInt(id)] }).catch(() => {
    // the server closes it later by itself
  })
  return null
}

function membersOf(bytes: Uint8Array, listOffset: number): readonly Uint8Array[] {
  const members: Uint8Array[] = []
  for (const [, , , offset, length] of BSON.onDemand.parseToElements(bytes, listOffset)) {
    members.push(bytes.subarray(offset, offset + length))
  }
  return members
}
