/**
 * The commands that a write is made of, on one collection: inside a transaction, or each for itself
 * where there is none. Before each of them it is looked whether the client is still there and how
 * much of the time limit is left, and each is noted for the log, without values.
 */
import {
  type AnyBulkWriteOperation,
  type ClientSession,
  type Collection,
  type Db,
  type Document,
  MongoBulkWriteError,
  MongoError,
} from 'mongodb'
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { type ExactDocument, readExact } from '../bson/read-exact.ts'
import { refuseIfGone } from './mongodb-transaction.ts'
import { printCollection } from './print-pipeline.ts'

export interface WriteCommandsDeps {
  readonly db: Db
  readonly collection: string
  readonly session: ClientSession
  /** The session is in a transaction: commands that fail undo those before them. */
  readonly isAtomic: boolean
  /** When the time limit is reached, as Date.now() tells; null: there is none. */
  readonly endsAt: number | null
  readonly signal: CancelSignal
  /** Gets what is sent. */
  readonly statements: string[]
}

/** A command that cannot touch several rows is asked again by the driver where a connection is cut. */
export type MostRows = 'one' | 'all'

export class WriteCommands {
  readonly #deps: WriteCommandsDeps
  readonly #collection: Collection

  constructor(deps: WriteCommandsDeps) {
    this.#deps = deps
    this.#collection = deps.db.collection(deps.collection)
  }

  get isAtomic(): boolean {
    return this.#deps.isAtomic
  }

  async insert(documents: readonly Document[]): Promise<void> {
    const [only] = documents
    if (only === undefined) return
    if (documents.length === 1) {
      await this.#collection.insertOne(only, this.#next('insertOne'))
    } else {
      const options = this.#next('insertMany')
      await this.#collection.insertMany([...documents], options).catch(throwOwn)
    }
  }

  /** How many rows were matched, changed or not. */
  async update(
    filter: Document,
    update: Document | readonly Document[],
    most: MostRows,
  ): Promise<number> {
    const change = isPipeline(update) ? [...update] : update
    const { matchedCount } =
      most === 'one'
        ? await this.#collection.updateOne(filter, change, this.#next('updateOne'))
        : await this.#collection.updateMany(filter, change, this.#next('updateMany'))
    return matchedCount
  }

  /** Whether the row is new. */
  async upsertOne(filter: Document, update: Document): Promise<boolean> {
    const options = { ...this.#next('updateOne'), upsert: true }
    return (await this.#collection.updateOne(filter, update, options)).upsertedCount > 0
  }

  /** How many rows were matched by updates. */
  async bulk(operations: readonly AnyBulkWriteOperation[]): Promise<number> {
    if (operations.length === 0) return 0
    const options = this.#next('bulkWrite')
    const done = await this.#collection.bulkWrite([...operations], options).catch(throwOwn)
    return done.matchedCount
  }

  async delete(filter: Document, most: MostRows): Promise<number> {
    const { deletedCount } =
      most === 'one'
        ? await this.#collection.deleteOne(filter, this.#next('deleteOne'))
        : await this.#collection.deleteMany(filter, this.#next('deleteMany'))
    return deletedCount
  }

  /** Keys of rows, to write to these rows by. */
  async read(pipeline: readonly Document[]): Promise<readonly ExactDocument[]> {
    return (await this.readRaw(pipeline)).map(readExact)
  }

  /** The documents as they came. */
  async readRaw(pipeline: readonly Document[]): Promise<readonly Uint8Array[]> {
    const options = { ...this.#next('aggregate'), raw: true }
    const found: unknown[] = await this.#collection.aggregate([...pipeline], options).toArray()
    return found.map((document) => {
      if (document instanceof Uint8Array) return document
      throw new Error('the driver gave no bytes')
    })
  }

  /** What every command takes. */
  #next(name: string) {
    const { session, endsAt, signal, statements, collection } = this.#deps
    refuseIfGone(signal)
    statements.push(`${printCollection(collection)}.${name}(…)`)
    return {
      session,
      // a secondary may not have what was written just now
      readPreference: 'primary' as const,
      // 0 would be no limit
      ...(endsAt === null ? {} : { maxTimeMS: Math.max(1, endsAt - Date.now()) }),
    }
  }
}

/**
 * What the driver itself met under way, such as a lost connection, comes as the server's answer to a
 * bulk, without being one: what it was tells whether the write is tried again.
 */
function throwOwn(error: unknown): never {
  const isWrapped =
    error instanceof MongoBulkWriteError && error.errorResponse instanceof MongoError
  throw isWrapped ? error.errorResponse : error
}

function isPipeline(update: Document | readonly Document[]): update is readonly Document[] {
  return Array.isArray(update)
}
