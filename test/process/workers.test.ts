/**
 * Several processes that answer requests for one server: what they know of the schema, what becomes of
 * them when they are killed, and how the server ends.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { countLoads } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { callNap, createNapDatabase, type NapDatabase } from '../support/nap-database.ts'
import { freePort } from '../support/postgres.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { serve } from '../support/test-server.ts'
import {
  allListen,
  connectToEach,
  isRunning,
  processTree,
  workersOf,
} from '../support/worker-processes.ts'

let database: NapDatabase
beforeAll(async () => {
  database = await createNapDatabase('')
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.query(`drop table if exists films, critics;
    create table films (id int primary key, title text);
    insert into films select n, 'film ' || n from generate_series(1, 20) n`)
})

/** Nothing tells this server of a change: no channel, no poll. */
const deaf = { DBREST_DB_CHANNEL_ENABLED: 'false', DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }

async function serveWorkers(env: Readonly<Record<string, string>> = {}) {
  const server = await serve({ env: { ...database.env, DBREST_SERVER_WORKERS: '2', ...env } })
  await askUntil(200, `${server.adminUrl}/ready`)
  return server
}

async function metric(server: RunningServer, name: string): Promise<number> {
  const { text } = await ask(`${server.adminUrl}/metrics`)
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  if (line === undefined) throw new Error(`there is no metric ${name}`)
  return Number(line.slice(name.length + 1))
}

/** On a busy machine a worker may be late to tell what it has counted: what it told before stands in. */
async function metricComes(server: RunningServer, name: string, expected: number): Promise<void> {
  await eventually(
    () => metric(server, name),
    (value) => expect(value).toBe(expected),
  )
}

/** Two workers listen, each of them in the place of one that has ended. */
async function bothReplaced(server: RunningServer): Promise<void> {
  await eventually(
    () => workersOf(server),
    (workers) =>
      expect(workers).toMatchObject([
        { state: 'listening', ended: 1 },
        { state: 'listening', ended: 1 },
      ]),
  )
}

