/**
 * Queries that never end, clients that leave, processes that die: each costs its own request and
 * nobody else's.
 */
import { afterEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { type SqliteApi, serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table items (id integer primary key, name text not null);
  insert into items values (1, 'one'), (2, 'two');
  create view endless as
    with recursive n(i) as (select 1 union all select i + 1 from n)
    select count(*) as i from n;
  create view long as
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500000)
    select count(*) as i from n;
`

type Served = Awaited<ReturnType<typeof serveSqlite>>
const served: Served[] = []

async function serve(options: Partial<Config> = {}): Promise<Served> {
  const api = await serveSqlite(schema, options)
  served.push(api)
  return api
}

afterEach(async () => {
  await Promise.all(served.splice(0).map((api) => api.stop()))
})

type ConnectionEvent = Extract<Observation, { kind: 'connection' }>

function connections(api: SqliteApi): readonly ConnectionEvent[] {
  return api.observations.filter((each) => each.kind === 'connection')
}

function isAlive(id: string): boolean {
  try {
    process.kill(Number(id), 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** The reader that has a query now. */
function busyReader(api: SqliteApi): string | undefined {
  const last = new Map(connections(api).map((each) => [each.id, each.status]))
  return [...last].find(([, status]) => status === 'used')?.[0]
}

describe('a query that never ends', () => {
  test('is ended at db-statement-timeout with 57014', async () => {
    const api = await serve({ dbStatementTimeout: 300 })
    const startedAt = performance.now()
    const reply = await api.get('/endless')
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(reply.status).toBe(500)
    expect(reply.body).toEqual({
      code: '57014',
      message: 'canceling statement due to statement timeout',
      details: null,
      hint: null,
    })
    expect((await api.get('/items?id=eq.1')).body).toEqual([{ id: 1, name: 'one' }])
  })

  test('delays no other request, however many there are', async () => {
    const api = await serve({ dbStatementTimeout: 3000, dbPool: 8 })
    await api.get('/items')
    const endless = Array.from({ length: 4 }, () => api.get('/endless'))
    let areOver = false
    const ends = Promise.all(endless).finally(() => {
      areOver = true
    })
    const waits: number[] = []
    while (!areOver) {
      const startedAt = performance.now()
      expect((await api.get('/items?select=id')).body).toEqual([{ id: 1 }, { id: 2 }])
      waits.push(performance.now() - startedAt)
    }
    // the first may wait for a process to start
    waits.sort((a, b) => a - b)
    expect(waits.length).toBeGreaterThan(20)
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(50)
    expect((await ends).map((reply) => reply.status)).toEqual(Array(4).fill(500))
  })

  test('holds a place of db-pool until its end: PGRST003 after the acquisition timeout', async () => {
    const api = await serve({ dbPool: 1, dbPoolAcquisitionTimeout: 1, dbStatementTimeout: 4000 })
    await api.get('/items')
    const endless = api.get('/endless')
    await until(() => busyReader(api) !== undefined)
    expect(api.backend.poolStats()).toEqual({ max: 1, available: 0, waiting: 0 })
    const reply = await api.get('/items')
    expect(reply).toMatchObject({ status: 504, body: { code: 'PGRST003' } })
    expect(api.observations).toContainEqual({ kind: 'pool-timeout' })
    await endless
    expect((await api.get('/items')).status).toBe(200)
  })

  test('is ended when its client leaves', async () => {
    const api = await serve({ dbStatementTimeout: 0 })
    const client = new AbortController()
    const reply = api.get('/endless', {}, { signal: client.signal }).catch(() => null)
    await until(() => busyReader(api) !== undefined)
    const id = busyReader(api) ?? ''
    client.abort()
    await reply
    await until(() => !isAlive(id))
    expect(connections(api)).toContainEqual({
      kind: 'connection',
      id,
      status: 'closed',
      reason: 'client gone',
    })
    expect((await api.get('/items')).status).toBe(200)
  })

  test('delays no stop', async () => {
    const api = await serve({ dbStatementTimeout: 0 })
    const endless = api.get('/endless')
    await until(() => busyReader(api) !== undefined)
    const ids = new Set(connections(api).map((each) => each.id))
    const startedAt = performance.now()
    await api.backend.close()
    expect(performance.now() - startedAt).toBeLessThan(2000)
    expect((await endless).status).toBe(500)
    expect([...ids].filter(isAlive)).toEqual([])
  })

  test('is ended in a regular expression, too', async () => {
    const api = await serve({ dbStatementTimeout: 300 })
    api.file.exec(`insert into items values (3, '${'a'.repeat(60)}!')`)
    const reply = await api.get(`/items?name=match.${encodeURIComponent('^(a+)+$')}`)
    expect(reply).toMatchObject({ status: 500, body: { code: '57014' } })
  })
})

describe('a request that ends soon after its client has left', () => {
  test('costs no process', async () => {
    const api = await serve()
    await api.get('/items')
    const client = new AbortController()
    const reply = api.get('/items', {}, { signal: client.signal }).catch(() => null)
    await until(() => busyReader(api) !== undefined)
    client.abort()
    await reply
    await until(() => busyReader(api) === undefined)
    expect(connections(api).filter((each) => each.status === 'closed')).toEqual([])
  })
})

describe('a process that dies', () => {
  test('fails its own request only, with 503', async () => {
    const api = await serve()
    const endless = api.get('/endless')
    await until(() => busyReader(api) !== undefined)
    // long enough to be no process that was dead before
    await new Promise((resolve) => setTimeout(resolve, 200))
    process.kill(Number(busyReader(api)), 'SIGKILL')
    expect(await endless).toMatchObject({ status: 503, body: { code: 'PGRST001' } })
    expect((await api.get('/items')).status).toBe(200)
  })

  test('is replaced when it was idle', async () => {
    const api = await serve()
    await api.get('/items')
    const ready = connections(api).filter((each) => each.status === 'ready')
    for (const { id } of ready) process.kill(Number(id), 'SIGKILL')
    await until(() => connections(api).filter((each) => each.status === 'closed').length >= 1)
    expect((await api.get('/items')).status).toBe(200)
  })
})

describe('readers', () => {
  test('are at most db-pool', async () => {
    const api = await serve({ dbPool: 3, dbStatementTimeout: 500 })
    await Promise.all(Array.from({ length: 6 }, () => api.get('/endless')))
    const alive = new Set<string>()
    let most = 0
    for (const { id, status } of connections(api)) {
      if (status === 'connecting') alive.add(id)
      if (status === 'closed') alive.delete(id)
      most = Math.max(most, alive.size)
    }
    expect(most).toBe(3)
  })

  test('beyond the warm ones retire when idle', async () => {
    const api = await serve({ dbPool: 8, dbPoolMaxIdletime: 0.1 })
    await Promise.all(Array.from({ length: 4 }, () => api.get('/long')))
    await until(() => connections(api).some((each) => each.reason === 'idle'))
    expect((await api.get('/items')).status).toBe(200)
  })

  test('are replaced past db-pool-max-lifetime', async () => {
    const api = await serve({ dbPool: 1, dbPoolMaxLifetime: 0 })
    await api.get('/items')
    await until(() => connections(api).some((each) => each.reason === 'retired'))
    expect((await api.get('/items')).status).toBe(200)
  })
})
