/**
 * A plain command that only reads. It costs less than one of the driver's cursors; that the driver
 * tries those once more where they failed in a way that may pass is done here.
 */
import { type Db, type Document, MongoError, type RunCommandOptions } from 'mongodb'
import { mayPass } from '../connect/map-mongodb-error.ts'

export type ReadCommandOptions = Pick<RunCommandOptions, 'raw' | 'readPreference' | 'signal'>

/** Rejects  with what the driver rejects with */
export async function runReadCommand(
  db: Db,
  command: Document,
  options: ReadCommandOptions,
): Promise<Document> {
  try {
    return await db.command(command, options)
  } catch (error) {
    const isAgain = error instanceof MongoError && mayPass(error) && !options.signal?.aborted
    if (!isAgain || !db.client.options.retryReads) throw error
    return await db.command(command, options)
  }
}
