/**
 * Backends cancelled and terminated at random under load: whatever is hit, no statement runs
 * outside its role, its transaction or its request. A storm lasts until enough was hit, and enough
 * was not, however slow the machine is; `STORM_SECONDS=30` makes it the long one.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { executorOn, type RunOptions } from '../../support/postgres-executor.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const stormSeconds = Number(process.env['STORM_SECONDS'] ?? '2')
const longestStormSeconds = Math.max(stormSeconds, 60)

// the login role may write too, so that a statement that escaped its role leaves a trace
const schemaSql = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'storm_login') then
    create role storm_login login;
    create role storm_user;
    grant storm_user to storm_login;
  end if;
end $$;
create schema api;
create table api.trace (ran_as name, claimed text, n text, is_first boolean);
grant usage on schema api to public;
grant select, insert on api.trace to public;
create function api.touch(n text) returns setof text language sql as $$
  insert into api.trace values (
    current_user,
    nullif(current_setting('request.jwt.claims', true), '')::json ->> 'n',
    n,
    -- two requests in one transaction would find the marker
    coalesce(current_setting('storm.marker', true), '') = ''
  );
  select set_config('storm.marker', n, true);
$$;
create procedure api.storm(seconds float, terminates boolean) language plpgsql as $$
declare
  until timestamptz := clock_timestamp() + seconds * interval '1 second';
  target int;
begin
  while clock_timestamp() < until loop
    perform pg_stat_clear_snapshot();
    select pid into target from pg_stat_activity
      where usename = 'storm_login' and datname = current_database() order by random() limit 1;
    if terminates and random() < 0.02 then
      perform pg_terminate_backend(target);
    else
      perform pg_cancel_backend(target);
    end if;
    perform pg_sleep(random() * 0.0005);
  end loop;
end $$;
`

const snapshot = describeSnapshot({
  schemas: ['api'],
  relations: { trace: 'n:text' },
  routines: [{ name: 'touch', parameters: 'n:text', returns: 'setof text' }],
})

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase(schemaSql)
})

afterAll(() => db.drop())

function touch(n: number, more: RunOptions = {}): readonly [string, RunOptions] {
  const claims = JSON.stringify({ role: 'storm_user', n: String(n) })
  const body = JSON.stringify({ n: String(n) })
  return ['POST /rpc/touch', { role: 'storm_user', claims, body, ...more }]
}

/** Runs `work` on several lanes until `isOver`, one number a request. */
async function inLanes(
  lanes: number,
  isOver: () => boolean,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let n = 0
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (!isOver()) {
        n += 1
        await work(n)
      }
    }),
  )
}

/** It ends by itself after the longest time that one may take, or when it is told to. */
function beginStorm(terminates: boolean) {
  const ended = db.query(`call api.storm(${longestStormSeconds}, ${terminates})`).then(
    () => undefined,
    // cancelled, by `end`
    () => undefined,
  )
  return {
    ended,
    async end() {
      await db.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where query like 'call api.storm%'",
      )
      await ended
    },
  }
}

test(
  'a storm of cancelled and killed backends runs nothing outside its role and request',
  async () => {
    const executor = executorOn(db.uri('storm_login'), snapshot, { max: 8 })
    const outcomes = new Map<string, number>()
    let isOver = false
    const leastEndsAt = performance.now() + stormSeconds * 1000
    const storm = beginStorm(true)
    void storm.ended.then(() => {
      isOver = true
    })
    const outcomesOf = (kind: string) => outcomes.get(kind) ?? 0
    await inLanes(
      16,
      () => isOver,
      async (n) => {
        // now and then the client leaves as well
        const signal = n % 7 === 0 ? AbortSignal.timeout(n % 3) : new AbortController().signal
        // a judged write, in two batches, is every other one
        const headers = n % 2 === 0 ? { prefer: 'handling=strict, max-affected=1' } : {}
        const execution = await executor.run(...touch(n, { signal, headers }))
        const kind = execution.kind === 'failed' ? execution.error.kind : execution.kind
        outcomes.set(kind, outcomesOf(kind) + 1)
        const isEnough = outcomesOf('done') > 50 && outcomesOf('database') > 50
        if (isEnough && performance.now() >= leastEndsAt) isOver = true
      },
    )
    await storm.end()
    expect(outcomesOf('done')).toBeGreaterThan(50)
    expect(outcomesOf('database')).toBeGreaterThan(50)
    const escaped = await db.query(
      "select * from api.trace where ran_as <> 'storm_user' or claimed is distinct from n or not is_first",
    )
    expect(escaped).toEqual([])

    // the server is as it should be: every session that is left serves
    const quiet = await executor.run(...touch(0))
    expect(quiet.kind).toBe('done')
    await executor.pool.close()
    expect(executor.pool.stats()).toMatchObject({ available: 0, waiting: 0 })
  },
  (longestStormSeconds + 30) * 1000,
)

test('a client that leaves cancels its own request only', async () => {
  const executor = executorOn(db.uri('storm_login'), snapshot, { max: 4 })
  const wronged: unknown[] = []
  let left = 0
  await inLanes(
    8,
    () => left >= 150,
    async (n) => {
      const leaves = n % 2 === 0
      const client = new AbortController()
      const running = executor.run(...touch(n, { signal: client.signal }))
      if (leaves) {
        left += 1
        // after a few turns of the loop: anywhere from waiting for a connection to being done
        for (let turns = n % 12; turns > 0; turns -= 1) await new Promise(setImmediate)
        client.abort()
      }
      const execution = await running
      if (!leaves && execution.kind !== 'done') wronged.push(execution)
    },
  )
  expect(wronged).toEqual([])
  await executor.pool.close()
})

test(
  'with pipelined statements, each with a Sync of its own, the storm breaks out',
  async () => {
    const client = new pg.Client({ connectionString: db.uri('storm_login'), pipeline: true })
    client.on('error', () => {})
    await client.connect()
    let isOver = false
    const storm = beginStorm(false)
    void storm.ended.then(() => {
      isOver = true
    })
    const escapes = () => db.query("select 1 from api.trace where ran_as = 'storm_login' limit 1")
    for (let n = 0; !isOver; n += 1) {
      await Promise.allSettled([
        client.query('BEGIN'),
        client.query("select set_config('role', 'storm_user', true)"),
        client.query('select api.touch($1)', [String(n)]),
        client.query('COMMIT'),
      ])
      if (n % 100 === 99 && (await escapes()).length > 0) break
    }
    expect(await escapes()).toHaveLength(1)
    await client.end()
    await storm.end()
  },
  (longestStormSeconds + 30) * 1000,
)
