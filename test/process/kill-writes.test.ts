/**
 * What is killed in the middle of a write: PostgreSQL's session, its server, dbrest itself, the
 * client. Whoever dies, the write is there as a whole or not at all, and what is left goes on
 * without being restarted.
 *
 * A write is in its middle while it waits for an advisory lock that the test holds.
 *
 * Rule  PostgREST docs: connection_pool (Automatic Recovery), transactions
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createApiDatabaseIn } from '../support/api-database.ts'
import {
  type AskOptions,
  ask,
  askUntil,
  eventually,
  type HttpReply,
} from '../support/http-client.ts'
import { type Cluster, startCluster } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'
import { serve, serveForAll } from '../support/test-server.ts'

const gate = 815
const rows = 1000

/** Row 500 of each write waits; a write of `audits` waits in its COMMIT. */
const schemaSql = `
  create table items (id int primary key, amount int not null default 0);
  create table audits (id int primary key);
  create function wait_at_gate() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock_shared(${gate});
    return coalesce(new, old);
  end $$;
  create trigger gate_insert before insert on items for each row
    when (new.id % ${rows} = 500) execute function wait_at_gate();
  create trigger gate_update before update on items for each row
    when (new.id % ${rows} = 500) execute function wait_at_gate();
  create trigger gate_delete before delete on items for each row
    when (old.id % ${rows} = 500) execute function wait_at_gate();
  create constraint trigger gate_commit after insert on audits deferrable initially deferred
    for each row when (new.id = 500) execute function wait_at_gate();
  create function add_items(first int) returns void language sql as
    'insert into items select i from generate_series(first, first + ${rows} - 1) i';`

const json = { 'content-type': 'application/json' }

function rowsFrom(first: number): string {
  return JSON.stringify(Array.from({ length: rows }, (_, i) => ({ id: first + i })))
}

interface Write extends AskOptions {
  readonly target: string
}

const insert: Write = { target: '/items', method: 'POST', headers: json, body: rowsFrom(2000) }

/** Judged: their COMMIT is sent only when their rows are known. */
const boundedPatch: Write = {
  target: '/items?id=gt.0',
  method: 'PATCH',
  headers: { ...json, prefer: 'handling=strict, max-affected=5000' },
  body: '{"amount": 1}',
}

const writes: readonly (readonly [string, Write])[] = [
  ['a bulk insert', insert],
  ['an update of all rows', { ...boundedPatch, headers: json }],
  ['an update that is judged before it may stay', boundedPatch],
  ['a deletion', { target: '/items?id=gt.0', method: 'DELETE' }],
  [
    'a bulk upsert',
    {
      ...insert,
      headers: { ...json, prefer: 'resolution=merge-duplicates' },
      body: rowsFrom(1),
    },
  ],
  [
    'a function that writes',
    { target: '/rpc/add_items', method: 'POST', headers: json, body: '{"first": 2000}' },
  ],
  ['a COMMIT', { target: '/audits', method: 'POST', headers: json, body: rowsFrom(1) }],
]

let cluster: Cluster
let database: Awaited<ReturnType<typeof createApiDatabaseIn>>
beforeAll(async () => {
  // a commit that was answered survives a crash
  cluster = await startCluster({ settings: ['synchronous_commit=on'] })
  database = await createApiDatabaseIn(cluster, schemaSql)
})
afterAll(() => cluster.destroy())
beforeEach(async () => {
  await cluster.query(
    `truncate items, audits; insert into items select i from generate_series(1, ${rows}) i`,
    database.name,
  )
})

const untouched = { items: rows, amount: 0, audits: 0 }

async function content(): Promise<unknown> {
  const sql = `select count(*)::int as items, sum(amount)::int as amount,
    (select count(*)::int from audits) as audits from items`
  return (await cluster.query(sql, database.name))[0]
}

/** Shuts the gate until it is opened, or the session that holds it dies. */
async function shutGate(): Promise<{ open(): Promise<void>; readonly ended: Promise<void> }> {
  const holder = new pg.Client(cluster.uri(database.name))
  holder.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => holder.once('end', resolve))
  await holder.connect()
  await holder.query(`select pg_advisory_lock(${gate})`)
  const open = () => holder.end().catch(() => undefined)
  onTestFinished(open)
  return { open, ended }
}

