/**
 * Reads the collections of databases and their indexes, and the text that such a state has: a digest
 * of what `listCollections` and `listIndexes` say. Listing costs one command a database, indexes one
 * a collection. What is known of indexes is therefore kept: of a few collections only those are read
 * again that somebody told of, and with many the others now and then.
 */
import type { Db, Document } from 'mongodb'
import type { SchemaVersion } from '../../../schema/catalog.ts'
import { digest, type ListedCollection, listCollections, listIndexes } from './list-collections.ts'
import type { Topology } from './mongodb-facts.ts'
import { readInParallel } from './read-in-parallel.ts'

export interface IndexedCollection {
  readonly listed: ListedCollection
  /** As `listIndexes` says. */
  readonly indexes: readonly Document[]
  readonly indexDigest: string
  /** Changes with its options and indexes. */
  readonly fingerprint: string
}

export interface SchemaVersionReader {
  /** Rejects with what the driver says. */
  read(databases: readonly Db[], signal: AbortSignal): Promise<SchemaVersion>
  /**
   * Everything, for a load: read now, or as it was when the version `found` was, which a check of the
   * same reload has found. Rejects with what the driver says.
   */
  readAll(
    databases: readonly Db[],
    signal: AbortSignal,
    found: SchemaVersion | null,
  ): Promise<readonly IndexedCollection[]>
  /** A change was told of: of this collection or, where it is null, perhaps of any. */
  expectChange(of: ChangedCollection | null): void
}

export interface ChangedCollection {
  readonly database: string
  readonly name: string
}

/** Up to so many collections all indexes are read each time that nothing was told. */
const fewCollections = 50
/** At the latest each so many times. */
const rounds = 10

/** A state that was read whole. */
interface Known {
  readonly begunAt: number
  readonly databases: string
  readonly version: SchemaVersion
  readonly indexed: readonly IndexedCollection[]
}

export function createSchemaVersionReader(): SchemaVersionReader {
  let known: Known | null = null
  /** Readings since all indexes were read. */
  let age = 0
  // counts readings and news of changes, which overlap: the lower number came first
  let clock = 0
  let anyToldAt = 0
  const toldAt = new Map<string, number>()

  /** Those of the indexes that need not be read again. */
  function trusted(listed: readonly ListedCollection[], databases: string): Trusted {
    const isFresh = toldAt.size > 0 || (listed.length > fewCollections && known !== null)
    if (known?.databases !== databases || anyToldAt > known.begunAt || !isFresh || age >= rounds) {
      return new Map()
    }
    const kept = known.indexed.filter(({ listed: { database, name } }) => {
      return !toldAt.has(keyOf({ database, name }))
    })
    return new Map(kept.map((each) => [identityOf(each.listed), each]))
  }

  function keep(read: Known): void {
    // one that began before what is known tells nothing new
    if (known !== null && known.begunAt > read.begunAt) return
    known = read
    for (const [key, at] of toldAt) if (at < read.begunAt) toldAt.delete(key)
  }

  async function readNow(
    databases: readonly Db[],
    signal: AbortSignal,
    mayTrust: boolean,
  ): Promise<Known> {
    clock += 1
    const begunAt = clock
    const lists = await Promise.all(databases.map((db) => listCollections(db, signal)))
    const listed = lists.flat()
    const names = namesOf(databases)
    const kept: Trusted = mayTrust ? trusted(listed, names) : new Map()
    const byName = new Map(databases.map((db) => [db.databaseName, db]))
    const indexed = await readIndexesOf(listed, byName, kept, signal)
    const read = { begunAt, databases: names, version: schemaVersionOf(indexed), indexed }
    age = kept.size === 0 ? 0 : age + 1
    keep(read)
    return read
  }

  return {
    async read(databases, signal) {
      const { version } = await readNow(databases, signal, true)
      return version
    },
    async readAll(databases, signal, found) {
      const isFound = known?.version === found && known?.databases === namesOf(databases)
      if (known !== null && isFound) return known.indexed
      const { indexed } = await readNow(databases, signal, false)
      return indexed
    },
    expectChange(of) {
      clock += 1
      if (of === null) anyToldAt = clock
      else toldAt.set(keyOf(of), clock)
    },
  }
}

/** Indexes by what `identityOf` says of their collection. */
type Trusted = ReadonlyMap<string, Pick<IndexedCollection, 'indexes' | 'indexDigest'>>

function namesOf(databases: readonly Db[]): string {
  return JSON.stringify(databases.map(({ databaseName }) => databaseName))
}

function keyOf({ database, name }: ChangedCollection): string {
  return JSON.stringify([database, name])
}

/** A collection that was made anew has indexes of its own. */
function identityOf({ database, name, identity }: ListedCollection): string {
  return JSON.stringify([database, name, identity])
}

/** Eight at a time: the server has others to serve. */
async function readIndexesOf(
  listed: readonly ListedCollection[],
  databases: ReadonlyMap<string, Db>,
  kept: Trusted,
  signal: AbortSignal,
): Promise<readonly IndexedCollection[]> {
  return readInParallel(listed, async (each) => {
    const db = databases.get(each.database)
    const known = kept.get(identityOf(each))
    const indexes = known?.indexes ?? (db === undefined ? [] : await listIndexes(db, each, signal))
    const indexDigest = known?.indexDigest ?? digest(indexes)
    const fingerprint = `${digest([each.options])}.${indexDigest}`
    return { listed: each, indexes, indexDigest, fingerprint }
  })
}

export function schemaVersionOf(read: readonly IndexedCollection[]): SchemaVersion {
  return digest(
    read.map(({ listed: { database, name, identity }, fingerprint }) => {
      return [database, name, identity, fingerprint]
    }),
  )
}

/**
 * The version of all that a load reads: of the collections that are listed, of a deployment that is
 * built like this, whose small collections were found to have new fields so many times. What is counted
 * is this process's own, as versions are compared by nobody else.
 */
export function wholeVersion(
  listed: SchemaVersion,
  topology: Topology,
  newFields: number,
): SchemaVersion {
  return `${listed}.${topology}.${newFields}`
}

export function listedVersion(whole: SchemaVersion): SchemaVersion {
  return whole.slice(0, whole.indexOf('.'))
}
