/**
 * How often a request waits for PostgreSQL, counted between the two: once, or twice where a write's
 * rows are judged before it may stay.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { executorOn, type RunOptions, type TestExecutor } from '../../support/postgres-executor.ts'
import { type RoundTripProxy, startRoundTripProxy } from '../../support/round-trip-proxy.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  schemas: ['api'],
  relations: { items: 'id:integer!, name:text' },
  routines: [
    { name: 'add', parameters: 'a:integer, b:integer', volatility: 'immutable' },
    {
      name: 'copies',
      parameters: 'n:integer',
      returns: 'setof table items',
      volatility: 'volatile',
    },
  ],
})

let db: TestDatabase
let proxy: RoundTripProxy
let executor: TestExecutor

beforeAll(async () => {
  db = await createTestDatabase(`
    create schema api;
    create table api.items (id int primary key, name text);
    create function api.add(a int, b int) returns int language sql immutable as 'select a + b';
    create function api.copies(n int) returns setof api.items language sql as
      'insert into api.items select i, null from generate_series(11, 10 + n) i returning *';
    create function api.greet() returns void language sql as
      $$select set_config('api.greeted', 'yes', true)$$;`)
  proxy = await startRoundTripProxy(db.port)
  const uri = `postgresql://postgres@127.0.0.1:${proxy.port}/${db.name}?sslmode=disable`
  executor = executorOn(uri, snapshot, { max: 1 })
})
beforeEach(() => db.query('truncate api.items; insert into api.items values (1, null), (2, null)'))
afterAll(async () => {
  await executor.pool.close()
  proxy.close()
  await db.drop()
})

const singular = { accept: 'application/vnd.pgrst.object+json' }
const strict = { prefer: 'handling=strict, max-affected=5' }
const name = '{"name":"x"}'

/** On a session that is already open. Null when the request fails. */
async function tripsOf(line: string, options: RunOptions): Promise<number | null> {
  await executor.run('GET /items', {})
  proxy.take()
  const execution = await executor.run(line, options)
  return execution.kind === 'done' ? proxy.take() : null
}

describe('one round trip takes', () => {
  test.each<readonly [string, string, RunOptions]>([
    ['a read', 'GET /items', {}],
    ['a read with an exact count', 'GET /items', { headers: { prefer: 'count=exact' } }],
    ['a read with a planned count', 'GET /items', { headers: { prefer: 'count=planned' } }],
    ['a singular read', 'GET /items?id=eq.1', { headers: singular }],
    ['an insert', 'POST /items', { body: '{"id":3}' }],
    [
      'an insert that is represented',
      'POST /items',
      { body: '[{"id":3},{"id":4}]', headers: { prefer: 'return=representation' } },
    ],
    [
      'a bulk upsert',
      'POST /items',
      { body: '[{"id":1},{"id":3}]', headers: { prefer: 'resolution=merge-duplicates' } },
    ],
    ['an update', 'PATCH /items?id=eq.1', { body: name }],
    ['a deletion', 'DELETE /items?id=eq.1', {}],
    [
      'max-affected without strict handling',
      'DELETE /items?id=eq.1',
      { headers: { prefer: 'max-affected=1' } },
    ],
    ['a write that is undone', 'DELETE /items?id=eq.1', { headers: { prefer: 'tx=rollback' } }],
    ['a call that reads', 'GET /rpc/add?a=1&b=2', {}],
    ['a call that writes', 'POST /rpc/copies', { body: '{"n":2}' }],
    [
      'a pre-request as well',
      'POST /items',
      { body: '{"id":3}', config: { PGRST_DB_PRE_REQUEST: 'api.greet' } },
    ],
    [
      'a plan of a judged write',
      'PATCH /items?id=eq.1',
      {
        body: name,
        headers: {
          accept: 'application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object+json"',
        },
      },
    ],
  ])('%s', async (_, line, options) => {
    expect(await tripsOf(line, options)).toBe(1)
    // and so it is with all its statements prepared
    await db.query('truncate api.items; insert into api.items values (1, null), (2, null)')
    expect(await tripsOf(line, options)).toBe(1)
  })
})

describe('two round trips take', () => {
  test.each<readonly [string, string, RunOptions]>([
    [
      'an insert of a single row to be represented',
      'POST /items',
      { body: '{"id":3}', headers: { ...singular, prefer: 'return=representation' } },
    ],
    ['an update with a bound', 'PATCH /items', { body: name, headers: strict }],
    ['a deletion with a bound', 'DELETE /items', { headers: strict }],
    ['a PUT', 'PUT /items?id=eq.3', { body: '{"id":3}' }],
    ['a call with a bound', 'POST /rpc/copies', { body: '{"n":2}', headers: strict }],
    ['a call for a single row', 'POST /rpc/copies', { body: '{"n":1}', headers: singular }],
    [
      'a judged write that is undone',
      'DELETE /items',
      { headers: { prefer: 'handling=strict, max-affected=5, tx=rollback' } },
    ],
  ])('%s', async (_, line, options) => {
    expect(await tripsOf(line, options)).toBe(2)
    await db.query('truncate api.items; insert into api.items values (1, null), (2, null)')
    expect(await tripsOf(line, options)).toBe(2)
  })
})