describe('two workers', () => {
  test('answer on one port, listed by /health, with db-pool divided among them', async () => {
    const server = await serveWorkers({ DBREST_DB_POOL: '5' })
    const workers = await workersOf(server)
    expect(workers).toMatchObject([
      { worker: 1, state: 'listening', ended: 0 },
      { worker: 2, state: 'listening', ended: 0 },
    ])
    expect(new Set([server.child.pid, ...workers.map(({ pid }) => pid)]).size).toBe(3)
    for (const agent of await connectToEach(server, 2)) {
      expect(await ask(`${server.url}/films?id=eq.3`, { agent })).toMatchObject({
        status: 200,
        body: [{ id: 3, title: 'film 3' }],
      })
    }
    expect(await metric(server, 'pgrst_db_pool_max')).toBe(5)
    await server.line(/maximum size of 5 connections/)
    expect(server.stderr.filter((line) => line.includes('API server listening'))).toHaveLength(1)
  })

  test('are told of a change by one load, and all follow it', async () => {
    const server = await serveWorkers()
    const agents = await connectToEach(server, 2)
    const before = await countLoads(server, 'SUCCESS')
    for (let step = 1; step <= 5; step += 1) {
      await database.query(`alter table films add column c${step} int default ${step};
        notify pgrst`)
      await eventually(
        () => countLoads(server, 'SUCCESS'),
        (loads) => expect(loads).toBe(before + step),
      )
      for (const agent of agents) {
        const path = `/films?select=c${step}&limit=1`
        expect((await ask(`${server.url}${path}`, { agent })).body).toEqual([
          { [`c${step}`]: step },
        ])
        // a select of what a worker does not know yet is left to the database: the document is not
        await eventually(
          () => ask(`${server.url}/`, { agent }),
          ({ body }) => expect(JSON.stringify(body)).toContain(`"c${step}"`),
        )
      }
    }
    // a request that came before its worker had it would have asked for a check, not for a load
    expect(await countLoads(server, 'SUCCESS')).toBe(before + 5)
    expect(server.stderr.filter((line) => /worker \d.*Schema cache/.test(line))).toEqual([])
  })

  test('never contradict each other over a name that only the database knows', async () => {
    const server = await serveWorkers(deaf)
    const agents = await connectToEach(server, 2)
    const columns = (agent: (typeof agents)[number]) =>
      ask(`${server.url}/films?select=id,stars&id=eq.1`, { agent })
    for (let step = 1; step <= 10; step += 1) {
      // the worker that is asked first is another one each time
      const order = step % 2 === 0 ? agents : agents.toReversed()
      await database.query(`alter table films add column stars int default ${step}`)
      for (const agent of order) {
        expect(await columns(agent)).toMatchObject({ status: 200, body: [{ id: 1, stars: step }] })
      }
      await database.query(`alter table films drop column stars`)
      for (const agent of order) {
        expect(await columns(agent)).toMatchObject({ status: 400, body: { code: '42703' } })
      }
    }
    await database.query(`create table critics (id int primary key, film int references films)`)
    for (const agent of agents) {
      expect((await ask(`${server.url}/critics?select=id,films(title)`, { agent })).status).toBe(
        200,
      )
    }
  })

  test('have the sum of their requests in /metrics, those of workers that ended included', async () => {
    const server = await serveWorkers()
    const agents = await connectToEach(server, 2)
    for (const agent of agents) {
      for (let n = 0; n < 3; n += 1) await ask(`${server.url}/films?limit=1`, { agent })
    }
    const count = 'dbrest_http_request_duration_seconds_count{method="GET",status="200"}'
    await metricComes(server, count, 2 + 6)
    const [first] = await workersOf(server)
    if (first === undefined) throw new Error('there is no worker')
    process.kill(first.pid, 'SIGKILL')
    await eventually(
      () => workersOf(server),
      ([again]) => expect(again).toMatchObject({ worker: 1, state: 'listening', ended: 1 }),
    )
    await metricComes(server, count, 8)
    expect(await metric(server, 'dbrest_worker_ends_total')).toBe(1)
    expect(await metric(server, 'pgrst_db_pool_max')).toBe(10)
  })

  test('leave in /metrics what they counted since it was asked for last, when they drain', async () => {
    const server = await serveWorkers()
    for (let n = 0; n < 5; n += 1) await ask(`${server.url}/films?limit=1`)
    for (const { pid } of await workersOf(server)) process.kill(pid, 'SIGTERM')
    await eventually(
      () => workersOf(server),
      (workers) => expect(workers).toMatchObject([{ ended: 1 }, { ended: 1 }]),
    )
    const count = 'dbrest_http_request_duration_seconds_count{method="GET",status="200"}'
    expect(await metric(server, count)).toBe(5)
  })

  test('follow SIGUSR1 and SIGUSR2 at the primary', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-workers-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'server.conf')
    writeFileSync(file, 'db-max-rows = 2')
    const server = await serve({
      args: [file],
      env: { ...database.env, ...deaf, DBREST_SERVER_WORKERS: '2' },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    const agents = await connectToEach(server, 2)
    const rows = async () => {
      const replies = await Promise.all(
        agents.map((agent) => ask(`${server.url}/films?select=id`, { agent })),
      )
      return replies.map(({ body }) => (Array.isArray(body) ? body.length : null))
    }
    expect(await rows()).toEqual([2, 2])
    writeFileSync(file, 'db-max-rows = 7')
    server.signal('SIGUSR2')
    await eventually(rows, (found) => expect(found).toEqual([7, 7]))

    await database.query(`alter table films add column seen boolean`)
    server.signal('SIGUSR1')
    await server.line(/Reload by SIGUSR1|~public.films/)
    await eventually(
      () => Promise.all(agents.map((agent) => ask(`${server.url}/`, { agent }))),
      (roots) => {
        for (const { text } of roots) expect(text).toContain('"seen"')
      },
    )
    for (const { pid } of await workersOf(server)) process.kill(pid, 'SIGUSR1')
    for (const { pid } of await workersOf(server)) process.kill(pid, 'SIGUSR2')
    expect(await rows()).toEqual([7, 7])
  })
})

test('a worker without a file descriptor to spare passes a connection on, and takes later ones', async () => {
  const server = await serveWorkers({ DBREST_LOG_FORMAT: 'json', DBREST_LOG_LEVEL: 'debug' })
  const [one] = await workersOf(server)
  if (one === undefined) throw new Error('there is no worker')
  // each has its connection to the database
  await connectToEach(server, 2)
  const limit = (files: string) =>
    execFileSync('prlimit', ['--pid', String(one.pid), `--nofile=${files}`])
  const [soft = ''] = execFileSync('prlimit', [
    ...['--pid', String(one.pid), '--nofile', '--noheadings', '--raw', '--output', 'SOFT'],
  ])
    .toString()
    .split('\n')
  limit('3:')
  for (let n = 0; n < 6; n += 1) {
    expect((await ask(`${server.url}/films?id=eq.1`)).status).toBe(200)
  }
  limit(`${soft}:`)
  const from = server.stdout.length
  await eventually(
    async () => {
      await ask(`${server.url}/films?id=eq.2`)
      return server.stdout.slice(from).join('\n')
    },
    (lines) => expect(lines).toContain('"worker":1'),
  )
  expect(await workersOf(server)).toMatchObject([{ ended: 0 }, { ended: 0 }])
})

