/**
 * New documents that several requests put into the same collection at the same moment → one command,
 * which costs little more than that of a single one. It is not ordered, so that each document is
 * stored or refused for itself, as if its request had been alone. Only documents come here that cannot
 * make others wait: small ones with an id of ours, in a collection where nothing else has to be unique.
 *
 * A document that the command did not store goes alone afterwards, and that tells its client why.
 */
import {
  type ClientSession,
  type Collection,
  type Document,
  MongoBulkWriteError,
  type MongoClient,
  MongoError,
} from 'mongodb'
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { OutcomeUnknown } from './outcome-unknown.ts'
import { runWithoutTransaction } from './without-transaction.ts'

export interface Companion {
  /** Made for this document: no other one has it. */
  readonly id: unknown
  readonly document: Document
  /** When its time limit is reached, as Date.now() tells; null: there is none. */
  readonly endsAt: number | null
  readonly signal: CancelSignal
}

/** `refused`: not stored, but it was sent. `alone`: there is no company, nothing was sent. */
export type CompanyEnd = 'stored' | 'refused' | 'alone'

/** Rejects  with what the driver does; OutcomeUnknown */
export type InsertCompany = (collection: Collection, one: Companion) => Promise<CompanyEnd>

interface Member extends Companion {
  readonly settle: (end: CompanyEnd) => void
  readonly fail: (error: unknown) => void
}

/** Of a command: those that come after them make one of their own. */
const mostMembers = 100
/** Milliseconds to look which documents are stored. */
const lookLimitMs = 2000

export function createInsertCompany(client: MongoClient): InsertCompany {
  /** Those that come together, by collection. */
  const gathering = new Map<string, Member[]>()

  return (collection, one) =>
    new Promise((settle, fail) => {
      const member = { ...one, settle, fail }
      const { namespace } = collection
      const others = gathering.get(namespace)
      if (others !== undefined && others.length < mostMembers) {
        others.push(member)
        return
      }
      const members = [member]
      gathering.set(namespace, members)
      // all who wait for one and the same answer of the server go on before this
      process.nextTick(() => {
        if (gathering.get(namespace) === members) gathering.delete(namespace)
        void send(client, collection, members)
      })
    })
}

/** Settles each of them. */
async function send(
  client: MongoClient,
  collection: Collection,
  members: readonly Member[],
): Promise<void> {
  const waiting = members.filter(({ signal }) => !signal.aborted)
  const isCompany = waiting.length > 1
  for (const member of members) {
    if (!isCompany || member.signal.aborted) member.settle('alone')
  }
  if (!isCompany) return
  try {
    const isStored = await runWithoutTransaction(client, (session) =>
      insertEach(collection, waiting, session),
    )
    for (const [at, member] of waiting.entries()) {
      member.settle(isStored(at) ? 'stored' : 'refused')
    }
  } catch (error) {
    for (const { fail } of waiting) fail(error)
  }
}

/** Which of them are stored, by their positions. */
async function insertEach(
  collection: Collection,
  members: readonly Companion[],
  session: ClientSession,
): Promise<(at: number) => boolean> {
  const ends = members.flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt]))
  const limit = ends.length === 0 ? {} : { maxTimeMS: Math.max(1, Math.min(...ends) - Date.now()) }
  try {
    const documents = members.map(({ document }) => document)
    await collection.insertMany(documents, { ordered: false, session, ...limit })
    return () => true
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    // they are stored, and may be undone when another server takes over
    if (error.result.getWriteConcernError() !== undefined) throw new OutcomeUnknown(error)
    // not the server's words but what the driver met: whether it was carried out, the session knows
    if (error.errorResponse instanceof MongoError) throw error.errorResponse
    const refused = new Set([error.writeErrors].flat().map(({ index }) => index))
    if (refused.size > 0) return (at) => !refused.has(at)
    const found = await storedIds(collection, members).catch((cause: unknown) => {
      throw new OutcomeUnknown(cause)
    })
    return (at) => found.has(String(members[at]?.id))
  }
}

/** A command that failed as a whole may have stored some before, and stores no more of them. */
async function storedIds(
  collection: Collection,
  members: readonly Companion[],
): Promise<ReadonlySet<string>> {
  const among: Document = { _id: { $in: members.map(({ id }) => id) } }
  const found = await collection
    .find(among, { projection: { _id: 1 }, maxTimeMS: lookLimitMs })
    .withReadPreference('primary')
    .toArray()
  return new Set(found.map(({ _id }) => String(_id)))
}
