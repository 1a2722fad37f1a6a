/**
 * The API inside of another program: what `openDbrest` promises, in this process, and that a program
 * ends by itself once it has closed what it opened.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type Dbrest,
  type DbrestEvent,
  type DbrestOptions,
  DbrestOptionsError,
  openDbrest,
} from '../../src/open-dbrest.ts'
import { createApiDatabase } from '../support/api-database.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import { openRaw } from '../support/raw-http.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'

async function opened(options: DbrestOptions): Promise<Dbrest> {
  const dbrest = await openDbrest(options)
  onTestFinished(() => dbrest.close())
  return dbrest
}

function films() {
  const file = createFilmsFile()
  onTestFinished(() => file.drop())
  return file
}

async function json(answer: Promise<Response>): Promise<unknown> {
  return (await answer).json()
}

/** A function that only a cancellation ends. */
const forever = {
  name: 'forever',
  returns: { type: 'int' },
  sql: 'with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n',
}

const request = (path: string, init?: RequestInit) => new Request(`http://app.test${path}`, init)

describe('on SQLite', () => {
  test('answers requests of the API and of the admin app', async () => {
    const { fetch, admin } = await opened({ dbUri: films().path })
    const path = '/films?select=title,directors(name)&id=eq.8'
    expect(await json(fetch(request(path)))).toEqual([
      { title: 'Dune', directors: { name: 'Denis Villeneuve' } },
    ])
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Prefer: 'return=representation' },
      body: '{"name":"Ana Lily Amirpour"}',
    }
    const created = await fetch(request('/directors?select=name', init))
    expect([created.status, await created.json()]).toEqual([201, [{ name: 'Ana Lily Amirpour' }]])
    expect((await fetch(request('/nothing'))).status).toBe(404)
    for (const probe of ['/live', '/ready', '/health', '/', '/types.ts']) {
      expect((await admin.fetch(request(probe))).status).toBe(200)
    }
    const metrics = await (await admin.fetch(request('/metrics'))).text()
    expect(metrics).toContain(
      'dbrest_http_request_duration_seconds_count{method="GET",status="200"} 1',
    )
    // these are the program's own
    expect(metrics).not.toContain('process_cpu')
  })

  test('two on two files have nothing in common', async () => {
    const [first, second] = [films(), createSqliteFile('create table shops (id integer)')]
    onTestFinished(() => second.drop())
    const lines: string[] = []
    const one = await opened({ dbUri: first.path, dbMaxRows: 2, serverTraceHeader: 'X-One' })
    const two = await opened({
      dbUri: second.path,
      logLevel: 'info',
      log: (line) => lines.push(line),
    })
    expect(await json(one.fetch(request('/films?select=id&order=id')))).toHaveLength(2)
    expect((await one.fetch(request('/shops'))).status).toBe(404)
    const shops = await two.fetch(request('/shops'), { peer: '10.0.0.7' })
    expect([shops.status, shops.headers.has('X-One')]).toEqual([200, false])
    expect(lines.filter((line) => line.includes('"GET '))).toEqual([
      expect.stringMatching(/^10\.0\.0\.7 - .*"GET \/shops HTTP\/1\.1" 200/),
    ])
    await one.close()
    await expect(one.fetch(request('/films'))).rejects.toThrow('this dbrest is closed')
    expect((await one.admin.fetch(request('/live'))).status).toBe(500)
    expect(await one.reload()).toMatchObject({ kind: 'failed', cause: 'The server is stopping.' })
    expect((await two.fetch(request('/shops'))).status).toBe(200)
  })

  test('tells of reloads, asked for or not, until nobody listens', async () => {
    const file = films()
    const dbrest = await opened({ dbUri: file.path, dbSchemaPollInterval: 20 })
    const events: DbrestEvent[] = []
    const unsubscribe = dbrest.subscribe((event) => events.push(event))
    file.exec('create table prizes (id integer primary key)')
    await eventually(
      () => Promise.resolve(events),
      (seen) =>
        expect(seen).toContainEqual({
          kind: 'reload-ended',
          reload: expect.objectContaining({ outcome: 'published', after: expect.anything() }),
        }),
    )
    expect((await dbrest.fetch(request('/prizes'))).status).toBe(200)
    expect(await dbrest.reload('both')).toMatchObject({ kind: 'unchanged' })
    expect(events.at(-1)).toMatchObject({
      kind: 'reload-ended',
      reload: { trigger: { origin: 'program', scope: 'both' } },
    })
    unsubscribe()
    const told = events.length
    await dbrest.reload()
    expect(events).toHaveLength(told)
  })

  test('streams events of the admin app, and ends them with the instance', async () => {
    const dbrest = await opened({ dbUri: films().path })
    const response = await dbrest.admin.fetch(request('/events'))
    const chunks: string[] = []
    const reading = (async () => {
      for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString())
    })()
    await dbrest.reload()
    await eventually(
      () => Promise.resolve(chunks.join('')),
      (text) => expect(text).toContain('event: reload-ended'),
    )
    await dbrest.close()
    await reading
  })

  test('is a listener of Node’s servers', async () => {
    const dbrest = await opened({ dbUri: films().path })
    const server = createServer(dbrest.listener)
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${port}/directors`
    expect((await ask(`${url}?id=eq.8&select=name`)).body).toEqual([{ name: 'Hayao Miyazaki' }])
    expect((await ask(url, { method: 'POST', body: '{"nme":"x"}' })).status).toBe(400)
  })

  test('a client that leaves has its query ended', async () => {
    const dbrest = await opened({ dbUri: films().path, functionRegistry: [forever] })
    const leaving = new AbortController()
    const init = { method: 'POST', signal: leaving.signal }
    const answer = dbrest.fetch(request('/rpc/forever', init))
    leaving.abort()
    expect((await answer).status).toBe(499)
  })

  test('closing cancels what takes longer than it may', async () => {
    const dbrest = await opened({ dbUri: films().path, functionRegistry: [forever] })
    const answer = dbrest.fetch(request('/rpc/forever', { method: 'POST' }))
    await dbrest.close({ deadlineMs: 50 })
    expect((await answer).status).toBe(499)
  })

  test.each([
    ['in pieces', '{"name":'],
    ['at all', ''],
  ])('closing waits no longer for a body that does not come %s', async (_, piece) => {
    const dbrest = await opened({ dbUri: films().path })
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        if (piece !== '') controller.enqueue(Buffer.from(piece))
      },
    })
    const answer = dbrest.fetch(request('/directors', { method: 'POST', body, duplex: 'half' }))
    await dbrest.close({ deadlineMs: 50 })
    expect(await json(answer)).toMatchObject({ details: 'the body ended early' })
  })

  test('closing waits no longer for a body that a client of a listener does not send', async () => {
    const dbrest = await opened({ dbUri: films().path })
    const server = createServer(dbrest.listener)
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const asked = once(server, 'request')
    const client = openRaw(port)
    client.send('POST /directors HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{')
    await asked
    await dbrest.close({ deadlineMs: 50 })
    await client.until((text) => text.includes('the body ended early'))
    client.socket.destroy()
  })
})

describe('on PostgreSQL', () => {
  test('answers, follows migrations, and knows nothing of the environment unless told', async () => {
    const database = await createApiDatabase(`create table items (id int primary key)`)
    onTestFinished(() => database.drop())
    const options = {
      dbUri: database.env['DBREST_DB_URI'],
      dbAnonRole: database.env['DBREST_DB_ANON_ROLE'],
    }
    const dbrest = await opened(options)
    expect(await json(dbrest.fetch(request('/items')))).toEqual([])
    await database.query(`create table more (id int primary key); notify pgrst, 'reload schema'`)
    expect(await json(dbrest.fetch(request('/more')))).toEqual([])
    const told = await opened({ env: { ...database.env, DBREST_DB_MAX_ROWS: '0' }, dbMaxRows: 7 })
    expect(await json(told.fetch(request('/items')))).toEqual([])
  })

  test('a database that is away is 503, unless recovery is switched off', async () => {
    const dbUri = `postgresql://127.0.0.1:${await freePort()}/none`
    const options = { dbUri, dbAnonRole: 'anon' }
    const away = await opened(options)
    expect((await away.fetch(request('/items'))).status).toBe(503)
    await expect(openDbrest({ ...options, dbPoolAutomaticRecovery: false })).rejects.toThrow(
      'The database cannot be reached, and db-pool-automatic-recovery is off.',
    )
  })
})

