/**
 * The state of a schema as a text: digests of what `listCollections` and `listIndexes` say. Listing
 * costs one command a database, indexes one a collection; with many collections the indexes are
 * therefore asked for now and then only, unless something has told that there is a change.
 */
import type { Db, Document } from 'mongodb'
import type { SchemaVersion } from '../../../schema/catalog.ts'
import { digest, type ListedCollection, listCollections, listIndexes } from './list-collections.ts'
import { readInParallel } from './read-in-parallel.ts'

export interface IndexedCollection {
  readonly listed: ListedCollection
  /** As `listIndexes` says. */
  readonly indexes: readonly Document[]
}

export interface SchemaVersionReader {
  /** Rejects with what the driver says. */
  read(databases: readonly Db[], signal: AbortSignal): Promise<SchemaVersion>
  /** A change was told of, which may be one of indexes: they are read next time. */
  expectChange(): void
  /** The version that a load has read with everything. */
  remember(version: SchemaVersion): void
}

/** Up to so many collections indexes are read each time. */
const fewCollections = 50
/** With more of them, each so many times. */
const rounds = 10

export function createSchemaVersionReader(): SchemaVersionReader {
  let last: SchemaVersion | null = null
  let age = 0
  // what is told while indexes are read may be of one that was read already: it stays
  let isExpected = false

  async function readAll(
    listed: readonly ListedCollection[],
    databases: readonly Db[],
    signal: AbortSignal,
  ): Promise<SchemaVersion> {
    isExpected = false
    try {
      const byName = new Map(databases.map((db) => [db.databaseName, db]))
      return schemaVersionOf(await readIndexesOf(listed, byName, signal))
    } catch (failure) {
      isExpected = true
      throw failure
    }
  }

  return {
    async read(databases, signal) {
      const lists = await Promise.all(databases.map((db) => listCollections(db, signal)))
      const listed = lists.flat()
      age += 1
      const isKnown = last !== null && listPart(last) === listDigest(listed)
      const isYoung = listed.length > fewCollections && age < rounds && !isExpected
      if (last !== null && isKnown && isYoung) return last
      last = await readAll(listed, databases, signal)
      age = 0
      return last
    },
    expectChange() {
      isExpected = true
    },
    remember(version) {
      last = version
      age = 0
    },
  }
}

/** Eight at a time: the server has others to serve. */
export async function readIndexesOf(
  listed: readonly ListedCollection[],
  databases: ReadonlyMap<string, Db>,
  signal: AbortSignal,
): Promise<readonly IndexedCollection[]> {
  return readInParallel(listed, async (each) => {
    const db = databases.get(each.database)
    return { listed: each, indexes: db === undefined ? [] : await listIndexes(db, each, signal) }
  })
}

/** Shape  `<digest of the lists>.<digest of the indexes>` */
export function schemaVersionOf(read: readonly IndexedCollection[]): SchemaVersion {
  return `${listDigest(read.map(({ listed }) => listed))}.${digest(read.map(({ indexes }) => indexes))}`
}

function listDigest(listed: readonly ListedCollection[]): string {
  return digest(
    listed.map(({ database, name, identity, options }) => [database, name, identity, options]),
  )
}

function listPart(version: SchemaVersion): string {
  return version.split('.')[0] ?? ''
}
