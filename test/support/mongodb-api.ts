/**
 * The API over a MongoDB database of a test's own, without a socket: the counterpart of
 * `serveSqlite`.
 */
import { openMongodb } from '../../src/backends/mongodb/open-mongodb.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { type BackendApi, openApi } from './in-process-api.ts'
import { createMongodbDatabase, type MongodbDatabase } from './mongodb.ts'

export interface MongodbApi extends BackendApi {
  readonly database: MongodbDatabase
  /** Closes the backend and drops the database. */
  stop(): Promise<void>
}

/** `fill` writes what is there when the schema is loaded first. With aggregates. */
export async function serveMongodb(
  fill: (database: MongodbDatabase) => Promise<unknown>,
  options: Partial<Config> = {},
): Promise<MongodbApi> {
  const database = await createMongodbDatabase()
  await fill(database)
  const config: Config = {
    ...defaultConfig('mongodb'),
    dbUri: database.uri,
    dbSchemas: [database.name],
    dbAggregatesEnabled: true,
    ...options,
  }
  const api = openApi(config, openMongodb)
  await api.load()
  return {
    ...api,
    database,
    async stop() {
      await api.close()
      await database.drop()
    },
  }
}