test('a worker that hangs is told of, used again when it goes on, and replaced when it does not', async () => {
  const server = await serveWorkers()
  const [, two] = await workersOf(server)
  if (two === undefined) throw new Error('there are no two workers')
  const agents = await connectToEach(server, 2)
  /** Asks on each of the connections; how many have been answered, and what becomes of each. */
  const askBoth = () => {
    const outcomes: string[] = []
    const replies = agents.map((agent) =>
      ask(`${server.url}/films?id=eq.1`, { agent }).then(
        ({ status }) => void outcomes.push(String(status)),
        () => void outcomes.push('cut'),
      ),
    )
    return { outcomes, first: Promise.race(replies), all: Promise.all(replies) }
  }
  process.kill(two.pid, 'SIGSTOP')
  const inHand = askBoth()
  await server.line(/Worker 2 .* does not respond/)
  await inHand.first
  expect(inHand.outcomes).toEqual(['200'])
  expect(await workersOf(server)).toMatchObject([
    { state: 'listening' },
    { state: 'unresponsive', pid: two.pid },
  ])
  expect((await ask(`${server.adminUrl}/ready`)).status).toBe(500)
  for (let n = 0; n < 4; n += 1) {
    expect((await ask(`${server.url}/films?id=eq.1`)).status).toBe(200)
  }
  process.kill(two.pid, 'SIGCONT')
  // the request that it had in hand is answered
  await inHand.all
  expect(inHand.outcomes).toEqual(['200', '200'])
  expect(await allListen(server, 2)).toMatchObject([{ ended: 0 }, { pid: two.pid, ended: 0 }])

  process.kill(two.pid, 'SIGSTOP')
  const lost = askBoth()
  await server.line(/Worker 2 .* ended by SIGKILL: it did not respond/)
  await lost.all
  expect(lost.outcomes).toEqual(['200', 'cut'])
  expect(await allListen(server, 2)).toMatchObject([{ ended: 0 }, { ended: 1 }])
}, 180_000)

