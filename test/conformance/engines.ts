/**
 * The engines that cases are played on: each with a database that holds the fixtures, what a server
 * needs to be told to serve it, and what it is known not to do.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { mongodbCapabilities } from '../../src/backends/mongodb/catalog/mongodb-capabilities.ts'
import {
  capabilitiesStatement,
  postgresCapabilities,
} from '../../src/backends/postgres/catalog/postgres-capabilities.ts'
import { sqliteCapabilities } from '../../src/backends/sqlite/catalog/sqlite-capabilities.ts'
import type { Capabilities } from '../../src/schema/capabilities.ts'
import { createMongodbDatabase, isMongod, isMongodbHere } from '../support/mongodb.ts'
import type { PostgresVersion } from '../support/postgres.ts'
import { clusterVersions, createTestDatabase } from '../support/shared-cluster.ts'
import { testSecret } from '../support/sign-jwt.ts'
import type { EngineName } from './conformance-case.ts'
import { fillMongodb } from './mongodb-fixture.ts'

export interface PreparedEngine {
  /** The schema that is exposed by default. */
  readonly schema: string
  readonly env: Readonly<Record<string, string>>
  readonly capabilities: Capabilities
  drop(): Promise<void>
}

export interface Engine {
  readonly name: EngineName
  /** As titles and messages have it: `PostgreSQL 18`. */
  readonly title: string
  /** Whether a server can be had; where it cannot, the run says so. */
  readonly isAvailable: boolean
  /** It is another implementation, which does not do all that the engine does. */
  readonly isStandIn: boolean
  prepare(): Promise<PreparedEngine>
}

export function engines(): readonly Engine[] {
  return [...clusterVersions().map(postgres), sqlite, mongodb]
}

const fixtures = join(import.meta.dirname, 'fixtures')

function readFixture(file: string): string {
  return readFileSync(join(fixtures, file), 'utf8')
}

function postgres(version: PostgresVersion): Engine {
  return {
    name: 'postgres',
    title: `PostgreSQL ${version}`,
    isAvailable: true,
    isStandIn: false,
    async prepare() {
      const fixtures = ['postgres.sql', 'postgres-only.sql'].map(readFixture)
      const database = await createTestDatabase(fixtures.join('\n'), version)
      return {
        schema: 'public',
        env: {
          DBREST_DB_URI: database.uri('conformance_login', 'conformance-pass@word'),
          DBREST_DB_ANON_ROLE: 'conformance_anon',
          DBREST_JWT_SECRET: testSecret,
          DBREST_DB_CHANNEL_ENABLED: 'false',
          DBREST_DB_POOL: '2',
        },
        capabilities: postgresCapabilities(
          asTexts(await database.query(capabilitiesStatement.text)),
        ),
        drop: () => database.drop(),
      }
    },
  }
}

const sqlite: Engine = {
  name: 'sqlite',
  title: 'SQLite',
  isAvailable: true,
  isStandIn: false,
  async prepare() {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-conformance-'))
    const file = join(folder, 'films.db')
    const database = new Database(file)
    database.exec(readFixture('sqlite.sql'))
    database.close()
    return {
      schema: 'main',
      env: {
        DBREST_DB_URI: file,
        DBREST_DB_POOL: '2',
        DBREST_FUNCTION_REGISTRY: `@${join(fixtures, 'sqlite-functions.json')}`,
      },
      capabilities: sqliteCapabilities(''),
      drop: async () => rmSync(folder, { recursive: true }),
    }
  },
}

const mongodb: Engine = {
  name: 'mongodb',
  title: 'MongoDB',
  isAvailable: isMongodbHere,
  isStandIn: !isMongod,
  async prepare() {
    const database = await createMongodbDatabase()
    await fillMongodb(database.db, {
      sql: readFixture('sqlite.sql'),
      schema: readFixture('mongodb-schema.json'),
      views: JSON.parse(readFixture('mongodb-views.json')),
      textIndexes: isMongod ? { synopses: 'body' } : {},
      checks: { reviews: { stars: { minimum: 0, maximum: 5 } } },
    })
    return {
      schema: database.name,
      env: {
        DBREST_DB_URI: database.uri,
        DBREST_DB_POOL: '2',
        DBREST_DECLARED_SCHEMA: `@${join(fixtures, 'mongodb-schema.json')}`,
        DBREST_DECLARED_RELATIONSHIPS: `@${join(fixtures, 'mongodb-relationships.json')}`,
        DBREST_FUNCTION_REGISTRY: `@${join(fixtures, 'mongodb-functions.json')}`,
      },
      capabilities: mongodbCapabilities('', 'replica-set'),
      drop: () => database.drop(),
    }
  },
}

/** The server reads every value as text. */
function asTexts(rows: readonly Record<string, unknown>[]) {
  return rows.map((row) => {
    const texts = Object.entries(row).map(([name, value]) => [name, asText(value)] as const)
    return Object.fromEntries(texts)
  })
}

function asText(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return value === null ? null : String(value)
}
