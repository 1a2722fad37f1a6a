/**
 * Whether a collection is still there. MongoDB makes a collection that is written to and absent, so a
 * write on a snapshot that is behind would bring back what was dropped.
 *
 * In a transaction it is asked after the write and outside of the transaction: what this has made is
 * not seen there, and what is there stays until the transaction ends. A write for itself is preceded
 * by the question, which writes that come together share: it costs as much as a write, so that the
 * next one is put off until all writes have asked whose requests have arrived by now.
 */
import type { Db } from 'mongodb'
import { nextTurn } from '../../../core/next-turn.ts'
import { shareRuns } from '../../../core/share-runs.ts'
import { type ReadCommandOptions, runReadCommand } from './read-command.ts'

/** Rejects with what the driver does. */
export type CollectionPresence = (db: Db, collection: string) => Promise<boolean>

export function createCollectionPresence(): CollectionPresence {
  /** By namespace, of which there are as many as the schema has relations. */
  const questions = new Map<string, () => Promise<boolean>>()

  return (db, collection) => {
    const key = JSON.stringify([db.databaseName, collection])
    const ask =
      questions.get(key) ??
      shareRuns(() => isCollectionThere(db, collection, { readPreference: 'primary' }), nextTurn)
    questions.set(key, ask)
    return ask()
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