describe('a worker that is killed', () => {
  test('fails only what is in flight on it, and is replaced', async () => {
    const server = await serveWorkers()
    const agents = await connectToEach(server, 2)
    const [one, two] = await workersOf(server)
    if (one === undefined || two === undefined) throw new Error('there are no two workers')
    let isDone = false
    onTestFinished(() => {
      isDone = true
    })
    /** Asks one request after the other; how many were not answered, and with which status others were. */
    const askAlong = async (options: { readonly agent?: Agent }, isGivenUp: boolean) => {
      const statuses = new Set<number>()
      let unanswered = 0
      while (!isDone && !(isGivenUp && unanswered > 0)) {
        const reply = await ask(`${server.url}/films?id=eq.1`, options).catch(() => null)
        if (reply === null) unanswered += 1
        else statuses.add(reply.status)
      }
      return { unanswered, statuses }
    }
    const kept = agents.map((agent) => askAlong({ agent }, true))
    const anew = [askAlong({}, false), askAlong({}, false)]
    await eventually(
      () => metric(server, 'dbrest_http_request_duration_seconds_count{method="GET",status="200"}'),
      (count) => expect(count).toBeGreaterThan(20),
    )
    process.kill(one.pid, 'SIGKILL')
    await server.line(/Worker 1 \(process \d+\) ended by SIGKILL; another one is started now/)
    await eventually(
      () => workersOf(server),
      ([again]) => expect(again).toMatchObject({ worker: 1, state: 'listening', ended: 1 }),
    )
    // whoever connects now is served
    for (let n = 0; n < 4; n += 1) {
      expect((await ask(`${server.url}/films?id=eq.1`)).status).toBe(200)
    }
    isDone = true
    const onKept = await Promise.all(kept)
    // one connection was the killed one's
    expect(onKept.map(({ unanswered }) => unanswered).toSorted()).toEqual([0, 1])
    const onOthers = await Promise.all(anew)
    // at most the one request that each had in flight, and the connection that was being handed over
    const lost = onOthers.reduce((sum, { unanswered }) => sum + unanswered, 0)
    expect(lost).toBeLessThanOrEqual(onOthers.length + 1)
    for (const { statuses } of [...onKept, ...onOthers]) expect(statuses).toEqual(new Set([200]))
    expect(isRunning(two.pid)).toBe(true)
    expect((await workersOf(server))[1]).toMatchObject({ pid: two.pid, ended: 0 })
    expect((await askUntil(200, `${server.adminUrl}/ready`)).status).toBe(200)
  })

  test('again and again is started each time, while the other one answers', async () => {
    const server = await serveWorkers()
    const kills = 3
    let timesSeenAway = 0
    for (let n = 0; n < kills; n += 1) {
      const from = server.stderr.length
      const [worker] = await allListen(server, 2)
      if (worker === undefined) throw new Error('there is no worker')
      process.kill(worker.pid, 'SIGKILL')
      // how long the pauses are is a matter of clocks: test/unit/workers/supervise-workers.test.ts
      await server.line(
        /Worker 1 .* ended by SIGKILL; another one is started (now|in \d seconds)/,
        {
          from,
        },
      )
      expect((await ask(`${server.url}/films?id=eq.1`)).status).toBe(200)
      expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
      const ready = await ask(`${server.adminUrl}/ready`)
      const health = await ask(`${server.adminUrl}/health`)
      const [again] = await workersOf(server)
      // it was not there for these answers where it is not there after them
      if (again?.state !== 'listening') {
        timesSeenAway += 1
        expect(ready.status).toBe(500)
        expect(health.body).toMatchObject({ status: 'degraded' })
      }
    }
    expect(await allListen(server, 2)).toMatchObject([{ ended: kills }, { ended: 0 }])
    expect(timesSeenAway).toBeGreaterThan(0)
  })

  test('is replaced by one that has the schema of now, not of the start', async () => {
    const server = await serveWorkers(deaf)
    await database.query(`create table critics (id int primary key)`)
    expect((await ask(`${server.url}/critics`)).status).toBe(200)
    for (const { pid } of await allListen(server, 2)) process.kill(pid, 'SIGKILL')
    await bothReplaced(server)
    const loads = await countLoads(server, 'SUCCESS')
    for (const agent of await connectToEach(server, 2)) {
      const { text } = await ask(`${server.url}/`, { agent })
      expect(text).toContain('"/critics"')
    }
    expect(await countLoads(server, 'SUCCESS')).toBe(loads)
  })

  test('is replaced by one that knows of a change made meanwhile, for which there is one load', async () => {
    const server = await serveWorkers()
    // the second time it is started after a pause
    for (const column of ['made_at_start', 'made_in_pause']) {
      const before = await countLoads(server, 'SUCCESS')
      const from = server.stderr.length
      const [one] = await allListen(server, 2)
      if (one === undefined) throw new Error('there is no worker')
      process.kill(one.pid, 'SIGKILL')
      await server.line(/Worker 1 .* ended/, { from })
      await database.query(`alter table films add column ${column} int default 7; notify pgrst`)
      await allListen(server, 2)
      await eventually(
        () => countLoads(server, 'SUCCESS'),
        (loads) => expect(loads).toBe(before + 1),
      )
      for (const agent of await connectToEach(server, 2)) {
        await eventually(
          () => ask(`${server.url}/`, { agent }),
          ({ text }) => expect(text).toContain(`"${column}"`),
        )
        const path = `/films?select=${column}&limit=1`
        expect((await ask(server.url + path, { agent })).body).toEqual([{ [column]: 7 }])
      }
      expect(await countLoads(server, 'SUCCESS')).toBe(before + 1)
    }
  })

  test('by SIGTERM drains first', async () => {
    const server = await serveWorkers()
    const napping = callNap(server.url)
    await database.untilNapping(1)
    for (const { pid } of await workersOf(server)) process.kill(pid, 'SIGTERM')
    await database.wakeNaps()
    expect((await napping).status).toBe(204)
    await bothReplaced(server)
  })
})

describe('the end of the primary', () => {
  const noConnectionIsLeft = () =>
    eventually(
      () =>
        database.query(`select from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`),
      (rows) => expect(rows).toEqual([]),
    )

  test('by SIGTERM lets requests in flight finish, and leaves no process', async () => {
    const server = await serveWorkers()
    const tree = processTree(server.child.pid ?? 0)
    expect(tree.length).toBeGreaterThanOrEqual(3)
    const napping = [callNap(server.url), callNap(server.url)]
    await database.untilNapping(2)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal/)
    await eventually(
      () => ask(`${server.url}/films`).then(String, String),
      (outcome) => expect(outcome).toContain('ECONNREFUSED'),
    )
    await database.wakeNaps()
    for (const reply of napping) expect((await reply).status).toBe(204)
    expect(await server.exited).toBe(0)
    expect(tree.filter(isRunning)).toEqual([])
    expect(server.stderr.filter((line) => line.includes('ended'))).toEqual([])
    await noConnectionIsLeft()
  })

  test('asked for twice cuts what is in flight', async () => {
    const server = await serveWorkers()
    const napping = callNap(server.url)
    await database.untilNapping(1)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal/)
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    await expect(napping).rejects.toThrow()
    await noConnectionIsLeft()
  })

  test('by SIGKILL ends the workers too', async () => {
    const server = await startServer({ env: { ...database.env, DBREST_SERVER_WORKERS: '2' } })
    const tree = processTree(server.child.pid ?? 0)
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    const napping = callNap(server.url)
    await database.untilNapping(1)
    server.signal('SIGKILL')
    await eventually(
      () => server.child.signalCode,
      (ended) => expect(ended).toBe('SIGKILL'),
    )
    // what a worker has in hand is finished
    await database.wakeNaps()
    expect((await napping).status).toBe(204)
    // its output is the workers' as well
    expect(await server.exited).toBe('SIGKILL')
    await eventually(
      () => tree.filter(isRunning),
      (left) => expect(left).toEqual([]),
    )
    await noConnectionIsLeft()
  })
})

