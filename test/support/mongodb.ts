/**
 * The MongoDB server of this run, found or started by `global-setup.ts`, and databases in it: one of
 * its own for each test file. Tests that need a server stand in `describeMongodb`, those that start one
 * themselves in `describeStartedMongodb`.
 */
import { type Db, MongoClient } from 'mongodb'
import { describe, inject, test } from 'vitest'
import { mongodbBinary } from './mongodb-engine.ts'

/** The server that a run's tests share. */
export interface SharedMongodb {
  readonly uri: string
  /** MongoDB's own server, not another implementation: what only that does right is tested. */
  readonly isMongod: boolean
}

export interface MongodbDatabase {
  readonly name: string
  /** Leads to this database. */
  readonly uri: string
  readonly client: MongoClient
  readonly db: Db
  /** Drops it, and closes the client. */
  drop(): Promise<void>
}

/** Null where no server can be had: the tests on it are skipped. */
const shared = inject('mongodb')

export const isMongodbHere = shared !== null

/** MongoDB's own server, not another implementation. */
export const isMongod = shared?.isMongod === true

/** A `describe` that is skipped where there is no MongoDB server; the run says so, once. */
export const describeMongodb = describe.skipIf(!isMongodbHere)

/** A server that is named in TEST_MONGODB_URI can be asked, but no other one started. */
const isStartable = mongodbBinary() !== null

/** A `describe` that is skipped where no server of the test's own can be started. */
export const describeStartedMongodb = describe.skipIf(!isStartable)

/** A `test` of that kind, among others that need none. */
export const testStartedMongodb = test.skipIf(!isStartable)

/**
 * `uri` with the path that names `database`. A user whose own database was the path is looked for
 * there as before.
 */
function withDatabase(uri: string, database: string): string {
  const parts = /^(mongodb(?:\+srv)?:\/\/)([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri)
  if (parts === null) throw new Error('TEST_MONGODB_URI is not a connection string of MongoDB')
  const [, scheme = '', hosts = '', path = '', query = ''] = parts
  const needsSource = hosts.includes('@') && !/(^|&)authSource=/i.test(query)
  const source = needsSource ? [`authSource=${path === '' ? 'admin' : path}`] : []
  const options = [...(query === '' ? [] : [query]), ...source].join('&')
  return `${scheme}${hosts}/${database}${options === '' ? '' : `?${options}`}`
}

/** A new, empty database of its own for a test file, on the server of the run or on another. */
export async function createMongodbDatabase(
  uri: string | undefined = shared?.uri,
): Promise<MongodbDatabase> {
  if (uri === undefined) throw new Error('no MongoDB server in this run')
  const name = `dbrest_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  const own = withDatabase(uri, name)
  const client = await MongoClient.connect(own)
  return {
    name,
    uri: own,
    client,
    db: client.db(name),
    async drop() {
      await client.db(name).dropDatabase()
      await client.close()
    },
  }
}
