/**
 * Commands that are each for themselves, in a session that knows whether a connection was cut under
 * one: then nobody knows whether it was carried out, also where what the driver tells at last is
 * that it found no server to ask again.
 */
import {
  type ClientSession,
  type MongoClient,
  MongoNetworkError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'
import { OutcomeUnknown } from './outcome-unknown.ts'

/** Throws  what `body` does; OutcomeUnknown */
export async function runWithoutTransaction<T>(
  client: MongoClient,
  body: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const session = client.startSession()
  try {
    return await body(session)
  } catch (error) {
    throw isUnknown(error, session) ? new OutcomeUnknown(error) : error
  } finally {
    await session.endSession().catch(() => undefined)
  }
}

function isUnknown(error: unknown, { serverSession }: ClientSession): boolean {
  // it is carried out where it was asked for, and may be undone when another server takes over
  if (error instanceof MongoWriteConcernError) return true
  const isCut = error instanceof MongoNetworkError || error instanceof MongoServerSelectionError
  return isCut && serverSession.isDirty
}
