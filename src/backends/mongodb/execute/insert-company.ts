/**
 * New documents that several requests put into the same collection at the same moment → one command,
 * which costs little more than that of a single one. It is not ordered, so that each document is
 * stored or refused for itself, as if its request had been alone. Only documents come here that cannot
 * make others wait: small ones with an id of ours, in a collection where nothing else has to be unique.
 *
 * A document that the command did not store goes alone afterwards, and that tells its client why. Of
 * one that it may have stored nothing is said but that: reads find as well what is undone later.
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

/** Rejects  with what the driver does; OutcomeUnknown: it may be stored */
export type InsertCompany = (collection: Collection, one: Companion) => Promise<CompanyEnd>

interface Member extends Companion {
  readonly settle: (end: CompanyEnd) => void
  readonly fail: (error: unknown) => void
}

/** Of a command: those that come after them make one of their own. */
const mostMembers = 100
/** Milliseconds, at most, to look which documents are stored. */
const lookLimitMs = 2000
/** Milliseconds: who has fewer left would let the time of the others run out with the own. */
const leastLeftMs = 100

/**
 * Codes of the server that refuse a command before any document of it is looked at: what it is, who sends
 * it, where to. Others may come when some are stored, such as those of time limits and interruptions.
 */
const wholeRefusals: ReadonlySet<unknown> = new Set([
  9, // FailedToParse
  13, // Unauthorized
  14, // TypeMismatch
  18, // AuthenticationFailed
  20, // IllegalOperation
  26, // NamespaceNotFound
  59, // CommandNotFound
  72, // InvalidOptions
  115, // CommandNotSupported
  166, // CommandNotSupportedOnView
  238, // NotImplemented
  361, // CollectionUUIDMismatch
  8000, // AtlasError
  10107, // NotWritablePrimary
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  40414, // a field of the command is missing
  40415, // a field of the command is unknown
])

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
  const mayWait = ({ endsAt, signal }: Member) =>
    !signal.aborted && (endsAt === null || endsAt - Date.now() >= leastLeftMs)
  const able = members.filter(mayWait)
  const waiting = able.length > 1 ? able : []
  const together = new Set(waiting)
  for (const member of members) if (!together.has(member)) member.settle('alone')
  if (waiting.length === 0) return
  try {
    const endOf = await runWithoutTransaction(client, (session) =>
      insertEach(collection, waiting, session),
    )
    for (const [at, { settle, fail }] of waiting.entries()) {
      const end = endOf(at)
      if (end instanceof OutcomeUnknown) fail(end)
      else settle(end)
    }
  } catch (error) {
    for (const { fail } of waiting) fail(error)
  }
}

/** What becomes of each of them, by its position. */
type EndOf = (at: number) => Exclude<CompanyEnd, 'alone'> | OutcomeUnknown

async function insertEach(
  collection: Collection,
  members: readonly Companion[],
  session: ClientSession,
): Promise<EndOf> {
  const leftMs = leastLeft(members)
  const limit = leftMs === Number.POSITIVE_INFINITY ? {} : { maxTimeMS: leftMs }
  try {
    const documents = members.map(({ document }) => document)
    await collection.insertMany(documents, { ordered: false, session, ...limit })
    return () => 'stored'
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    // they are stored, and may be undone when another server takes over
    if (error.result.getWriteConcernError() !== undefined) throw new OutcomeUnknown(error)
    // not the server's words but what the driver met: whether it was carried out, the session knows
    if (error.errorResponse instanceof MongoError) throw error.errorResponse
    const refused = new Set([error.writeErrors].flat().map(({ index }) => index))
    if (refused.size > 0) return (at) => (refused.has(at) ? 'refused' : 'stored')
    // where a connection was cut under it, it may have been carried out before it was refused
    if (isWhollyRefused(error) && !isCut(session)) return () => 'refused'
    const found = await storedIds(collection, members).catch((cause: unknown) => {
      throw new OutcomeUnknown(cause)
    })
    const unknown = new OutcomeUnknown(error)
    return (at) => (found.has(String(members[at]?.id)) ? unknown : 'refused')
  }
}

/** The driver has words of its own for any IllegalOperation of a write, and no code. */
function isWhollyRefused(error: MongoBulkWriteError): boolean {
  const { originalError } = error
  return wholeRefusals.has(originalError instanceof MongoError ? originalError.code : error.code)
}

function isCut({ serverSession }: ClientSession): boolean {
  return serverSession.isDirty
}

/** Milliseconds that each of those has who still wait: at least one, as none is no limit. */
function leastLeft(members: readonly Companion[]): number {
  const now = Date.now()
  const left = members.flatMap(({ endsAt, signal }) =>
    endsAt === null || signal.aborted ? [] : [endsAt - now],
  )
  return Math.max(1, Math.min(...left))
}

/**
 * A command that failed as a whole may have stored some before. One that is not found may still come to
 * be stored where another server was on its way to do so: that is for who sends it again to see.
 */
async function storedIds(
  collection: Collection,
  members: readonly Companion[],
): Promise<ReadonlySet<string>> {
  const among: Document = { _id: { $in: members.map(({ id }) => id) } }
  const limitMs = Math.min(lookLimitMs, leastLeft(members))
  // the limit of the server does not count the time until one is found, or answers at all
  const limit = { maxTimeMS: limitMs, signal: AbortSignal.timeout(limitMs) }
  const found = await collection
    .find(among, { projection: { _id: 1 }, ...limit })
    .withReadPreference('primary')
    .toArray()
  return new Set(found.map(({ _id }) => String(_id)))
}
