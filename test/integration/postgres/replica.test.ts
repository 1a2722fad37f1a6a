import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { stateIn, stateStep } from '../../../src/backends/postgres/execute/visible-state.ts'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { connectorTo, noSignal, step, texts } from '../../support/postgres-connector.ts'
import { type Replica, startReplica } from '../../support/replica.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

let primary: Cluster
let replica: Replica
let backend: Backend

beforeAll(async () => {
  primary = await startCluster()
  await primary.query('create table t (i int)')
  replica = await startReplica(primary)
  const config = loadTestConfig({ env: { PGRST_DB_URI: 'postgresql://' } })
  const env = {
    PGHOST: '127.0.0.1,127.0.0.1',
    PGPORT: `${replica.port},${primary.port}`,
    PGUSER: 'postgres',
  }
  backend = openPostgres({
    onUnreachable: () => undefined,
    onConnected: () => undefined,
    config: () => config,
    env,
    observe: observeTraced,
  })
})

afterAll(async () => {
  await backend?.close()
  await replica?.destroy()
  await primary?.destroy()
})

function feed() {
  if (backend.feed.kind !== 'push') throw new Error('PostgreSQL tells of changes')
  return backend.feed
}

test('requests go to the first host that works, the listener to the one that may be written', async () => {
  await backend.ping(noSignal)
  const heard: string[] = []
  const connection = feed().open('pgrst', {
    onChange: (scope) => heard.push(scope),
    onUnknown: (payload) => heard.push(payload),
    onSeen: () => undefined,
    onPeer: ({ kind }) => heard.push(kind),
    onLost: (cause) => heard.push(cause),
  })
  expect((await connection.ready).address).toBe(`127.0.0.1:${primary.port}`)
  await primary.query(`notify pgrst, 'reload config'`)
  await connection.prove()
  expect(heard).toEqual(['config'])
  connection.close()
})

test('db-channel-uri is heard where db-uri leads to a replica alone', async () => {
  const to = (port: number, database: string) =>
    `postgresql://postgres@127.0.0.1:${port}/${database}`
  const openAt = (dbChannelUri: string) => {
    const config = loadTestConfig({
      env: { PGRST_DB_URI: to(replica.port, 'postgres'), DBREST_DB_CHANNEL_URI: dbChannelUri },
    })
    const reading = openPostgres({
      onUnreachable: () => undefined,
      onConnected: () => undefined,
      config: () => config,
      env: {},
      observe: observeTraced,
    })
    onTestFinished(() => reading.close())
    if (reading.feed.kind !== 'push') throw new Error('PostgreSQL tells of changes')
    const heard: string[] = []
    const connection = reading.feed.open('pgrst', {
      onChange: (scope) => heard.push(scope),
      onUnknown: (payload) => heard.push(payload),
      onSeen: () => undefined,
      onPeer: ({ kind }) => heard.push(kind),
      onLost: (cause) => heard.push(cause),
    })
    onTestFinished(() => connection.close())
    return { connection, heard, feed: reading.feed }
  }
  const { connection, heard, feed } = openAt(to(primary.port, 'postgres'))
  expect((await connection.ready).address).toBe(`127.0.0.1:${primary.port}`)
  await primary.query(`notify pgrst, 'reload config'`)
  await connection.prove()
  expect(heard).toEqual(['config'])
  expect(await feed.catchUp.position()).not.toBeNull()

  const elsewhere = openAt(to(primary.port, 'template1'))
  await expect(elsewhere.connection.ready).rejects.toThrow(
    'db-channel-uri: it leads to another database than db-uri',
  )
})

test('tells when the replica has seen what the primary wrote', async () => {
  await primary.query('insert into t select generate_series(1, 1000)')
  const position = await feed().catchUp.position()
  expect(position).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
  if (position === null) throw new Error('reads go to a replica')
  await expect.poll(() => feed().catchUp.isReached(position)).toBe(true)
  expect(await feed().catchUp.isReached('FFFF/0')).toBe(false)
})

/** Until the replica has seen all that the primary has written so far. */
async function catchUp(): Promise<void> {
  const position = await feed().catchUp.position()
  if (position === null) throw new Error('reads go to a replica')
  await expect.poll(() => feed().catchUp.isReached(position)).toBe(true)
}

test('tells a state only while no transaction is under way that has written', async () => {
  const connect = (port: number) =>
    connectorTo(`postgresql://postgres@127.0.0.1:${port}/postgres`).connect({
      id: 'x',
      signal: noSignal,
    })
  const [reader, writer] = [await connect(replica.port), await connect(primary.port)]
  const stateOf = async (connection: typeof reader) => {
    const outcome = await connection.run([stateStep({ dbPreparedStatements: true })])
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    return stateIn(outcome.results[0])
  }
  await writer.run([step('begin'), step('insert into t values (-1)')])
  await primary.query('insert into t values (-2)')
  await catchUp()
  expect(await stateOf(reader)).toBeNull()
  expect(await stateOf(writer)).not.toBeNull()
  await writer.run([step('commit')])
  await catchUp()
  const before = await stateOf(reader)
  expect(before).toMatch(/ t \d+:\d+:$/)
  await primary.query('insert into t values (-3)')
  await catchUp()
  expect(await stateOf(reader)).not.toBe(before)
  await Promise.all([reader.end(), writer.end()])
})

test.each([
  ['any', 'replica'],
  ['standby', 'replica'],
  ['prefer-standby', 'replica'],
  ['read-only', 'replica'],
  ['primary', 'primary'],
  ['read-write', 'primary'],
])('target_session_attrs=%s leads to the %s', async (target, place) => {
  const hosts = `127.0.0.1:${replica.port},127.0.0.1:${primary.port}`
  const uri = `postgresql://postgres@${hosts}/postgres?target_session_attrs=${target}`
  const connection = await connectorTo(uri).connect({ id: 'x', signal: noSignal })
  const outcome = await connection.run([step('select pg_is_in_recovery()')])
  if (outcome.kind !== 'done') throw new Error(outcome.kind)
  expect(texts(outcome.results[0]?.rows ?? [])).toEqual([[place === 'replica' ? 't' : 'f']])
  await connection.end()
})

test('says why neither will do', async () => {
  const uri = `postgresql://postgres@127.0.0.1:${replica.port}/postgres?target_session_attrs=primary`
  await expect(connectorTo(uri).connect({ id: 'x', signal: noSignal })).rejects.toThrow(
    `connection to server at "127.0.0.1", port ${replica.port} failed: server is in hot standby mode`,
  )
})
