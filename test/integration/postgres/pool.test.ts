import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { PoolLimits } from '../../../src/backends/pool/pool-limits.ts'
import {
  type Acquisition,
  createPostgresPool,
  type PostgresPool,
} from '../../../src/backends/postgres/connect/postgres-pool.ts'
import type { PostgresConnection } from '../../../src/backends/postgres/protocol/postgres-connection.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { startCluster } from '../../support/postgres.ts'
import { connectorTo, noSignal, step, texts } from '../../support/postgres-connector.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

let db: TestDatabase
const pools: PostgresPool[] = []

beforeAll(async () => {
  db = await createTestDatabase()
})

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

afterAll(() => db.drop())

function poolOf(limits: Partial<PoolLimits> = {}, uri = db.uri()) {
  const seen: Observation[] = []
  const connector = connectorTo(uri)
  const pool = createPostgresPool({
    connect: (id, signal) => connector.connect({ id, signal }),
    limits: {
      max: 2,
      acquisitionTimeoutMs: 60_000,
      maxIdleMs: 60_000,
      maxLifetimeMs: 60_000,
      ...limits,
    },
    observe(observation) {
      seen.push(observation)
      observeTraced(observation)
    },
  })
  pools.push(pool)
  const statuses = () =>
    seen.flatMap((one) => (one.kind === 'connection' ? [`${one.status} ${one.reason}`.trim()] : []))
  return { pool, seen, statuses }
}

function connectionOf(acquired: Acquisition): PostgresConnection {
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  return acquired.connection
}

async function take(pool: PostgresPool): Promise<PostgresConnection> {
  return connectionOf(await pool.acquire(noSignal))
}

async function value(connection: PostgresConnection, sql: string): Promise<string> {
  const outcome = await connection.run([step(sql)])
  if (outcome.kind !== 'done') throw new Error(outcome.kind)
  return texts(outcome.results[0]?.rows ?? [])[0]?.[0] ?? ''
}