/** Process id of the session whose write waits at the gate. */
async function writingSession(): Promise<number> {
  const [row] = await eventually(
    () =>
      cluster.query(
        `select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'`,
        database.name,
      ),
    (found) => expect(found).toHaveLength(1),
  )
  return Number(row?.['pid'])
}

function expectUnavailable(reply: HttpReply): void {
  expect(reply.status).toBe(503)
  expect(reply.body).toMatchObject({ code: expect.stringMatching(/^PGRST00[0-2]$/) })
  expect(reply.headers['retry-after']).toBe('0')
}

describe('PostgreSQL', () => {
  const running = serveForAll(() => ({ env: database.env }))
  const send = ({ target, ...options }: Write) => ask(running().url + target, options)

  /** The gate being open, one request at a time and several at once succeed, the first included. */
  async function expectService(): Promise<void> {
    expect(await send(insert)).toMatchObject({ status: 201 })
    const patches = await Promise.all(
      Array.from({ length: 5 }, (_, i) => send({ ...boundedPatch, target: `/items?id=eq.${i}` })),
    )
    expect(patches.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204])
  }

  test.each(writes)('a session terminated in %s leaves nothing of it', async (_, write) => {
    const { open } = await shutGate()
    const answer = send(write)
    const pid = await writingSession()
    await cluster.query(`select pg_terminate_backend(${pid})`)
    const reply = await answer
    expectUnavailable(reply)
    expect(reply.body).toMatchObject({ code: 'PGRST001' })
    expect(await content()).toEqual(untouched)
    await open()
    await expectService()
  })

  test('a session killed in mid-write takes all others with it, for as long as PostgreSQL recovers', async () => {
    await expectService()
    await cluster.query('delete from items where id > 1000', database.name)
    await cluster.query('update items set amount = 0', database.name)
    const { ended } = await shutGate()
    const answer = send(insert)
    process.kill(await writingSession(), 'SIGKILL')
    expectUnavailable(await answer)
    // the others end a moment later: till then one of them may still answer, and is then cut off
    await ended
    await eventually(() => cluster.query('select 1'))
    for (;;) {
      const reply = await send({ target: '/items?id=eq.1' })
      if (reply.status === 200) break
      expectUnavailable(reply)
    }
    expect(await content()).toEqual(untouched)
    await expectService()
  })

  // a fast shutdown also ends the session that keeps the gate shut: the write may then commit
  test.each([
    ['killed', killServer],
    ['stopped at once', () => cluster.kill()],
  ])(
    'a server %s in mid-write: 503 until it is back, then the next request works',
    async (_, end) => {
      // several sessions that will be dead; an answered write
      await Promise.all(Array.from({ length: 5 }, () => send({ target: '/items?limit=1' })))
      const kept = await send({
        target: '/audits',
        method: 'POST',
        headers: json,
        body: '{"id": 1}',
      })
      expect(kept.status).toBe(201)
      await shutGate()
      const answer = send(insert)
      await writingSession()
      await end()
      expectUnavailable(await answer)
      for (let i = 0; i < 3; i += 1) {
        expectUnavailable(await send(insert))
        expectUnavailable(await send({ target: '/items?limit=1' }))
      }
      await cluster.start()
      expect(await send({ target: '/items?id=eq.2000' })).toMatchObject({ status: 200, body: [] })
      expect(await content()).toEqual({ ...untouched, audits: 1 })
      await expectService()
      // its listener and its schema cache recover as well
      await askUntil(200, `${running().adminUrl}/ready`)
    },
  )

  async function killServer(): Promise<void> {
    const [server] = await cluster.query(
      `select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)::int as pid`,
    )
    const processes = await cluster.query(
      'select pid from pg_stat_activity where pid <> pg_backend_pid()',
    )
    for (const { pid } of [...(server === undefined ? [] : [server]), ...processes]) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // a session ends by itself once its postmaster is gone
      }
    }
    await cluster.kill()
  }
})

