/**
 * Whether a collection is still there. MongoDB makes a collection that is written to and absent, so a
 * write on a snapshot that is behind would bring back what was dropped.
 *
 * In a transaction it is asked after the write and outside of the transaction: what this has made is
 * not seen there, and what is there stays until the transaction ends. A write for itself is preceded
 * by the question, which writes that come together share.
 */
import type { Db } from 'mongodb'
import { type ReadCommandOptions, runReadCommand } from './read-command.ts'

/** Rejects with what the driver does. */
export type CollectionPresence = (db: Db, collection: string) => Promise<boolean>

export function createCollectionPresence(): CollectionPresence {
  /** By namespace: the question that was not sent yet, and takes in all who ask meanwhile. */
  const waiting = new Map<string, Promise<boolean>>()
  const running = new Map<string, Promise<boolean>>()

  return async (db, collection) => {
    const key = JSON.stringify([db.databaseName, collection])
    const joined = waiting.get(key)
    if (joined !== undefined) return joined
    const before = running.get(key)
    const question = (async () => {
      if (before !== undefined) await before.catch(() => undefined)
      waiting.delete(key)
      const sent = isCollectionThere(db, collection, { readPreference: 'primary' })
      running.set(key, sent)
      try {
        return await sent
      } finally {
        if (running.get(key) === sent) running.delete(key)
      }
    })()
    if (before !== undefined) waiting.set(key, question)
    return question
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
