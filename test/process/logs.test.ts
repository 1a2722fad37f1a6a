/**
 * What a server prints: access lines, errors before them, statements, at which level, and as JSON.
 *
 * Rule  PostgREST docs: observability (Logs)
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ApiDatabase,
  anonRole,
  authorRole,
  createApiDatabase,
} from '../support/api-database.ts'
import {
  type AskOptions,
  ask,
  askUntil,
  askUntilSettled,
  eventually,
} from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import type { RunningServer } from '../support/server.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve, serveForAll } from '../support/test-server.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create table films (id int primary key, title text);
    insert into films values (1, 'Arrival'), (2, 'Dune');
    create table roles (id int primary key, film int references films);
    create function nap(seconds float) returns void language sql as 'select pg_sleep(seconds)';
    create function fail() returns int language plpgsql as
      $$begin raise exception 'no' using errcode = '55000', detail = 'd', hint = 'h'; end$$;
    create function hurry() returns void language sql set statement_timeout = '50ms'
      as 'select pg_sleep(10)';
    create function do_nothing() returns void language sql as '';`)
})
afterAll(() => database.drop())

/** The line's text behind its time. */
function textOf(line: string): string {
  return line.replace(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}: /, '')
}

/** What a request makes the server print, up to and including its access line. */
async function printed(
  server: RunningServer,
  target: string,
  options: AskOptions = {},
): Promise<readonly string[]> {
  const from = server.stdout.length
  await ask(`${server.url}${target}`, options)
  await server.line(/ HTTP\/1\.1" \d{3} /, { from, on: 'stdout' })
  return server.stdout.slice(from).map(textOf)
}

const accessTime = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`

describe('access lines', () => {
  const running = serveForAll(() => ({
    env: { ...database.env, DBREST_JWT_SECRET: testSecret },
    isOnePipe: true,
  }))

  test('have peer, role, time, request, status, bytes, referer and agent', async () => {
    const { url } = running()
    const { headers } = await ask(`${url}/films?select=id`)
    const [line] = await printed(running(), '/films?select=id&order=id', {
      headers: { referer: 'https://example.com/a', 'user-agent': 'probe/1' },
    })
    expect(line).toMatch(
      new RegExp(
        String.raw`^127\.0\.0\.1 - ${anonRole} ${accessTime} "GET /films\?select=id&order=id HTTP/1\.1" 200 ${headers['content-length']} "https://example\.com/a" "probe/1"$`,
      ),
    )
  })

  test.each<[string, string, AskOptions, number, string, RegExp]>([
    ['an unknown table', '/nothing', {}, 404, anonRole, /^\d+$/],
    ['a method that a function lacks', '/rpc/nap', { method: 'PUT' }, 405, anonRole, /^\d+$/],
    ['OPTIONS', '/films', { method: 'OPTIONS' }, 200, anonRole, /^\d+$/],
    ['the root', '/', {}, 200, anonRole, /^\d+$/],
    ['HEAD', '/films', { method: 'HEAD' }, 200, anonRole, /^-$/],
    ['a deletion', '/roles?id=eq.0', { method: 'DELETE' }, 204, anonRole, /^-$/],
    ['a bad token', '/films', { headers: { authorization: 'Bearer x.y.z' } }, 401, '-', /^\d+$/],
  ])('of %s have a status, a role and a size', async (_, target, options, status, role, bytes) => {
    const line = (await printed(running(), target, options)).at(-1) ?? ''
    const found =
      /^127\.0\.0\.1 - (\S+) \[[^\]]+\] "(\S+) (\S+) HTTP\/1\.1" (\d+) (\S+) "" ""$/.exec(line)
    expect(found?.slice(1, 5)).toEqual([role, options.method ?? 'GET', target, String(status)])
    expect(found?.[5]).toMatch(bytes)
  })

  test('have the role of the token', async () => {
    const headers = { authorization: `Bearer ${await signJwt({ role: authorRole })}` }
    const lines = await printed(running(), '/films', { headers })
    expect(lines.at(-1)).toMatch(new RegExp(`^127\\.0\\.0\\.1 - ${authorRole} `))
    expect(lines.join('\n')).not.toContain(headers.authorization.slice(7))
  })

  test('are not written for preflights', async () => {
    const { url } = running()
    const from = running().stdout.length
    const preflight = await ask(`${url}/films`, {
      method: 'OPTIONS',
      headers: { origin: 'https://example.com', 'access-control-request-method': 'GET' },
    })
    expect(preflight.status).toBe(200)
    await printed(running(), '/films?limit=1')
    expect(running().stdout.slice(from)).toHaveLength(1)
  })

  test.each([
    ['a failing function', '/rpc/fail', '{"code":"55000","details":"d","hint":"h","message":"no"}'],
    [
      'a statement timeout',
      '/rpc/hurry',
      '{"code":"57014","details":null,"hint":null,"message":"canceling statement due to statement timeout"}',
    ],
  ])('of %s follow the error, and nothing precedes it', async (_, target, json) => {
    const lines = await printed(running(), target, { method: 'POST' })
    expect(lines).toEqual([
      json,
      expect.stringMatching(new RegExp(`"POST ${target} HTTP/1\\.1" 500 \\d+ `)),
    ])
  })

  test('of deprecated names follow a warning of two lines', async () => {
    const target = '/films?select=cast:roles(id)&roles.id=gt.0'
    expect(await printed(running(), target)).toEqual([
      'WARNING: Embedded resource was referenced by relation name even though it has an alias. This is deprecated and will stop working in a future release.',
      `Update filters, orders or limits that use \`roles\` to \`cast\` in \`GET ${target}\``,
      expect.stringContaining('" 200 '),
    ])
  })

  test('of connections that are killed follow what they died of', async () => {
    const nap = ask(`${running().url}/rpc/nap`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"seconds": 30}',
    })
    const from = running().stdout.length
    await eventually(
      () =>
        database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like '%"nap"%' and pid <> pg_backend_pid()`,
        ),
      (rows) => expect(rows).toHaveLength(1),
    )
    const reply = await nap
    expect(reply.status).toBe(503)
    expect(reply.body).toMatchObject({ code: 'PGRST001' })
    expect(reply.headers).toHaveProperty('retry-after')
    await running().line(/ 503 \d+ /, { from, on: 'stdout' })
    const lines = running().stdout.slice(from).map(textOf)
    expect(lines.slice(0, 6)).toContainEqual(
      expect.stringMatching(
        /^\{"code":"PGRST001","details":".*","hint":null,"message":"Database client error\. Retrying the connection\."\}$/,
      ),
    )
  })
})

test.each([
  ['crit', [], []],
  ['error', [500], ['55000']],
  ['warn', [404, 500], ['55000']],
  ['info', [200, 404, 500], ['55000']],
])('at level %s the answers are %j', async (level, statuses, errors) => {
  const server = await serve({
    env: { ...database.env, DBREST_LOG_LEVEL: level },
  })
  await askUntil(200, `${server.adminUrl}/ready`)
  await server.line(/Listener connected/)
  // all that tells of the server itself is there at every level
  expect(server.stderr).toHaveLength(10)
  await ask(`${server.url}/films?limit=1`)
  await ask(`${server.url}/nothing`)
  await ask(`${server.url}/rpc/fail`, { method: 'POST' })
  await server.stop()
  const seen = server.stdout.map((line) => Number(/HTTP\/1\.1" (\d+)/.exec(line)?.[1]))
  expect(seen).toEqual(statuses)
  const codes = server.stderr.flatMap((line) => /\{"code":"(\w+)"/.exec(line)?.[1] ?? [])
  expect(codes).toEqual(errors)
})

describe('log-query', () => {
  const running = serveForAll(() => ({
    env: { ...database.env, DBREST_LOG_QUERY: 'true', DBREST_DB_PRE_REQUEST: 'do_nothing' },
    isOnePipe: true,
  }))
  const context = expect.stringMatching(
    /^select set_config\('search_path', \$1, true\), set_config\(/,
  )
  const preRequest = 'select "do_nothing"()'

  test('prints the statements of a read, without values', async () => {
    expect(await printed(running(), '/films?id=eq.4711')).toEqual([
      context,
      preRequest,
      expect.stringMatching(
        /^WITH pgrst_source AS ?\( ?SELECT "public"\."films"\.\* FROM "public"\."films" .*_postgrest_t/,
      ),
      expect.stringContaining('" 200 '),
    ])
    expect(running().stdout.filter((line) => /4711(?!.*HTTP\/1\.1)/.test(line))).toEqual([])
  })

  test.each(['planned', 'estimated'])('prints the question for a count=%s', async (count) => {
    const lines = await printed(running(), '/films', { headers: { prefer: `count=${count}` } })
    expect(lines).toContainEqual(
      expect.stringMatching(/^EXPLAIN \(FORMAT JSON\) SELECT 1 {2}FROM "public"\."films"/),
    )
    expect(lines.filter((line) => line.startsWith('select set_config'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('WITH pgrst_source'))).toHaveLength(1)
  })

  test('prints the three questions of the root', async () => {
    const lines = await printed(running(), '/')
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^SELECT {3}n\.nspname AS table_schema, .* FROM pg_class c .* ORDER BY table_schema, table_name$/,
      ),
    )
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^WITH .* ?base_types AS .* pn\.nspname AS proc_schema\b.* FROM pg_proc p .* p\.pronamespace = \$1::regnamespace/,
      ),
    )
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^SELECT pg_catalog\.obj_description\(\$1::regnamespace, 'pg_namespace'\)/,
      ),
    )
  })

  test('prints nothing for what asks the database nothing', async () => {
    expect(await printed(running(), '/films', { method: 'OPTIONS' })).toHaveLength(1)
  })

  test('prints at level error only the statements of what failed', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_LOG_QUERY: 'true', DBREST_LOG_LEVEL: 'error' },
      isOnePipe: true,
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    await ask(`${server.url}/films`)
    const lines = await printed(server, '/rpc/fail', { method: 'POST' })
    expect(lines.filter((line) => line.startsWith('select set_config'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('WITH pgrst_source'))).toHaveLength(1)
    expect(lines.at(-1)).toContain('" 500 ')
  })
})

test('at level debug a request tells of its connection, and a load of its timings', async () => {
  const server = await serve({
    env: { ...database.env, DBREST_LOG_LEVEL: 'debug', DBREST_JWT_SECRET: testSecret },
    isOnePipe: true,
  })
  await askUntil(200, `${server.adminUrl}/ready`)
  await server.line(/Listener connected/)
  const timings = server.stdout.filter((line) => /: tables: \d+\.\d ms, /.test(line))
  expect(timings).toHaveLength(1)
  const headers = { authorization: `Bearer ${await signJwt({ role: authorRole })}` }
  const lines = await printed(server, '/films', { headers })
  const id = '[0-9a-f]{8}-[0-9a-f-]{27}'
  // a look at the schema may come between
  const ofRequest = /^(?:Looked up|Trying to borrow|Connection|Borrowed) | HTTP\/1\.1" /
  expect(lines.filter((line) => ofRequest.test(line))).toEqual(
    [
      /^Looked up a JWT in JWT cache$/,
      /^Trying to borrow a connection from pool$/,
      new RegExp(`^Connection ${id} is being established$`),
      new RegExp(`^Connection ${id} is available due to connection establishment$`),
      new RegExp(`^Connection ${id} is used$`),
      new RegExp(`^Connection ${id} is available due to session success$`),
      /^Borrowed a connection from the pool$/,
      new RegExp(`- ${authorRole} .* 200 `),
    ].map((shape) => expect.stringMatching(shape)),
  )
})

test('requests that find no connection in time are told once, and each in the access log', async () => {
  const server = await serve({
    env: { ...database.env, DBREST_DB_POOL: '1', DBREST_DB_POOL_ACQUISITION_TIMEOUT: '5' },
  })
  const call = (seconds: number) =>
    ask(`${server.url}/rpc/nap`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ seconds }),
    })
  const leaving = new AbortController()
  const holder = ask(`${server.url}/rpc/nap`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"seconds": 60}',
    signal: leaving.signal,
  })
  holder.catch(() => undefined)
  await eventually(
    () =>
      database.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active'
         and query like '%"nap"%' and pid <> pg_backend_pid()`,
      ),
    (rows) => expect(rows).toHaveLength(1),
  )
  for (const reply of await Promise.all([call(0), call(0), call(0)])) {
    expect(reply).toMatchObject({
      status: 504,
      body: {
        code: 'PGRST003',
        message: 'Timed out acquiring connection from connection pool.',
      },
    })
  }
  expect(server.stderr.filter((line) => line.includes('PGRST003'))).toHaveLength(1)
  expect((await ask(`${server.adminUrl}/metrics`)).text).toContain(
    'pgrst_db_pool_timeouts_total 3.0\n',
  )
  await eventually(
    () => server.stdout.filter((line) => line.includes(' 504 ')),
    (lines) => expect(lines).toHaveLength(3),
  )
  // what needs no connection is answered meanwhile
  expect((await ask(`${server.url}/a/b`)).status).toBe(404)
  expect((await ask(`${server.url}/films`, { method: 'OPTIONS' })).status).toBe(200)
  leaving.abort()
  expect((await call(0)).status).toBe(204)
})

