/**
 * Whether a collection is still there. MongoDB makes a collection that is written to and absent, so a
 * write on a snapshot that is behind would bring back what was dropped.
 *
 * In a transaction it is asked after the write and outside of the transaction: what this has made is
 * not seen there, and what is there stays until the transaction ends. A write for itself is preceded
 * by the question, which writes that come together share: it costs nearly as much as a write, so that
 * the next one is put off until all writes have asked whose requests have arrived by now.
 */
import { type Db, MongoServerError } from 'mongodb'
import { nextTurn } from '../../../core/next-turn.ts'
import { shareRuns } from '../../../core/share-runs.ts'
import { type ReadCommandOptions, runReadCommand } from './read-command.ts'

/** Rejects with what the driver does. */
export type CollectionPresence = (db: Db, collection: string) => Promise<boolean>

/** `ask`: what those who ask at the same time share. */
export function createCollectionPresence(ask: CollectionPresence): CollectionPresence {
  /** By namespace, of which there are as many as the schema has relations. */
  const questions = new Map<string, () => Promise<boolean>>()

  return (db, collection) => {
    const key = JSON.stringify([db.databaseName, collection])
    const known = questions.get(key)
    if (known !== undefined) return known()
    const shared = shareRuns(() => ask(db, collection), nextTurn)
    questions.set(key, shared)
    return shared()
  }
}

/** Codes of the server. */
const unauthorized = 13
const namespaceNotFound = 26

/**
 * Outside of transactions, and not of views. The indexes of a collection are told faster than that it
 * is among all collections, but not to every user.
 */
export async function hasIndexes(db: Db, name: string): Promise<boolean> {
  const options = { readPreference: 'primary' as const }
  try {
    await runReadCommand(db, { listIndexes: name }, options)
    return true
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error
    if (error.code === namespaceNotFound) return false
    if (error.code === unauthorized) return isCollectionThere(db, name, options)
    throw error
  }
}

/** Where reads go to, unless it says otherwise. Rejects with what the driver does. */
export async function isCollectionThere(
  db: Db,
  name: string,
  options: Pick<ReadCommandOptions, 'readPreference' | 'signal'> = {},
): Promise<boolean> {
  const command = { listCollections: 1, filter: { name }, nameOnly: true }
  const readPreference = options.readPreference ?? db.readPreference ?? 'primary'
  const reply = await runReadCommand(db, command, { ...options, readPreference })
  const found: unknown = Object(reply['cursor']).firstBatch
  return Array.isArray(found) && found.length > 0
}