describe('options', () => {
  test.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    [
      'of a wrong value',
      { dbUri: 'films.db', dbPool: 'many', logLevel: 'loud' },
      [
        'db-pool is "many" (dbPool): it should be a whole number, 1 or more',
        'log-level is "loud" (logLevel): Invalid logging level. Check your configuration. Allowed: crit, error, warn, info, debug',
      ],
    ],
    ['of no option', { dbUrl: 'films.db' }, ['dbUrl: is no option: is dbUri meant?']],
    [
      'that the engine does not have',
      { dbUri: 'sqlite:films.db', dbPreConfig: 'f' },
      [expect.stringMatching(/db-pre-config/)],
    ],
    [
      'of a registry that is none',
      { dbUri: 'sqlite:films.db', functionRegistry: { name: 1 } },
      [expect.stringMatching(/^function-registry \(functionRegistry\): /)],
    ],
  ])('%s reject with all problems', async (_, given, problems) => {
    const failure: unknown = await openDbrest(given).catch((reason: unknown) => reason)
    if (!(failure instanceof DbrestOptionsError)) throw failure
    expect(failure.problems).toEqual(problems)
    expect(failure.message).toBe(failure.problems.join('\n'))
  })
})

test('a program ends by itself once it has closed what it opened', () => {
  const file = films()
  const library = join(import.meta.dirname, '..', '..', 'dist', 'open-dbrest.js')
  const program = join(file.folder, 'program.mjs')
  writeFileSync(
    program,
    `import { openDbrest } from ${JSON.stringify(library)}
    const all = await Promise.all([1, 2].map(() => openDbrest({ dbUri: 'films.db' })))
    for (const { fetch, close } of all) {
      console.log((await fetch(new Request('http://app.test/films?limit=1'))).status)
      await close()
    }
    process.exitCode = 3`,
  )
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    cwd: file.folder,
    encoding: 'utf8',
    env: {},
    timeout: 80_000,
  })
  expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: '200\n200\n', stderr: '' })
})