/** Resolves when the observation arrives. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}

async function sessions(): Promise<number> {
  const [row] = await db.query(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and application_name like 'dbrest %'`,
  )
  return Number(row?.['n'])
}

test('opens a connection when one is needed, and lends it again', async () => {
  const { pool, statuses } = poolOf()
  const first = await take(pool)
  pool.release(first, true)
  expect(await take(pool)).toBe(first)
  pool.release(first, true)
  expect(statuses()).toEqual([
    'connecting',
    'ready connection establishment',
    'used',
    'released session success',
    'used',
    'released session success',
  ])
  expect(pool.stats()).toEqual({ max: 2, available: 1, used: 0, waiting: 0 })
})

test('a limit longer than a timer can be does not end at once', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const long = 40 * 24 * 3600 * 1000
  const { pool } = poolOf({
    max: 1,
    acquisitionTimeoutMs: long,
    maxIdleMs: long,
    maxLifetimeMs: long,
  })
  const first = await take(pool)
  const second = pool.acquire(noSignal)
  await value(first, 'select pg_sleep(0.05)')
  pool.release(first, true)
  expect(await second).toEqual({ kind: 'acquired', connection: first })
  pool.release(first, true)
  expect(warnings).toEqual([])
})

test('serves first come first, on never more connections than it may open', async () => {
  const { pool } = poolOf({ max: 3 })
  const order: number[] = []
  let most = 0
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      const connection = await take(pool)
      order.push(n)
      most = Math.max(most, await sessions())
      await value(connection, 'select pg_sleep(0.005)')
      pool.release(connection, true)
    }),
  )
  expect(most).toBe(3)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('gives up on a connection after the acquisition timeout', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { pool } = poolOf({ max: 1, acquisitionTimeoutMs: 60 })
  const busy = await take(pool)
  const refused = pool.acquire(noSignal)
  vi.advanceTimersByTime(59)
  expect(pool.stats().waiting).toBe(1)
  vi.advanceTimersByTime(1)
  expect(pool.stats().waiting).toBe(0)
  vi.useRealTimers()
  expect(await refused).toEqual({ kind: 'timeout' })
  pool.release(busy, true)
  expect(await take(pool)).toBe(busy)
  pool.release(busy, true)
})

test('a waiting request whose client leaves is dropped, the next one is served', async () => {
  const { pool } = poolOf({ max: 1 })
  const busy = await take(pool)
  const client = new AbortController()
  const left = pool.acquire(client.signal)
  const next = pool.acquire(noSignal)
  expect(pool.stats().waiting).toBe(2)
  client.abort()
  expect(await left).toEqual({ kind: 'abandoned' })
  pool.release(busy, true)
  expect(await next).toEqual({ kind: 'acquired', connection: busy })
  pool.release(busy, true)
  expect(await pool.acquire(client.signal)).toEqual({ kind: 'abandoned' })
})

test('closes what is idle for too long', async () => {
  const { pool, statuses } = poolOf({ maxIdleMs: 40 })
  pool.release(await take(pool), true)
  await until(() => statuses().includes('closed max idletime'))
  await until(async () => (await sessions()) === 0)
  expect(pool.stats().available).toBe(0)
})

test('closes what is too old, once it is not used', async () => {
  const { pool, statuses } = poolOf({ maxLifetimeMs: 40 })
  const old = await take(pool)
  await value(old, 'select pg_sleep(0.06)')
  expect(old.isAlive).toBe(true)
  pool.release(old, true)
  expect(statuses().at(-1)).toBe('closed max lifetime')
  const young = await take(pool)
  expect(young).not.toBe(old)
  pool.release(young, true)
})

test('after a publish no connection from before serves another request', async () => {
  const { pool } = poolOf({ max: 4 })
  const before = [await take(pool), await take(pool), await take(pool)]
  const [busy, ...free] = before
  if (busy === undefined) throw new Error('none')
  for (const connection of free) pool.release(connection, true)
  pool.recycle()
  const after = [await take(pool), await take(pool), await take(pool)]
  expect(after.filter((connection) => before.includes(connection))).toEqual([])
  // the busy one finishes undisturbed, and is closed when it comes back
  expect(await value(busy, 'select 1')).toBe('1')
  pool.release(busy, true)
  await until(() => !busy.isAlive)
  for (const connection of after) pool.release(connection, true)
  expect(pool.stats().available).toBe(3)
})

test('a setting of the connecting role acts on the first request after a publish', async () => {
  await db.query('create role pool_tester login; alter role pool_tester set work_mem to 65')
  const { pool } = poolOf({ max: 1 }, db.uri('pool_tester'))
  const old = await take(pool)
  expect(await value(old, 'show work_mem')).toBe('65kB')
  await db.query('alter role pool_tester set work_mem to 66')
  pool.recycle()
  pool.release(old, true)
  const fresh = await take(pool)
  expect(await value(fresh, 'show work_mem')).toBe('66kB')
  pool.release(fresh, true)
  await pool.close()
  await db.query('drop role pool_tester')
})

test('tells the one who waits why there is no connection', async () => {
  const { pool, statuses } = poolOf({}, 'postgresql://postgres@127.0.0.1:1/x')
  const both = await Promise.all([pool.acquire(noSignal), pool.acquire(noSignal)])
  expect(both.map((acquired) => acquired.kind)).toEqual(['failed', 'failed'])
  expect(statuses().filter((status) => status === 'closed network error')).toHaveLength(2)
})

test('many idle connections killed at once crash nothing and are replaced', async () => {
  const { pool, seen } = poolOf({ max: 10 })
  const all = await Promise.all(Array.from({ length: 10 }, () => take(pool)))
  for (const connection of all) pool.release(connection, true)
  expect(pool.stats().available).toBe(10)
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await until(() => pool.stats().available === 0)
  expect(seen.some((observation) => observation.kind === 'connection-lost')).toBe(true)
  const fresh = await take(pool)
  expect(await value(fresh, 'select 1')).toBe('1')
  pool.release(fresh, true)
})

test('works again as soon as a killed server is back', async () => {
  const cluster = await startCluster()
  const { pool } = poolOf({}, cluster.uri())
  const busy = await take(pool)
  pool.release(await take(pool), true)
  const running = busy.run([step('select pg_sleep(60)')])
  await until(async () => {
    const rows = await cluster.query("select 1 from pg_stat_activity where query like '%sleep(60)'")
    return rows.length === 1
  })
  await cluster.kill()
  expect(await running).toMatchObject({ kind: 'lost' })
  pool.release(busy, true)
  // the one that was idle may hear of it later than the one that ran
  await until(async () => {
    const acquired = await pool.acquire(noSignal)
    if (acquired.kind === 'acquired') pool.release(acquired.connection, true)
    return acquired.kind === 'failed'
  })
  await cluster.start()
  const fresh = await take(pool)
  expect(await value(fresh, 'select 1')).toBe('1')
  pool.release(fresh, true)
  await pool.close()
  await cluster.destroy()
})

test('closing cancels what runs, refuses who waits, and leaves no session', async () => {
  const { pool } = poolOf({ max: 1 })
  const busy = await take(pool)
  const running = busy.run([step('BEGIN'), step('select pg_sleep(60)')])
  const waiting = pool.acquire(noSignal)
  await until(async () => {
    const [row] = await db.query(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and query like 'select pg_sleep(60)%'`,
    )
    return row?.['n'] === 1
  })
  // long before the sixty seconds, which no test has
  const closed = pool.close()
  expect(await waiting).toMatchObject({ kind: 'failed' })
  expect(await running).toMatchObject({ kind: 'failed', error: { sqlState: '57014' } })
  pool.release(busy, false)
  await closed
  expect(await pool.acquire(noSignal)).toMatchObject({ kind: 'failed' })
  await until(async () => (await sessions()) === 0)
})
