/**
 * A request is one transaction: how it ends by configuration and preference, what an error leaves
 * of it, and conflicts between transactions, which are told and not tried again.
 *
 * Rule  PostgREST docs: transactions, preferences (Transaction End Preference); v16.2 spec:
 *       RollbackSpec
 */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { type AskOptions, ask, eventually, type HttpReply } from '../support/http-client.ts'
import type { RunningServer } from '../support/server.ts'
import { serve, serveForAll } from '../support/test-server.ts'

const gate = 42

/** Whatever writes notes leaves a trace as well; the sequence counts what no rollback takes back. */
const schemaSql = `
  create table notes (id int primary key, text text check (text <> 'bad'));
  create table traces (line text);
  create table parents (id int primary key);
  create table children (
    id int primary key, parent int references parents deferrable initially deferred);
  create table counters (n int);
  create sequence runs;
  create function trace() returns trigger language plpgsql as
    $$ begin insert into traces values (tg_op); return null; end $$;
  create trigger traced after insert or update or delete on notes execute function trace();
  create function begin_request() returns void language sql as
    $$ insert into traces values ('pre-request') $$;
  create function note_twice(id int) returns setof notes language sql as
    $$ insert into notes values (id, 'a'), (id + 1, 'b') returning * $$;
  create function note_and_raise(state text) returns void language plpgsql as $$ begin
    insert into notes values (1, 'x');
    if state = 'PGRST' then
      raise sqlstate 'PGRST' using message = '{"code":"mine","message":"no"}',
        detail = '{"status":202,"headers":{}}';
    end if;
    raise exception using errcode = state, message = 'no';
  end $$;
  create function adopt(child int, parent int) returns void language sql as $$
    insert into children values (child, parent); insert into parents values (parent) $$;
  create function count_up() returns int language plpgsql
    set default_transaction_isolation = 'repeatable read' as $$
  declare counted int;
  begin
    perform nextval('runs');
    select n into counted from counters;
    perform pg_advisory_xact_lock_shared(${gate});
    update counters set n = n + 1;
    return counted;
  end $$;
  create function cross(first int, second int) returns void language plpgsql as $$ begin
    perform nextval('runs');
    perform pg_advisory_xact_lock(first);
    perform pg_advisory_xact_lock_shared(${gate});
    perform pg_advisory_xact_lock(second);
  end $$;`

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(schemaSql)
})
beforeEach(() =>
  database.query(`truncate notes, traces, children, parents, counters;
    insert into counters values (0); alter sequence runs restart`),
)
afterAll(() => database.drop())

const json = { 'content-type': 'application/json' }

function post(
  server: RunningServer,
  target: string,
  body: unknown,
  headers: AskOptions['headers'] = {},
): Promise<HttpReply> {
  return ask(server.url + target, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  })
}

async function rowsIn(table: string): Promise<number> {
  return (await database.query(`select from ${table}`)).length
}

describe.each([
  ['commit', { default: true, commit: true, rollback: true }],
  ['commit-allow-override', { default: true, commit: true, rollback: false }],
  ['rollback', { default: false, commit: false, rollback: false }],
  ['rollback-allow-override', { default: false, commit: true, rollback: false }],
] as const)('db-tx-end %s', (txEnd, stays) => {
  const running = serveForAll(() => ({ env: { ...database.env, DBREST_DB_TX_END: txEnd } }))
  const isOverridable = txEnd.endsWith('override')

  test.each(['default', 'commit', 'rollback'] as const)(
    'ends as is due with tx: %s',
    async (tx) => {
      const server = running()
      const wish = tx === 'default' ? [] : [`tx=${tx}`]
      const prefer = ['return=representation', ...wish].join(', ')
      const inserted = await post(server, '/notes', { id: 1, text: 'x' }, { prefer })
      expect(inserted).toMatchObject({ status: 201, body: [{ id: 1, text: 'x' }] })
      expect(inserted.headers['preference-applied']).toBe(
        ['return=representation', ...(isOverridable ? wish : [])].join(', '),
      )
      expect(await rowsIn('notes')).toBe(stays[tx] ? 1 : 0)

      const prefers = wish.length === 0 ? {} : { prefer: wish.join() }
      const called = await post(server, '/rpc/note_twice', { id: 10 }, prefers)
      expect(called).toMatchObject({ status: 200, body: [{ id: 10 }, { id: 11 }] })
      expect(await rowsIn('notes')).toBe(stays[tx] ? 3 : 0)
      // written in the same transaction
      expect(await rowsIn('traces')).toBe(stays[tx] ? 2 : 0)
    },
  )

  test('checks deferred constraints however it ends', async () => {
    const server = running()
    for (const tx of ['commit', 'rollback']) {
      const orphan = await post(server, '/children', { id: 1, parent: 404 }, { prefer: `tx=${tx}` })
      expect(orphan).toMatchObject({
        status: 409,
        body: { code: '23503', details: 'Key (parent)=(404) is not present in table "parents".' },
      })
      const adopted = { child: 2, parent: 1 }
      const prefer = { prefer: `tx=${tx}` }
      expect((await post(server, '/rpc/adopt', adopted, prefer)).status).toBe(204)
      await database.query('truncate children, parents')
    }
    expect(await rowsIn('children')).toBe(0)
  })
})

