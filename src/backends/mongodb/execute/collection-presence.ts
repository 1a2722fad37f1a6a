/**
 * Whether a collection is still there. MongoDB makes a collection that is written to and absent, so a
 * write on a snapshot that is behind would bring back what was dropped.
 *
 * In a transaction it is asked after the write and outside of the transaction: what this has made is
 * not seen there, and what is there stays until the transaction ends. A write for itself is preceded
 * by the question, which writes that come together share.
 */
import type { Db } from 'mongodb'

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
      const sent = isThere(db, collection)
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

async function isThere(db: Db, collection: string): Promise<boolean> {
  const found = db.listCollections(
    { name: collection },
    { nameOnly: true, readPreference: 'primary' },
  )
  return (await found.toArray()).length > 0
}