describe('the start', () => {
  test('says which option is to be changed when the port is taken', async () => {
    const other = await serveWorkers()
    const server = await startServer({
      env: {
        ...database.env,
        DBREST_SERVER_WORKERS: '2',
        DBREST_SERVER_PORT: String(other.port),
      },
      until: null,
    })
    const tree = processTree(server.child.pid ?? 0)
    expect(await server.exited).toBe(1)
    expect(server.stderr.at(-1)).toMatch(/^server-port: .*EADDRINUSE/)
    await eventually(
      () => tree.filter(isRunning),
      (left) => expect(left).toEqual([]),
    )
  })

  test('with server-port 0 has all workers on the port that it tells', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_SERVER_WORKERS: '2', DBREST_SERVER_PORT: '0' },
    })
    const line = await server.line(/API server listening on/)
    const url = `http://${/127\.0\.0\.1:\d+/.exec(line)?.[0]}`
    for (const agent of await connectToEach({ url }, 2)) {
      expect((await ask(`${url}/films?id=eq.1`, { agent })).status).toBe(200)
    }
    const [worker] = await allListen(server, 2)
    if (worker === undefined) throw new Error('there is no worker')
    process.kill(worker.pid, 'SIGKILL')
    await eventually(
      () => workersOf(server),
      ([again]) => expect(again).toMatchObject({ state: 'listening', ended: 1 }),
    )
    for (let n = 0; n < 4; n += 1) expect((await ask(`${url}/films?id=eq.1`)).status).toBe(200)
  })

  test('on a Unix socket has all workers there, and a replaced one again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-workers-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const socketPath = join(folder, 'api.sock')
    const server = await serve({
      env: {
        ...database.env,
        DBREST_SERVER_WORKERS: '2',
        DBREST_SERVER_UNIX_SOCKET: socketPath,
        DBREST_ADMIN_SERVER_PORT: String(await freePort()),
      },
    })
    const statuses = async () => {
      const replies = await Promise.all(
        [1, 2, 3, 4].map(() => ask('http://localhost/films', { socketPath })),
      )
      return new Set(replies.map(({ status }) => status))
    }
    expect(await statuses()).toEqual(new Set([200]))
    const [worker] = await allListen(server, 2)
    if (worker === undefined) throw new Error('there is no worker')
    process.kill(worker.pid, 'SIGKILL')
    await eventually(
      () => workersOf(server),
      ([again]) => expect(again).toMatchObject({ state: 'listening', ended: 1 }),
    )
    expect(await statuses()).toEqual(new Set([200]))
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
  })

  test('with workers that are more than db-pool gives each a connection, and says so', async () => {
    const server = await serveWorkers({ DBREST_DB_POOL: '1' })
    expect(server.stderr.join('\n')).toContain('db-pool is 1, fewer than the 2 workers')
    expect(await metric(server, 'pgrst_db_pool_max')).toBe(2)
  })
})

test('the lines of workers name them, as a field where the log is JSON', async () => {
  const server = await serveWorkers({ DBREST_LOG_FORMAT: 'json', DBREST_LOG_LEVEL: 'debug' })
  const agents = await connectToEach(server, 2)
  for (const agent of agents) await ask(`${server.url}/films?limit=1`, { agent })
  const workersIn = (lines: readonly string[]) =>
    new Set(lines.map((line) => Reflect.get(Object(JSON.parse(line)), 'worker')))
  await eventually(
    () => workersIn(server.stdout),
    (workers) => expect(workers).toEqual(new Set([1, 2])),
  )
  expect(workersIn(server.stderr)).toEqual(new Set([undefined, 1, 2]))
})