test('a reader of the log that leaves ends nothing', async () => {
  const server = await serve({ env: database.env })
  await askUntil(200, `${server.adminUrl}/ready`)
  server.child.stdout?.destroy()
  server.child.stderr?.destroy()
  for (let i = 0; i < 5; i += 1) {
    expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
    expect((await ask(`${server.url}/rpc/fail`, { method: 'POST' })).status).toBe(500)
  }
  expect((await ask(`${server.adminUrl}/reload`, { method: 'POST' })).status).toBe(200)
})

test('passwords are in no line', async () => {
  const password = 'correct-horse-battery'
  const uri = `postgresql://nobody:${password}@127.0.0.1:${await freePort()}/none`
  const server = await serve({ env: { DBREST_DB_URI: uri, DBREST_LOG_LEVEL: 'debug' } })
  await server.line(/PGRST000/)
  await server.stop()
  expect([...server.stderr, ...server.stdout].join('\n')).not.toContain(password)
})

test('log-format=json makes every line an object', async () => {
  const server = await serve({
    env: { ...database.env, DBREST_LOG_FORMAT: 'json', DBREST_LOG_LEVEL: 'debug' },
  })
  await askUntilSettled(server.adminUrl)
  await ask(`${server.url}/films?select=id`, { headers: { 'user-agent': 'probe' } })
  await ask(`${server.url}/rpc/fail`, { method: 'POST' })
  await ask(`${server.url}/nothing`)
  await database.query('create table fresh (id int); notify pgrst')
  await server.line(/"event":"schema-changed"/)
  await server.stop()
  const objects = [...server.stderr, ...server.stdout].map((line): unknown => JSON.parse(line))
  for (const object of objects) {
    expect(object).toMatchObject({
      level: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      event: expect.any(String),
    })
  }
  expect(objects).toContainEqual(
    expect.objectContaining({
      event: 'request-finished',
      method: 'GET',
      target: '/films?select=id',
      status: 200,
      role: anonRole,
      userAgent: 'probe',
      durationMs: expect.any(Number),
    }),
  )
  expect(objects).toContainEqual(
    expect.objectContaining({ target: '/nothing', status: 404, code: 'PGRST205' }),
  )
  expect(objects).toContainEqual(
    expect.objectContaining({
      event: 'schema-changed',
      level: 30,
      origin: 'notify',
      version: 2,
      changes: { added: ['public.fresh'], removed: [], changed: [] },
      durationMs: expect.any(Number),
      msg: expect.stringMatching(/^Reload by notify: \+public\.fresh, in /),
    }),
  )
  expect(objects).toContainEqual(expect.objectContaining({ event: 'api-listening' }))
  expect(objects).toContainEqual(
    expect.objectContaining({ level: 50, msg: expect.stringContaining('"code":"55000"') }),
  )
})