describe('an error', () => {
  const running = serveForAll(() => ({
    env: { ...database.env, DBREST_DB_PRE_REQUEST: 'begin_request' },
  }))
  const rows = (last: object) => [...Array.from({ length: 99 }, (_, i) => ({ id: i })), last]
  const singular = { accept: 'application/vnd.pgrst.object+json', prefer: 'return=representation' }

  test.each<readonly [string, number, (server: RunningServer) => Promise<HttpReply>]>([
    ['a row of many that is refused', 400, (s) => post(s, '/notes', rows({ id: 99, text: 'bad' }))],
    ['a key of many that is taken', 409, (s) => post(s, '/notes', rows({ id: 5 }))],
    [
      'a constraint that speaks up at COMMIT',
      409,
      (s) => post(s, '/children', { id: 1, parent: 4 }),
    ],
    ['two rows for a singular answer', 406, (s) => post(s, '/notes', rows({ id: 99 }), singular)],
    [
      'a singular answer of a function',
      406,
      (s) => post(s, '/rpc/note_twice', { id: 1 }, singular),
    ],
    [
      'too many rows of a function',
      400,
      (s) => post(s, '/rpc/note_twice', { id: 1 }, { prefer: 'handling=strict, max-affected=1' }),
    ],
    ['an exception', 400, (s) => post(s, '/rpc/note_and_raise', { state: 'P0001' })],
    [
      'an exception with a good status',
      200,
      (s) => post(s, '/rpc/note_and_raise', { state: 'PT200' }),
    ],
    [
      'a written answer with a good status',
      202,
      (s) => post(s, '/rpc/note_and_raise', { state: 'PGRST' }),
    ],
    [
      'a PUT of another row',
      400,
      (s) =>
        ask(`${s.url}/notes?id=eq.1`, {
          method: 'PUT',
          headers: json,
          body: '{"id":2,"text":"x"}',
        }),
    ],
  ])('undoes everything, triggers and pre-request included: %s', async (_, status, send) => {
    expect((await send(running())).status).toBe(status)
    for (const table of ['notes', 'traces', 'children', 'parents'])
      expect(await rowsIn(table)).toBe(0)
    expect((await post(running(), '/notes', { id: 1 })).status).toBe(201)
    expect(await database.query('select line from traces order by line')).toEqual([
      { line: 'INSERT' },
      { line: 'pre-request' },
    ])
  })
})

describe('a conflict of transactions', () => {
  async function shutGate(): Promise<pg.Client> {
    const holder = await database.connect()
    onTestFinished(() => holder.end().catch(() => undefined))
    await holder.query(`select pg_advisory_lock(${gate})`)
    return holder
  }

  async function atGate(count: number): Promise<void> {
    await eventually(
      () =>
        database.query(`select from pg_stat_activity where datname = current_database()
          and wait_event_type = 'Lock' and wait_event = 'advisory'`),
      (waiting) => expect(waiting).toHaveLength(count),
    )
  }

  async function runs(): Promise<unknown> {
    return (await database.query('select nextval($$runs$$)::int - 1 as runs'))[0]?.['runs']
  }

  test('is a serialization failure: 500 at once, tried once, and nothing stays', async () => {
    const server = await serve({ env: database.env })
    const holder = await shutGate()
    const from = server.stderr.length
    const answer = post(server, '/rpc/count_up', {})
    await atGate(1)
    await database.query('update counters set n = 10')
    await holder.end()
    const reply = await answer
    expect(reply).toMatchObject({
      status: 500,
      body: {
        code: '40001',
        message: 'could not serialize access due to concurrent update',
        details: null,
        hint: null,
      },
    })
    expect(reply.headers['retry-after']).toBeUndefined()
    expect(await runs()).toBe(1)
    expect(await database.query('select n from counters')).toEqual([{ n: 10 }])
    const told = server.stderr.slice(from).filter((line) => line.includes('40001'))
    expect(told).toHaveLength(1)
    // the client tries again where it wants to
    expect(await post(server, '/rpc/count_up', {})).toMatchObject({ status: 200, body: 10 })
  })

  test('is a deadlock: one of the two is told, the other goes on', async () => {
    const server = await serve({ env: database.env })
    const holder = await shutGate()
    const answers = [
      post(server, '/rpc/cross', { first: 1, second: 2 }),
      post(server, '/rpc/cross', { first: 2, second: 1 }),
    ]
    await atGate(2)
    await holder.end()
    const replies = await Promise.all(answers)
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 500])
    expect(replies.find(({ status }) => status === 500)?.body).toMatchObject({ code: '40P01' })
    expect(await runs()).toBe(2)
  })
})
