import { execFileSync } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { bodyOf, executorOn, type TestExecutor } from '../../support/postgres-executor.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const schemaSql = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'exec_login') then
    create role exec_login login noinherit;
    create role exec_user;
    create role exec_anon;
    grant exec_user, exec_anon to exec_login;
  end if;
end $$;
create schema api;
grant usage on schema api to exec_user;
create table api.items (id int primary key, name text not null);
create table api.parents (id int primary key);
create table api.children (
  id int primary key,
  parent int references api.parents deferrable initially deferred
);
create table api.log (line text);
grant all on all tables in schema api to exec_user;
create view api.who as select
  current_user::text as role,
  session_user::text as login,
  current_setting('transaction_isolation') as isolation,
  current_setting('transaction_read_only') as read_only,
  current_setting('search_path') as search_path,
  current_setting('work_mem') as work_mem,
  current_setting('timezone') as timezone,
  current_setting('request.method') as method,
  current_setting('request.path') as path,
  current_setting('request.jwt.claims')::json as claims,
  current_setting('request.headers')::json as headers,
  current_setting('request.cookies')::json as cookies,
  current_setting('app.settings.x', true) as app;
grant select on api.who to exec_user;
create view api.prepared as select length(statement) as chars from pg_prepared_statements;
grant select on api.prepared to exec_user;
create view api.slow as select pg_sleep(60)::text as slept;
grant select on api.slow to exec_user;
create function api.add(a int, b int) returns int language sql as 'select a + b';
create function api.note(line text) returns setof api.log language sql as
  'insert into api.log values (line), (line) returning *';
create function api.raise() returns int language plpgsql as $$ begin
  raise sqlstate 'PGRST' using message = '{"code":"X1","message":"mine"}',
    detail = '{"status":418,"headers":{}}';
end $$;
create function api.suicide() returns int language plpgsql as $$ begin
  perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return 1;
end $$;
alter function api.suicide() owner to postgres;
grant pg_signal_backend to exec_user;
create function api.check_request() returns void language plpgsql as $$ begin
  if current_setting('request.path') = '/parents' then
    raise insufficient_privilege using message = 'not today';
  end if;
