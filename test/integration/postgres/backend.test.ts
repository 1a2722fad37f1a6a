import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { judgeFailure } from '../../../src/errors/judge-failure.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { plainSchemaOptions } from '../../support/plain-schema-options.ts'
import { noSignal } from '../../support/postgres-connector.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

let db: TestDatabase
const opened: Backend[] = []

beforeAll(async () => {
  db = await createTestDatabase('create table t (i int primary key); insert into t values (1)')
})

afterAll(async () => {
  await Promise.all(opened.map((backend) => backend.close()))
  await db.drop()
})

function backendOf(uri = db.uri(), env: Readonly<Record<string, string>> = {}): Backend {
  const config = loadTestConfig({ env: { PGRST_DB_URI: uri, PGRST_DB_ANON_ROLE: 'x', ...env } })
  const backend = openPostgres({
    onUnreachable: () => undefined,
    onConnected: () => undefined,
    config: () => config,
    env: {},
    observe: observeTraced,
  })
  opened.push(backend)
  return backend
}

/** A connection of the backend's feed, and the scopes of the changes that it told of. */
function openFeed({ feed }: Backend, channel = 'pgrst') {
  if (feed.kind !== 'push') throw new Error('PostgreSQL tells of changes')
  const scopes: string[] = []
  const connection = feed.open(channel, {
    onChange: (scope) => scopes.push(scope),
    onUnknown: (payload) => scopes.push(`unknown: ${payload}`),
    onSeen: () => undefined,
    onPeer: ({ kind }) => scopes.push(`peer: ${kind}`),
    onLost: (cause) => scopes.push(`lost: ${cause}`),
  })
  return { feed, connection, scopes }
}

const options = plainSchemaOptions({ dbExtraSearchPath: ['public'] })

test('says which server it is, and that requests can be served', async () => {
  const backend = backendOf()
  expect(await backend.serverVersion(noSignal)).toMatch(/^PostgreSQL 18/)
  await backend.ping(noSignal)
  expect(backend.poolStats()).toEqual({ max: 10, available: 1, used: 0, waiting: 0 })
})

test('knows the version of a schema, and loads it', async () => {
  const backend = backendOf()
  const request = { options, previous: null, depth: 'full', signal: noSignal } as const
  const catalog = await backend.introspect(request)
  const before = await backend.schemaVersion(options, noSignal)
  expect(catalog.schemaVersion).toBe(before)
  expect(catalog.relations.map((relation) => relation.name)).toEqual(['t'])
  await db.query('create table another (i int)')
  expect(await backend.schemaVersion(options, noSignal)).not.toBe(before)
})

test('reads settings from the database where that is wanted', async () => {
  await db.query(`alter role postgres in database ${db.name} set pgrst.db_max_rows to '7'`)
  const backend = backendOf()
  const config = loadTestConfig({ env: { PGRST_DB_URI: db.uri() } })
  const settings = await backend.databaseSettings(config, noSignal)
  expect([...settings]).toEqual([['db_max_rows', '7']])
  const without = { ...config, dbConfig: false }
  expect(await backend.databaseSettings(without, noSignal)).toEqual(new Map())
  await db.query(`alter role postgres in database ${db.name} reset pgrst.db_max_rows`)
})

test('its feed listens where notifications arrive, and proves it', async () => {
  const backend = backendOf(`${db.uri()}?target_session_attrs=any`)
  const { feed, connection, scopes } = openFeed(backend, 'My channel')
  expect(await connection.ready).toEqual({
    address: `127.0.0.1:${db.port}`,
    serverVersion: expect.stringMatching(/^PostgreSQL 18/),
  })
  await db.query(`notify "My channel", 'reload config'; notify "My channel", 'nothing of ours'`)
  await db.query(`notify "My channel"`)
  // notifications arrive in the order of their commits
  await connection.prove()
  expect(scopes).toEqual(['config', 'unknown: nothing of ours', 'both'])
  await connection.prove()
  expect(await feed.catchUp.position()).toBeNull()
  expect(await feed.catchUp.isReached('0/1')).toBe(true)
  connection.close()
})

test('a connection of its feed that is closed while it is made is gone', async () => {
  const backend = backendOf(`${db.uri()}?application_name=abandoned`)
  const { connection, scopes } = openFeed(backend)
  connection.close()
  await expect(connection.ready).rejects.toThrow('closed before it was made')
  connection.close()
  const listening = await db.query(
    `select 1 from pg_stat_activity where application_name = 'abandoned' and query like 'LISTEN%'`,
  )
  expect(listening).toEqual([])
  expect(scopes).toEqual([])
})

test('a server that is not there is a failure, fatal only without recovery', async () => {
  const failureOf = (work: Promise<unknown>) => work.catch((failure: unknown) => failure)
  const backend = backendOf('postgresql://u@127.0.0.1:1/x')
  const failures = await Promise.all([
    failureOf(backend.serverVersion(noSignal)),
    failureOf(backend.ping(noSignal)),
    failureOf(openFeed(backend).connection.ready),
  ])
  for (const failure of failures) {
    expect(failure).toMatchObject({ error: { kind: 'connection' } })
    expect(judgeFailure(failure, { dbPoolAutomaticRecovery: true })).toBe('retry')
    expect(judgeFailure(failure, { dbPoolAutomaticRecovery: false })).toBe('fatal')
  }
})

test('closing ends what runs and leaves no session', async () => {
  const backend = backendOf(`${db.uri()}?application_name=closing`)
  await backend.ping(noSignal)
  const version = await backend.schemaVersion(options, noSignal)
  expect(version).not.toBe('')
  const watcher = new pg.Client(db.uri())
  await watcher.connect()
  const sessions = async () => {
    const { rows } = await watcher.query(
      "select 1 from pg_stat_activity where application_name = 'closing'",
    )
    return rows.length
  }
  expect(await sessions()).toBe(2)
  await backend.close()
  await expect.poll(sessions).toBe(0)
  await watcher.end()
})