describe('dbrest', () => {
  /** All that a process killed without warning has left in PostgreSQL is over. */
  async function sessionEnds(pid: number): Promise<void> {
    await eventually(
      () => cluster.query(`select 1 from pg_stat_activity where pid = ${pid}`),
      (found) => expect(found).toEqual([]),
    )
  }

  async function killIn(write: Write): Promise<void> {
    const server = await startServer({ env: database.env })
    onTestFinished(() => {
      server.child.kill('SIGKILL')
    })
    const { open } = await shutGate()
    const { target, ...options } = write
    const answer = ask(server.url + target, options).catch((failure: unknown) => failure)
    const pid = await writingSession()
    server.signal('SIGKILL')
    expect(await server.exited).toBe('SIGKILL')
    expect(await answer).toBeInstanceOf(Error)
    await open()
    await sessionEnds(pid)
  }

  test('killed in a write that was sent with its COMMIT: all of it is there, or nothing', async () => {
    await killIn(insert)
    expect([untouched, { ...untouched, items: 2 * rows }]).toContainEqual(await content())
  })

  test('killed in a write that was to be judged: nothing of it is there', async () => {
    await killIn(boundedPatch)
    expect(await content()).toEqual(untouched)
  })

  test('started anew it serves at once', async () => {
    await killIn(boundedPatch)
    const server = await serve({ env: database.env })
    const { target, ...options } = insert
    expect(await ask(server.url + target, options)).toMatchObject({ status: 201 })
    expect(await content()).toEqual({ ...untouched, items: 2 * rows })
  })
})

describe('a client', () => {
  const running = serveForAll(() => ({ env: { ...database.env, DBREST_DB_POOL: '1' } }))

  /** Sends a request and hangs up when told to. */
  function sendAndLeave({ target, ...options }: Write): { leave(): Promise<unknown> } {
    const controller = new AbortController()
    const answer = ask(running().url + target, { ...options, signal: controller.signal }).catch(
      (failure: unknown) => failure,
    )
    return {
      leave() {
        controller.abort()
        return answer
      },
    }
  }

  const note = (id: number): Write => ({
    target: '/audits',
    method: 'POST',
    headers: json,
    body: JSON.stringify({ id }),
  })
  const send = ({ target, ...options }: Write) => ask(running().url + target, options)

  test.each(writes)(
    'that leaves in %s has it cancelled, and nothing of it stays',
    async (_, write) => {
      const { open } = await shutGate()
      const client = sendAndLeave(write)
      const pid = await writingSession()
      expect(await client.leave()).toMatchObject({ name: 'AbortError' })
      // behind the gate, which is still shut, only a cancel ends the transaction; the session lives
      await eventually(
        () => cluster.query(`select state from pg_stat_activity where pid = ${pid}`),
        (found) => expect(found).toEqual([{ state: 'idle' }]),
      )
      expect(await content()).toEqual(untouched)
      // the pool's one connection serves the next request
      expect(await send(note(1))).toMatchObject({ status: 201 })
      expect(await cluster.query(`select 1 from pg_stat_activity where pid = ${pid}`)).toHaveLength(
        1,
      )
      await open()
    },
  )

  test('that leaves while it waits for a connection has nothing run', async () => {
    const { open } = await shutGate()
    const busy = send(insert)
    await writingSession()
    const waiting = sendAndLeave(note(7))
    await poolHas({ waiting: 1 })
    await waiting.leave()
    await poolHas({ waiting: 0 })
    await open()
    expect(await busy).toMatchObject({ status: 201 })
    expect(await send(note(8))).toMatchObject({ status: 201 })
    expect(await cluster.query('select id from audits', database.name)).toEqual([{ id: 8 }])
  })

  async function poolHas({ waiting }: { readonly waiting: number }): Promise<void> {
    await eventually(
      () => ask(`${running().adminUrl}/metrics`),
      ({ text }) => expect(text).toContain(`pgrst_db_pool_waiting ${waiting}.0`),
    )
  }

  test('that leaves in the middle of its body has nothing run', async () => {
    const { port, stdout, line } = running()
    const from = stdout.length
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const head = 'POST /audits HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    await new Promise<void>((resolve) => {
      socket.write(`${head}Content-Length: 1000\r\n\r\n[{"id": 5}`, () => resolve())
    })
    socket.destroy()
    await line(/"POST \/audits HTTP\/1\.1" 400 /, { from, on: 'stdout' })
    expect(await send(note(6))).toMatchObject({ status: 201 })
    expect(await cluster.query('select id from audits', database.name)).toEqual([{ id: 6 }])
  })
})