end $$;
`

const snapshot = describeSnapshot({
  schemas: ['api'],
  relations: {
    items: 'id:integer!, name:text',
    parents: 'id:integer!',
    children: 'id:integer!, parent:integer',
    log: 'line:text',
    who: 'role:text',
    slow: 'slept:text',
    prepared: 'chars:integer',
    gone: 'id:integer!',
  },
  routines: [
    { name: 'add', parameters: 'a:integer, b:integer', volatility: 'immutable' },
    { name: 'note', parameters: 'line:text', returns: 'setof table log' },
    { name: 'raise' },
    { name: 'suicide' },
  ],
})

describe.each(clusterVersions())('on PostgreSQL %s', (version) => {
  let db: TestDatabase
  let executor: TestExecutor

  beforeAll(async () => {
    db = await createTestDatabase(schemaSql, version)
    await db.query(`alter database ${db.name} set app.settings.x to 'of the database'`)
    executor = executorOn(db.uri('exec_login'), snapshot)
  })

  afterAll(async () => {
    await executor.pool.close()
    await db.drop()
  })

  const asUser = { role: 'exec_user' }

  async function rowsOf(table: string): Promise<number> {
    const [row] = await db.query(`select count(*)::int as n from api.${table}`)
    return Number(row?.['n'])
  }

  async function until(condition: () => Promise<boolean>): Promise<void> {
    await expect.poll(condition, { interval: 5 }).toBe(true)
  }

  test('statements are prepared, but for very long ones', async () => {
    const single = executorOn(db.uri('exec_login'), snapshot, { max: 1 })
    try {
      const wide = await single.run(`GET /items?select=${'id,'.repeat(1200)}id`, asUser)
      expect(bodyOf(wide)).toEqual([])
      const kept = bodyOf(await single.run('GET /prepared?select=chars', asUser))
      expect(kept).not.toEqual([])
      expect(bodyOf(await single.run('GET /prepared?chars=gt.16384', asUser))).toEqual([])
    } finally {
      await single.pool.close()
    }
  })

  describe('a transaction', () => {
    test('runs as the role, read-only for a read, with the request in its settings', async () => {
      const execution = await executor.run('GET /who?select=*', {
        ...asUser,
        claims: '{"role":"exec_user","sub":"ü"}',
        headers: { 'x-one': '1', cookie: 'a=b; c=d', prefer: 'timezone=Asia/Tokyo' },
        extraSearchPath: ['public', 'api'],
        config: { PGRST_APP_SETTINGS_x: 'ours' },
        roleSettings: { exec_user: { isolationLevel: null, settings: [['work_mem', '77kB']] } },
      })
      expect(bodyOf(execution)).toEqual([
        {
          role: 'exec_user',
          login: 'exec_login',
          isolation: 'read committed',
          read_only: 'on',
          search_path: '"api", "public", "api"',
          work_mem: '77kB',
          timezone: 'Asia/Tokyo',
          method: 'GET',
          path: '/who',
          claims: { role: 'exec_user', sub: 'ü' },
          headers: expect.objectContaining({ 'x-one': '1' }),
          cookies: { a: 'b', c: 'd' },
          app: 'ours',
        },
      ])
    })

    test('leaves nothing of it on the connection', async () => {
      const acquired = await executor.pool.acquire(new AbortController().signal)
      if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
      const outcome = await acquired.connection.run([
        {
          text: `select current_user, current_setting('work_mem'), current_setting('request.path', true),
            current_setting('app.settings.x')`,
          params: [],
          types: [],
          isPrepared: false,
          keep: 'rows',
        },
      ])
      executor.pool.release(acquired.connection, true)
      if (outcome.kind !== 'done') throw new Error(outcome.kind)
      expect(outcome.results[0]?.rows[0]?.map(String)).toEqual([
        'exec_login',
        '4MB',
        '',
        'of the database',
      ])
    })

    test.each([
      ['read-committed', 'read committed'],
      ['repeatable-read', 'repeatable read'],
      ['serializable', 'serializable'],
    ] as const)('has the isolation level of its role: %s', async (isolationLevel, shown) => {
      const execution = await executor.run('GET /who?select=isolation', {
        ...asUser,
        roleSettings: { exec_user: { isolationLevel, settings: [] } },
      })
      expect(bodyOf(execution)).toEqual([{ isolation: shown }])
    })

    test('asks the pre-request function first, which may refuse it', async () => {
      const config = { PGRST_DB_PRE_REQUEST: 'api.check_request' }
      const refused = await executor.run('POST /parents', { ...asUser, config, body: '{"id":99}' })
      expect(refused).toMatchObject({
        kind: 'failed',
        error: { kind: 'database', failure: { sqlState: '42501', message: 'not today' } },
      })
      expect(await rowsOf('parents')).toBe(0)
      const passed = await executor.run('GET /who?select=role', { ...asUser, config })
      expect(bodyOf(passed)).toEqual([{ role: 'exec_user' }])
      expect(passed.kind === 'schema-moved' ? [] : passed.statements).toEqual([
        expect.stringMatching(
          /^select set_config\('search_path', \$1, true\), set_config\('role', /,
        ),
        'select "api"."check_request"()',
        expect.stringMatching(/^WITH pgrst_source AS/),
      ])
    })

    test('is the whole of a request: a read is one round trip, a judged write two', async () => {
      const directions: string[] = []
      const note = (direction: string) => {
        if (directions.at(-1) !== direction) directions.push(direction)
      }
      const sockets: Socket[] = []
      const proxy = createServer((client) => {
        const server = connect(db.port, '127.0.0.1')
        sockets.push(client, server)
        client.on('data', (bytes) => {
          note('request')
          server.write(bytes)
        })
        server.on('data', (bytes) => {
          note('answer')
          client.write(bytes)
        })
        for (const socket of [client, server]) socket.on('error', () => {})
      })
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
      const address = proxy.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      const uri = `postgresql://exec_login@127.0.0.1:${port}/${db.name}?sslmode=disable`
      const proxied = executorOn(uri, snapshot, { max: 1 })
      const tripsOf = async (line: string, options = {}) => {
        directions.length = 0
        expect((await proxied.run(line, { ...asUser, ...options })).kind).toBe('done')
        return directions.join(' ')
      }
      await proxied.run('GET /items', asUser)
      expect(await tripsOf('GET /items')).toBe('request answer')
      const counted = { headers: { prefer: 'count=planned' } }
      expect(await tripsOf('GET /items', counted)).toBe('request answer')
      expect(await tripsOf('POST /items', { body: '{"id":1,"name":"a"}' })).toBe('request answer')
      expect(await tripsOf('DELETE /items?id=eq.1')).toBe('request answer')
      const put = { body: '{"id":2,"name":"b"}' }
      expect(await tripsOf('PUT /items?id=eq.2', put)).toBe('request answer request answer')
      expect(await tripsOf('DELETE /items?id=eq.2')).toBe('request answer')
      await proxied.pool.close()
      for (const socket of sockets) socket.destroy()
      proxy.close()
    })
  })

  describe('a write', () => {
    test('is committed, and says what it did', async () => {
      const execution = await executor.run('POST /items', {
        ...asUser,
        body: '{"id":10,"name":"ten"}',
        headers: { prefer: 'return=headers-only' },
      })
      expect(execution).toMatchObject({
        kind: 'done',
        result: { rows: 1, location: [['id', 'eq.10']], total: null },
      })
      expect(await rowsOf('items')).toBe(1)
    })

    test('is rolled back on request, deferred constraints checked', async () => {
      const options = { ...asUser, headers: { prefer: 'tx=rollback' } }
      const items = await executor.run('DELETE /items', options)
      expect(items).toMatchObject({ kind: 'done', result: { rows: 1 } })
      expect(await rowsOf('items')).toBe(1)
      const body = '{"id":1,"parent":404}'
      expect(await executor.run('POST /children', { ...options, body })).toMatchObject({
        kind: 'failed',
        error: { failure: { sqlState: '23503' } },
      })
    })

    test('ignores that request where the configuration does not allow it', async () => {
      const execution = await executor.run('POST /items', {
        ...asUser,
        body: '{"id":11,"name":"eleven"}',
        headers: { prefer: 'tx=commit' },
        config: { PGRST_DB_TX_END: 'rollback' },
      })
      expect(execution).toMatchObject({ kind: 'done', result: { rows: 1 } })
      expect(await rowsOf('items')).toBe(1)
    })

    test('that breaks a deferred constraint fails at its COMMIT and leaves nothing', async () => {
      const body = '{"id":2,"parent":404}'
      expect(await executor.run('POST /children', { ...asUser, body })).toMatchObject({
        kind: 'failed',
        error: { kind: 'database', failure: { sqlState: '23503' } },
      })
      expect(await rowsOf('children')).toBe(0)
    })

    test.each([
      [
        'a singular answer of two rows',
        'POST /items',
        {
          body: '[{"id":20,"name":"a"},{"id":21,"name":"b"}]',
          headers: { accept: 'application/vnd.pgrst.object+json', prefer: 'return=representation' },
        },
        { kind: 'not-singular', rows: 2 },
      ],
      [
        'more rows than max-affected',
        'PATCH /items?id=gt.0',
        { body: '{"name":"x"}', headers: { prefer: 'handling=strict, max-affected=0' } },
        { kind: 'max-affected', rows: 1 },
      ],
      [
        'a PUT whose key differs',
        'PUT /items?id=eq.30',
        { body: '{"id":31,"name":"x"}' },
        { kind: 'put-matching-pk' },
      ],
      [
        'a call of more rows than max-affected',
        'POST /rpc/note',
        { body: '{"line":"x"}', headers: { prefer: 'handling=strict, max-affected=1' } },
        { kind: 'max-affected', rows: 2 },
      ],
    ])('%s is refused, and nothing of it stays', async (_, line, options, error) => {
      const execution = await executor.run(line, { ...asUser, ...options })
      expect(execution).toMatchObject({ kind: 'failed', error, contradictsSchema: false })
      expect(await db.query('select id, name from api.items')).toEqual([{ id: 10, name: 'ten' }])
      expect(await rowsOf('log')).toBe(0)
      // the connection has been rolled back, and serves the next request
      expect(bodyOf(await executor.run('GET /who?select=role', asUser))).toEqual([
        { role: 'exec_user' },
      ])
    })
  })

  describe('a read', () => {
    test('refuses a singular answer of no rows', async () => {
      const headers = { accept: 'application/vnd.pgrst.object+json' }
      expect(await executor.run('GET /items?id=eq.0', { ...asUser, headers })).toMatchObject({
        kind: 'failed',
        error: { kind: 'not-singular', rows: 0 },
      })
    })

    test.each([
      ['count=exact', 1],
      ['count=planned', expect.any(Number)],
      ['count=estimated', 1],
    ])('counts: %s', async (prefer, total) => {
      const options = { headers: { prefer }, options: { dbMaxRows: 5 } }
      const execution = await executor.run('GET /items?limit=1', { ...asUser, ...options })
      expect(execution).toMatchObject({ kind: 'done', result: { rows: 1, total } })
    })

    test('explains itself instead of running', async () => {
      const headers = { accept: 'application/vnd.pgrst.plan+text' }
      const execution = await executor.run('GET /items', { ...asUser, headers })
      expect(execution.kind === 'done' && execution.result.body).toMatch(/^Aggregate .*\n(.*\n)+$/)
    })

    test('hands its body on as bytes', async () => {
      const execution = await executor.run('GET /items', asUser)
      expect(execution.kind === 'done' && Buffer.isBuffer(execution.result.body)).toBe(true)
    })
  })

  describe('a failure of the database', () => {
    test.each([
      ['a relation that is gone', 'GET /gone', '42P01', true],
      ['text that is no integer', 'GET /items?id=eq.x', '22P02', true],
      ['a name taken twice', 'POST /items', '23505', false],
    ])(
      '%s tells whether it contradicts the snapshot',
      async (_, line, sqlState, contradictsSchema) => {
        const body = '{"id":10,"name":"again"}'
        expect(await executor.run(line, { ...asUser, body })).toMatchObject({
          kind: 'failed',
          contradictsSchema,
          error: { kind: 'database', failure: { sqlState } },
        })
      },
    )

    test('keeps whether the client was authenticated', async () => {
      const options = { role: 'exec_anon', isAuthenticated: false }
      expect(await executor.run('GET /items', options)).toMatchObject({
        kind: 'failed',
        error: { kind: 'database', authenticated: false, failure: { sqlState: '42501' } },
      })
    })

    test('a role that does not exist runs nothing', async () => {
      expect(
        await executor.run('POST /log', { role: 'no_one', body: '{"line":"x"}' }),
      ).toMatchObject({
        kind: 'failed',
        error: { failure: { sqlState: '22023', message: 'role "no_one" does not exist' } },
      })
      expect(await rowsOf('log')).toBe(0)
    })

    test('may be the answer that a function wrote', async () => {
      expect(await executor.run('POST /rpc/raise', asUser)).toMatchObject({
        kind: 'failed',
        error: { kind: 'raised', status: 418, code: 'X1', message: 'mine' },
      })
    })

    test('a statement timeout of the role ends the query', async () => {
      const execution = await executor.run('GET /slow', {
        ...asUser,
        roleSettings: {
          exec_user: { isolationLevel: null, settings: [['statement_timeout', '20']] },
        },
      })
      expect(execution).toMatchObject({
        kind: 'failed',
        error: {
          failure: { sqlState: '57014', message: 'canceling statement due to statement timeout' },
        },
      })
    })

    test('a session killed under its request is a lost connection, and the next request works', async () => {
      expect(await executor.run('POST /rpc/suicide', asUser)).toMatchObject({
        kind: 'failed',
        error: { kind: 'connection-lost', details: 'no connection to the server\n' },
      })
      expect(bodyOf(await executor.run('GET /rpc/add?a=1&b=2', asUser))).toBe(3)
    })

    test('a session that died unnoticed while idle costs the request nothing', async () => {
      await executor.run('GET /items', asUser)
      expect(executor.pool.stats().available).toBeGreaterThan(0)
      // the event loop stands still meanwhile: the news is in the socket, unread
      const script = `
        const pg = require('pg')
        const client = new pg.Client('${db.uri()}')
        client.connect().then(() => client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'exec_login'")).then(() => client.end())`
      execFileSync(process.execPath, ['-e', script], { cwd: process.cwd() })
      expect(bodyOf(await executor.run('GET /rpc/add?a=2&b=2', asUser))).toBe(4)
    })
  })

  describe('the pool behind it', () => {
    test('answers a request that waited too long, and tells in this order', async () => {
      // a login may take longer than the limit: time passes once the one connection is used
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      const busy = executorOn(db.uri('exec_login'), snapshot, { max: 1, acquisitionTimeoutMs: 50 })
      const client = new AbortController()
      const slow = busy.run('GET /slow', { ...asUser, signal: client.signal })
      const late = busy.run('GET /items', asUser)
      const isUsed = () =>
        busy.seen.some((one) => one.kind === 'connection' && one.status === 'used')
      while (!isUsed()) await new Promise((resolve) => setImmediate(resolve))
      vi.advanceTimersByTime(50)
      vi.useRealTimers()
      expect(await late).toMatchObject({ kind: 'failed', error: { kind: 'acquisition-timeout' } })
      client.abort()
      await slow
      await busy.pool.close()
      const told = busy.seen.map((one) => (one.kind === 'connection' ? one.status : one.kind))
      expect(told).toEqual([
        'pool-request',
        'connecting',
        'pool-request',
        'ready',
        'used',
        'pool-request-fulfilled',
        'pool-timeout',
        'pool-request-fulfilled',
        'released',
        'closed',
      ])
    })

    test('a query whose client leaves is cancelled, and its connection serves the next', async () => {
      const single = executorOn(db.uri('exec_login'), snapshot, { max: 1 })
      expect(bodyOf(await single.run('GET /rpc/add?a=1&b=1', asUser))).toBe(2)
      for (let n = 0; n < 5; n += 1) {
        const client = new AbortController()
        const slow = single.run('GET /slow', { ...asUser, signal: client.signal })
        await until(async () => {
          const [row] = await db.query(
            `select count(*)::int as n from pg_stat_activity
             where datname = current_database() and wait_event = 'PgSleep'`,
          )
          return row?.['n'] === 1
        })
        client.abort()
        expect(await slow).toMatchObject({ error: { failure: { sqlState: '57014' } } })
        expect(bodyOf(await single.run('GET /rpc/add?a=1&b=1', asUser))).toBe(2)
      }
      const established = single.seen.filter(
        (one) => one.kind === 'connection' && one.status === 'connecting',
      )
      expect(established).toHaveLength(1)
      await single.pool.close()
    })
  })
})
