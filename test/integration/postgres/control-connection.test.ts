import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  type ControlConnection,
  type ControlConnectionDeps,
  createControlConnection,
} from '../../../src/backends/postgres/connect/control-connection.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { startCluster } from '../../support/postgres.ts'
import { connectorTo, noSignal } from '../../support/postgres-connector.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

let db: TestDatabase
const opened: ControlConnection[] = []

beforeAll(async () => {
  db = await createTestDatabase('create table t (i int)')
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((control) => control.close()))
})

afterAll(() => db.drop())

function controlTo(uri = db.uri(), more: Partial<ControlConnectionDeps> = {}): ControlConnection {
  const connector = connectorTo(uri)
  const connect = (signal: AbortSignal) => connector.connect({ id: 'control', signal })
  const control = createControlConnection({ connect, ...more })
  opened.push(control)
  return control
}

async function failureOf(work: Promise<unknown>): Promise<BackendFailure> {
  const failure: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(failure instanceof BackendFailure)) throw new Error(`no BackendFailure: ${String(failure)}`)
  return failure
}

async function backends(): Promise<number> {
  const [row] = await db.query(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and application_name like 'dbrest %'`,
  )
  return Number(row?.['n'])
}

/** Whether a query that sleeps is under way. */
async function sleeps(): Promise<boolean> {
  const rows = await db.query(
    `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
  )
  return rows.length > 0
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}

test('answers rows as texts by column', async () => {
  const rows = await controlTo().run(
    (query) => query("select $1::int + 1 as n, null as nothing, '{1,2}'::int[] as list", ['41']),
    noSignal,
  )
  expect(rows).toEqual([{ n: '42', nothing: null, list: '{1,2}' }])
})

test('runs one piece of work at a time, in the order asked, on one connection', async () => {
  const control = controlTo()
  const order: string[] = []
  const pids = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      control.run(async (query) => {
        order.push(`${name} begins`)
        const [row] = await query('select pg_backend_pid() as pid, pg_sleep(0.01)')
        order.push(`${name} ends`)
        return row?.['pid']
      }, noSignal),
    ),
  )
  expect(new Set(pids).size).toBe(1)
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('queries asked for together run one after the other', async () => {
  const rows = await controlTo().run(
    (query) => Promise.all([1, 2, 3].map((n) => query(`select ${n} as n`))),
    noSignal,
  )
  expect(rows).toEqual([[{ n: '1' }], [{ n: '2' }], [{ n: '3' }]])
})

test('rejects with what the server refused, and goes on', async () => {
  const control = controlTo()
  const failure = await failureOf(control.run((query) => query('select * from missing'), noSignal))
  expect(failure.error).toMatchObject({ kind: 'database', failure: { sqlState: '42P01' } })
  expect(await control.run((query) => query('select 1 as n'), noSignal)).toEqual([{ n: '1' }])
})

test('rolls back a transaction that was left open', async () => {
  const control = controlTo()
  await control.run(async (query) => {
    await query('begin')
    await query('insert into t values (1)')
  }, noSignal)
  const left = control.run(async (query) => {
    await query('begin')
    await query('select 1/0')
  }, noSignal)
  expect((await failureOf(left)).error).toMatchObject({ failure: { sqlState: '22012' } })
  expect(await control.run((query) => query('select * from t'), noSignal)).toEqual([])
})

test('work that is aborted ends at once, its query with it, and the connection stays', async () => {
  const control = controlTo()
  const [before] = await control.run((query) => query('select pg_backend_pid() as pid'), noSignal)
  const client = new AbortController()
  const work = control.run((query) => query('select pg_sleep(60)'), client.signal)
  await until(sleeps)
  client.abort()
  // long before the sixty seconds, which no test has
  expect((await failureOf(work)).error).toMatchObject({ failure: { sqlState: '57014' } })
  const [after] = await control.run((query) => query('select pg_backend_pid() as pid'), noSignal)
  expect(after).toEqual(before)
})

test('work that is aborted while it waits for its turn never begins', async () => {
  const control = controlTo()
  const client = new AbortController()
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = control.run(() => gate, noSignal)
  let hasBegun = false
  const second = control.run(async () => {
    hasBegun = true
  }, client.signal)
  client.abort()
  await failureOf(second)
  open()
  await first
  await control.run((query) => query('select 1'), noSignal)
  expect(hasBegun).toBe(false)
})

test('is closed when nobody uses it, and opened again', async () => {
  const control = controlTo(db.uri(), { idleMs: 20 })
  await control.run((query) => query('select 1'), noSignal)
  await until(async () => (await backends()) === 0)
  expect(await control.run((query) => query('select 1 as n'), noSignal)).toEqual([{ n: '1' }])
})

test('connects anew after its session was killed', async () => {
  const control = controlTo()
  const [row] = await control.run((query) => query('select pg_backend_pid() as pid'), noSignal)
  await db.query(`select pg_terminate_backend(${row?.['pid']})`)
  await until(async () => (await backends()) === 0)
  expect(await control.run((query) => query('select 1 as n'), noSignal)).toEqual([{ n: '1' }])
  const killed = control.run(
    (query) => query('select pg_terminate_backend(pg_backend_pid()), pg_sleep(9)'),
    noSignal,
  )
  expect((await failureOf(killed)).error).toMatchObject({ kind: 'connection-lost' })
})

test('leaves a server that does not answer any more', async () => {
  const cluster = await startCluster()
  const control = controlTo(cluster.uri(), { cancelGraceMs: 50, connectTimeoutMs: 100 })
  /** A connection may take longer than its deadline while the machine is busy. */
  const untilAnswered = (text: string) =>
    vi.waitFor(() => control.run((query) => query(text), noSignal), 60_000)
  const pid = await untilAnswered('select pg_backend_pid() as pid')
  const [postmaster] = await cluster.query(
    "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid",
  )
  const stopped = [Number(pid[0]?.['pid']), Number(postmaster?.['pid'])]
  for (const process_ of stopped) process.kill(process_, 'SIGSTOP')
  const hung = control.run((query) => query('select 1'), AbortSignal.timeout(50))
  expect((await failureOf(hung)).error).toMatchObject({ failure: { sqlState: '57014' } })
  // nor can a new connection be had, within its deadline
  const next = control.run((query) => query('select 1'), noSignal)
  expect((await failureOf(next)).error).toMatchObject({
    kind: 'connection',
    details: expect.stringMatching(/timeout expired\n$/),
  })
  for (const process_ of stopped) process.kill(process_, 'SIGCONT')
  expect(await untilAnswered('select 1 as n')).toEqual([{ n: '1' }])
  await control.close()
  await cluster.destroy()
})

test('closing ends what runs and refuses what comes', async () => {
  const control = controlTo()
  const running = control.run((query) => query('select pg_sleep(60)'), noSignal)
  await until(sleeps)
  const [failure] = await Promise.all([failureOf(running), control.close()])
  expect(failure.error).toMatchObject({ failure: { sqlState: '57014' } })
  await failureOf(control.run((query) => query('select 1'), noSignal))
  await until(async () => (await backends()) === 0)
})
