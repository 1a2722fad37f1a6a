/**
 * Queries that never end, clients that leave, processes that die: each costs its own request and
 * nobody else's.
 */
import { readFileSync } from 'node:fs'
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
  create view brief as
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
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
  await expect.poll(condition, { interval: 2 }).toBe(true)
}

/** Those that have a query now. */
function busyReaders(api: SqliteApi): readonly string[] {
  const last = new Map(connections(api).map((each) => [each.id, each.status]))
  return [...last].flatMap(([id, status]) => (status === 'used' ? [id] : []))
}

function busyReader(api: SqliteApi): string | undefined {
  return busyReaders(api)[0]
}

describe('a query that never ends', () => {
  test('is ended at db-statement-timeout with 57014', async () => {
    const api = await serve({ dbStatementTimeout: 300 })
    const reply = await api.get('/endless')
    expect(reply.status).toBe(500)
    expect(reply.body).toEqual({
      code: '57014',
      message: 'canceling statement due to statement timeout',
      details: null,
      hint: null,
    })
    // on a busy machine this one may meet the limit, too
    await expect
      .poll(async () => (await api.get('/items?id=eq.1')).body)
      .toEqual([{ id: 1, name: 'one' }])
  })

  test('delays no other request, however many there are', async () => {
    const api = await serve({ dbStatementTimeout: 0, dbPool: 8 })
    const client = new AbortController()
    let over = 0
    const endless = Array.from({ length: 4 }, () =>
      api
        .get('/endless', {}, { signal: client.signal })
        .catch(() => null)
        .finally(() => {
          over += 1
        }),
    )
    await until(() => busyReaders(api).length === 4)
    const runaways = busyReaders(api)
    // nothing ends the runaways: a request behind one of them would never be answered
    for (let asked = 0; asked < 20; asked += 1) {
      const replies = await Promise.all([1, 2, 3].map((id) => api.get(`/items?id=eq.${id}`)))
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    }
    expect(over).toBe(0)
    expect(busyReaders(api)).toEqual(expect.arrayContaining([...runaways]))
    client.abort()
    await Promise.all(endless)
  })

  test('holds a place of db-pool until its end: PGRST003 after the acquisition timeout', async () => {
    const api = await serve({ dbPool: 1, dbPoolAcquisitionTimeout: 1, dbStatementTimeout: 0 })
    await api.get('/items')
    const client = new AbortController()
    const endless = api.get('/endless', {}, { signal: client.signal }).catch(() => null)
    await until(() => busyReader(api) !== undefined)
    expect(api.backend.poolStats()).toEqual({ max: 1, available: 0, used: 1, waiting: 0 })
    const reply = await api.get('/items')
    expect(reply).toMatchObject({ status: 504, body: { code: 'PGRST003' } })
    expect(api.observations).toContainEqual({ kind: 'pool-timeout' })
    client.abort()
    await endless
    // its process was killed, and on a busy machine the next one may take longer to start than a
    // request waits
    await expect.poll(async () => (await api.get('/items')).status).toBe(200)
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
    await api.backend.close()
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
    const queries = () => connections(api).filter((each) => each.status === 'used').length
    const costs = () => connections(api).filter(({ reason }) => reason === 'client gone').length
    const leave = async () => {
      const [queriesBefore, costsBefore] = [queries(), costs()]
      const client = new AbortController()
      const reply = api.get('/brief', {}, { signal: client.signal }).catch(() => null)
      // counted, not caught in the act: the query may be over between two looks
      await until(() => queries() > queriesBefore)
      client.abort()
      await reply
      await until(() => busyReader(api) === undefined)
      return costs() - costsBefore
    }
    // on a busy machine even this query may take long
    let cost = 1
    for (let tries = 0; cost > 0 && tries < 20; tries += 1) cost = await leave()
    expect(cost).toBe(0)
  })
})

describe('a process that dies', () => {
  test('fails its own request only, with 503', async () => {
    const api = await serve()
    let isOver = false
    const endless = api.get('/endless').finally(() => {
      isOver = true
    })
    const killed = new Set<string>()
    // one that dies at once may have been dead before, and the request is asked again: twice
    await until(() => {
      for (const id of busyReaders(api)) {
        if (!killed.has(id)) process.kill(Number(id), 'SIGKILL')
        killed.add(id)
      }
      return isOver
    })
    expect(await endless).toMatchObject({ status: 503, body: { code: 'PGRST001' } })
    expect(killed.size).toBeLessThanOrEqual(3)
    expect((await api.get('/items')).status).toBe(200)
  })

  test('in the middle of others is noticed by none of them', async () => {
    const api = await serve()
    await api.get('/items?id=eq.1')
    const statuses: number[] = []
    const killed = new Set<string>()
    const client = async () => {
      while (killed.size < 5) {
        statuses.push((await api.get('/items?id=eq.1')).status)
      }
    }
    const clients = Array.from({ length: 20 }, client)
    await until(() => {
      const id = busyReaders(api).find((each) => !killed.has(each))
      // now and then: requests are tried three times at most
      if (id !== undefined && statuses.length >= killed.size * 40) {
        process.kill(Number(id), 'SIGKILL')
        killed.add(id)
      }
      return killed.size === 5
    })
    await Promise.all(clients)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
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

describe('memory', () => {
  /** Null where the process is gone. */
  function residentKilobytes(id: string): number | null {
    try {
      const status = readFileSync(`/proc/${id}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
    } catch {
      return null
    }
  }

  // Linux tells it
  test.runIf(process.platform === 'linux')(
    'does not grow with the number of requests',
    async () => {
      const api = await serve({ dbPool: 1 })
      api.file.exec(`with recursive n(i) as (select 10 union all select i + 1 from n where i < 300)
      insert into items select i, hex(zeroblob(1000)) from n`)
      const askMany = async () => {
        for (let round = 0; round < 20; round += 1) {
          // bodies of several hundred kilobytes and small ones, values of all kinds, errors
          const targets = ['/items', '/items?id=eq.1', '/items?name=in.(a,b)', '/items?id=eq.x']
          await Promise.all([...targets, ...targets].map((target) => api.get(target)))
        }
      }
      const reader = () => connections(api).findLast(({ status }) => status === 'ready')?.id ?? ''
      /** Null: a process that a busy machine made slow was replaced, and it is the next one that counts. */
      const growth = async () => {
        await askMany()
        const id = reader()
        const before = residentKilobytes(id)
        for (let times = 0; times < 5; times += 1) await askMany()
        const after = residentKilobytes(id)
        return before === null || after === null || reader() !== id ? null : after - before
      }
      let grown = await growth()
      while (grown === null) grown = await growth()
      // hundreds of bodies of half a megabyte have passed through it
      expect(grown).toBeLessThan(20_000)
    },
    120_000,
  )
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
