/**
 * The end of a server: what is in flight is answered, what is idle is closed, the database is left
 * clean, and the exit code is 0 whatever there was to wait for.
 */
import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serverEnv } from '../support/api-database.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { callNap, createNapDatabase, type NapDatabase } from '../support/nap-database.ts'
import { freePort } from '../support/postgres.ts'
import { openRaw, readReply } from '../support/raw-http.ts'
import type { RunningServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

let database: NapDatabase
beforeAll(async () => {
  database = await createNapDatabase('create table films (id int primary key)')
})
afterAll(() => database.drop())

/** A call that is being answered by the database now. Its reply is an object: it is not waited for. */
async function startNap(server: RunningServer) {
  const reply = callNap(server.url)
  await database.untilNapping(1)
  return { reply }
}

/** The answer's status, or why there is none. */
function reach(url: string): Promise<string> {
  return ask(url).then(
    ({ status }) => String(status),
    (failure: unknown) => String(failure),
  )
}

async function noConnectionIsLeft(): Promise<void> {
  await eventually(
    () =>
      database.query(
        `select pid, query from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    (rows) => expect(rows).toEqual([]),
  )
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('is told in the next line, and ends an idle server with 0', async () => {
    const server = await serve({ env: database.env })
    await askUntil(200, `${server.adminUrl}/ready`)
    await server.line(/Listener connected/)
    const before = server.stderr.length
    server.signal(signal)
    expect(await server.exited).toBe(0)
    expect(server.stderr.slice(before).map((line) => line.replace(/^\S+ \S+: /, ''))).toEqual([
      `Received termination unix signal ${signal}`,
    ])
    await noConnectionIsLeft()
  })

  test('lets a request in flight finish, and takes no other', async () => {
    const server = await serve({ env: database.env })
    const nap = await startNap(server)
    server.signal(signal)
    await server.line(/Received termination unix signal/)
    await eventually(
      () => reach(server.url),
      (outcome) => expect(outcome).toContain('ECONNREFUSED'),
    )
    await database.wakeNaps()
    expect((await nap.reply).status).toBe(204)
    expect(await server.exited).toBe(0)
    await noConnectionIsLeft()
  })
})

describe('a stop', () => {
  test('closes both sockets at once', async () => {
    const server = await serve({ env: database.env })
    await startNap(server)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal/)
    for (const url of [server.url, server.adminUrl]) {
      await eventually(
        () => reach(url),
        (outcome) => expect(outcome).toContain('ECONNREFUSED'),
      )
    }
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  test('waits for shutdown-delay, while probes say no and requests are answered', async () => {
    const server = await serve({ env: { ...database.env, DBREST_SHUTDOWN_DELAY: '600' } })
    await askUntil(200, `${server.adminUrl}/ready`)
    server.signal('SIGTERM')
    await server.line(/Requests are taken for 600 more seconds/)
    for (const probe of ['ready', 'health']) {
      expect((await ask(`${server.adminUrl}/${probe}`)).status).toBe(503)
    }
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    // a second one ends the wait, and cuts what is in flight
    await startNap(server)
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    await noConnectionIsLeft()
  })

  test('is over when shutdown-delay is', async () => {
    const server = await serve({ env: { ...database.env, DBREST_SHUTDOWN_DELAY: '1' } })
    server.signal('SIGTERM')
    await server.line(/Requests are taken for 1 more seconds/)
    expect(await server.exited).toBe(0)
  })

  test('waits with workers that were sent the signal too', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_SHUTDOWN_DELAY: '600', DBREST_SERVER_WORKERS: '2' },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    const { text } = await ask(`${server.adminUrl}/health`)
    const pids = [...text.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))
    expect(pids).toHaveLength(2)
    server.signal('SIGTERM')
    for (const pid of pids) process.kill(pid, 'SIGTERM')
    await server.line(/Requests are taken for 600 more seconds/)
    for (let at = 0; at < 10; at += 1) {
      expect((await ask(`${server.url}/films`)).status).toBe(200)
    }
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  test('closes idle keep-alive connections', async () => {
    const server = await serve({ env: database.env })
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    await Promise.all([
      ask(`${server.url}/films`, { agent }),
      ask(`${server.url}/films`, { agent }),
      ask(`${server.adminUrl}/live`, { agent }),
    ])
    const sockets = Object.values(agent.freeSockets).flatMap((list) => list ?? [])
    expect(sockets).toHaveLength(3)
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    await eventually(
      () => sockets.map((socket) => socket.destroyed),
      (destroyed) => expect(destroyed).not.toContain(false),
    )
  })

  test('ends a keep-alive connection with the answer that it waited for', async () => {
    const server = await serve({ env: database.env })
    const connection = openRaw(server.port)
    connection.send(
      'POST /rpc/nap HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        'Content-Length: 2\r\n\r\n{}',
    )
    await database.untilNapping(1)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal/)
    await database.wakeNaps()
    expect(readReply(await connection.closed)).toMatchObject({
      status: 204,
      headers: { connection: 'close' },
    })
    expect(await server.exited).toBe(0)
  })

  test('ends in the middle of a body that does not come', async () => {
    const server = await serve({ env: database.env })
    const connection = openRaw(server.port)
    connection.send('POST /films HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"id"')
    await ask(`${server.url}/films`)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal/)
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    await connection.closed
  })

  test('asked for twice cuts what is in flight, in the database as well', async () => {
    const server = await serve({ env: database.env })
    const nap = await startNap(server)
    server.signal('SIGTERM')
    await server.line(/Received termination unix signal SIGTERM/)
    server.signal('SIGINT')
    expect(await server.exited).toBe(0)
    await expect(nap.reply).rejects.toThrow()
    expect(server.stderr.filter((line) => line.includes('Received termination'))).toHaveLength(1)
    await noConnectionIsLeft()
  })

  test('ends the first load', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_INTERNAL_SCHEMA_CACHE_QUERY_SLEEP: '60000' },
      until: /Listener connected/,
    })
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    await noConnectionIsLeft()
  })

  test('ends a reload, and answers who asked for it', async () => {
    const server = await serve({ env: database.env })
    await askUntil(200, `${server.adminUrl}/ready`)
    const lock = await database.connect()
    onTestFinished(() => lock.end())
    await lock.query('begin; lock table pg_catalog.pg_class')
    const reload = ask(`${server.adminUrl}/reload`, { method: 'POST' })
    await eventually(
      () =>
        lock.query(`select from pg_locks where not granted
          and database = (select oid from pg_database where datname = current_database())`),
      ({ rowCount }) => expect(rowCount).toBeGreaterThan(0),
    )
    server.signal('SIGTERM')
    expect(await reload).toMatchObject({
      status: 503,
      body: { code: 'PGRSTX02', details: 'The server is stopping.' },
    })
    expect(await server.exited).toBe(0)
  })

  test('ends the waiting for a database', async () => {
    const env = serverEnv(`postgresql://nobody@127.0.0.1:${await freePort()}/none`)
    const server = await serve({ env })
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  test('right after the start is one', async () => {
    const server = await serve({ env: database.env, until: /Starting dbrest/ })
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  test('waits for a runaway query of SQLite until its limit', async () => {
    const file = createSqliteFile(`create view forever as
      with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n`)
    onTestFinished(() => file.drop())
    const server = await serve({
      args: [file.path],
      env: { DBREST_DB_POOL: '1', DBREST_DB_STATEMENT_TIMEOUT: '5000' },
    })
    const reply = ask(`${server.url}/forever`)
    await eventually(
      async () => (await ask(`${server.adminUrl}/metrics`)).text,
      (text) => expect(text).toContain('pgrst_db_pool_available 0.0\n'),
    )
    server.signal('SIGTERM')
    expect(await reply).toMatchObject({ status: 500, body: { code: '57014' } })
    expect(await server.exited).toBe(0)
  })

  test('leaves no process behind on SQLite', async () => {
    const films = createFilmsFile()
    onTestFinished(() => films.drop())
    const server = await serve({ args: [films.path] })
    expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
    // stdout and stderr of its processes are the server's: `exited` waits for all of them
    expect(await server.stop()).toBe(0)
  })
})
