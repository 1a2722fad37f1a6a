/**
 * Writes under access rules: what a rule forbids leaves everything as it was, and what it hides is not
 * there.
 */
import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbWrites, openMongodbWrites } from '../../support/mongodb-writes.ts'
import { signJwt, testSecret } from '../../support/sign-jwt.ts'

interface Row extends Document {
  readonly _id: number
}

const all = ['select', 'insert', 'update', 'delete']
const registry = {
  grants: [
    { role: 'clerk', relation: ['orders', 'parts', 'sealed'], actions: all },
    { role: 'scribe', relation: 'orders', actions: ['insert'] },
  ],
  policies: [
    {
      name: 'own',
      role: ['clerk', 'scribe'],
      relation: 'orders',
      using: 'tenant=eq.{{claims.tenant}}',
    },
    {
      name: 'open',
      role: 'clerk',
      relation: 'sealed',
      using: 'state=eq.open',
      with_check: 'tenant=eq.{{claims.tenant}}',
    },
    {
      name: 'of own orders',
      role: 'clerk',
      relation: 'parts',
      using: 'orders.tenant=eq.{{claims.tenant}}',
    },
  ],
}

describeMongodb('writes under rules', () => {
  let database: MongodbDatabase
  let api: MongodbWrites
  let clerk: Readonly<Record<string, string>>

  beforeAll(async () => {
    database = await createMongodbDatabase()
    const unique = { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] }
    api = openMongodbWrites(
      database,
      {
        collections: {
          orders: { _id: 'int', tenant: 'int', note: 'string' },
          parts: { _id: 'int', order_id: 'int', name: 'string' },
          sealed: { _id: 'int', tenant: 'int', state: 'string' },
        },
        foreignKeys: ['parts(order_id) -> orders(_id)'],
        open: ['orders'],
        facts: { orders: unique, parts: unique, sealed: unique },
      },
      {
        config: {
          policyRegistry: { file: null, text: JSON.stringify(registry) },
          jwtSecret: Buffer.from(testSecret),
        },
      },
    )
    clerk = await bearer('clerk')
  })
  beforeEach(async () => {
    await database.db.dropDatabase()
    await database.db.createCollection('orders', { validator: { note: { $ne: 'bad' } } })
    await rows('orders').createIndex({ note: 1 }, { unique: true, sparse: true })
    await rows('parts').createIndex({ name: 1 }, { unique: true })
    await rows('orders').insertMany([
      { _id: 1, tenant: 5, note: 'a' },
      { _id: 2, tenant: 6, note: 'b' },
    ])
    await rows('parts').insertMany([
      { _id: 1, order_id: 1, name: 'x' },
      { _id: 2, order_id: 2, name: 'y' },
    ])
    await rows('sealed').insertMany([
      { _id: 1, tenant: 5, state: 'open' },
      { _id: 2, tenant: 5, state: 'shut' },
    ])
  })
  afterAll(() => database?.drop())

  const bearer = async (role: string) => ({
    Authorization: `Bearer ${await signJwt({ role, tenant: 5 })}`,
  })
  const rows = (name: string) => database.db.collection<Row>(name)
  const stored = async () =>
    Promise.all(['orders', 'parts', 'sealed'].map((name) => rows(name).find().toArray()))

  test.each([
    ['a new row', 'POST', '/orders', { _id: 3, tenant: 6 }, ''],
    [
      'one row of several',
      'POST',
      '/orders',
      [
        { _id: 3, tenant: 5 },
        { _id: 4, tenant: 6 },
      ],
      '',
    ],
    ['a row with a key that is taken', 'POST', '/orders', { _id: 2, tenant: 6 }, ''],
    [
      'a row before one with a key that is taken',
      'POST',
      '/orders',
      [
        { _id: 3, tenant: 6 },
        { _id: 1, tenant: 5 },
      ],
      'return=representation',
    ],
    [
      'a row moved onto a key that is taken',
      'PATCH',
      '/orders?_id=eq.1',
      { tenant: 6, note: 'b' },
      '',
    ],
    [
      'one of several rows moved onto one key',
      'PATCH',
      '/orders',
      { tenant: 6, note: 'z' },
      'return=representation',
    ],
    [
      'a row moved to a hidden one, onto a key that is taken',
      'PATCH',
      '/parts?_id=eq.1',
      { order_id: 2, name: 'y' },
      '',
    ],
    [
      'a merge that would leave, onto a key that is taken',
      'POST',
      '/orders',
      { _id: 1, tenant: 6, note: 'b' },
      'resolution=merge-duplicates',
    ],
    [
      'a new row beside merged ones, with a key that is taken',
      'POST',
      '/orders',
      [
        { _id: 1, tenant: 5, note: 'c' },
        { _id: 3, tenant: 6, note: 'b' },
      ],
      'resolution=merge-duplicates',
    ],
    [
      'a merge before a row with a key that is taken',
      'POST',
      '/orders',
      [
        { _id: 1, tenant: 6, note: 'c' },
        { _id: 3, tenant: 5, note: 'b' },
      ],
      'resolution=merge-duplicates,return=representation',
    ],
    [
      'a PUT that would leave, onto a key that is taken',
      'PUT',
      '/orders?_id=eq.1',
      { _id: 1, tenant: 6, note: 'b' },
      '',
    ],
    [
      'a row that would leave, and that the validator does not take',
      'PATCH',
      '/orders?_id=eq.1',
      { tenant: 6, note: 'bad' },
      '',
    ],
    ['a row without what is asked for', 'POST', '/orders', { _id: 3, note: 'x' }, ''],
    ['a row that would leave', 'PATCH', '/orders?_id=eq.1', { tenant: 6 }, ''],
    ['rows that would leave', 'PATCH', '/orders', { tenant: 6 }, 'return=representation'],
    [
      'a merge into a hidden row',
      'POST',
      '/orders',
      { _id: 2, tenant: 5 },
      'resolution=merge-duplicates',
    ],
    [
      'one of several merges',
      'POST',
      '/orders',
      [
        { _id: 1, tenant: 5 },
        { _id: 2, tenant: 5 },
      ],
      'resolution=merge-duplicates,return=representation',
    ],
    ['a PUT over a hidden row', 'PUT', '/orders?_id=eq.2', { _id: 2, tenant: 5 }, ''],
    ['a merge that would leave', 'PUT', '/orders?_id=eq.1', { _id: 1, tenant: 6 }, ''],
    ['a row of a hidden one', 'POST', '/parts', { _id: 3, order_id: 2, name: 'z' }, ''],
    ['a row moved to a hidden one', 'PATCH', '/parts?_id=eq.1', { order_id: 2 }, ''],
  ])('%s is refused', async (_, method, target, body, prefer) => {
    const before = await stored()
    const reply = await api.send(method, target, body, { ...clerk, Prefer: prefer })
    expect([reply.status, Object(reply.body)]).toEqual([
      403,
      expect.objectContaining({
        code: '42501',
        message: expect.stringMatching(/^new row violates row-level security policy for table "/),
      }),
    ])
    expect(await stored()).toEqual(before)
  })

  test.each([
    ['a row', { _id: 1, tenant: 5 }],
    [
      'and of several, one before the row that is not',
      [
        { _id: 1, tenant: 5 },
        { _id: 3, tenant: 6 },
      ],
    ],
  ])('a key that is taken is told of %s that is allowed', async (_, body) => {
    const reply = await api.send('POST', '/orders', body, clerk)
    expect([reply.status, Object(reply.body).code]).toEqual([409, '23505'])
  })

  test.each([
    ['a change', 'PATCH', '/orders?_id=eq.1', { note: 'b' }],
    ['a change of a part', 'PATCH', '/parts?_id=eq.1', { name: 'y' }],
    ['a merge', 'POST', '/orders', { _id: 1, tenant: 5, note: 'b' }],
    ['a new row of an upsert', 'POST', '/orders', { _id: 3, tenant: 5, note: 'b' }],
    ['a PUT', 'PUT', '/orders?_id=eq.1', { _id: 1, tenant: 5, note: 'b' }],
  ])('a key that is taken is told of %s that is allowed', async (_, method, target, body) => {
    const before = await stored()
    const prefer = method === 'POST' ? { Prefer: 'resolution=merge-duplicates' } : {}
    const reply = await api.send(method, target, body, { ...clerk, ...prefer })
    expect([reply.status, Object(reply.body).code]).toEqual([409, '23505'])
    expect(await stored()).toEqual(before)
  })

  test('what the validator does not take is told of a row that is allowed', async () => {
    const reply = await api.send('PATCH', '/orders?_id=eq.1', { note: 'bad' }, clerk)
    expect([reply.status, Object(reply.body).code]).toEqual([400, '23514'])
  })

  test.each([
    ['PATCH', '/orders?_id=eq.2', { note: 'x' }],
    ['DELETE', '/orders?_id=eq.2', undefined],
    ['PATCH', '/parts?_id=eq.2', { name: 'x' }],
    ['DELETE', '/parts?_id=eq.2', undefined],
  ])('%s %s does not see a hidden row', async (method, target, body) => {
    const before = await stored()
    const reply = await api.send(method, target, body, {
      ...clerk,
      Prefer: 'return=representation,count=exact',
    })
    expect([reply.status, reply.body]).toEqual([200, []])
    expect(await stored()).toEqual(before)
  })

  test('a write without a filter is of own rows', async () => {
    await api.send('PATCH', '/orders', { note: 'x' }, clerk)
    await api.send('DELETE', '/parts', undefined, clerk)
    await api.send('DELETE', '/sealed', undefined, clerk)
    const [orders, parts, sealed] = await stored()
    expect(orders?.map(({ note }) => note)).toEqual(['x', 'b'])
    expect(parts?.map(({ _id }) => _id)).toEqual([2])
    expect(sealed?.map(({ _id }) => _id)).toEqual([2])
  })

  test('own rows are written and shown', async () => {
    const shown = { ...clerk, Prefer: 'return=representation' }
    const made = await api.send('POST', '/orders', { _id: 3, tenant: 5, note: 'c' }, shown)
    const merged = await api.send('POST', '/orders', [{ _id: 1, tenant: 5, note: 'd' }], {
      ...clerk,
      Prefer: 'resolution=merge-duplicates,return=representation',
    })
    const put = await api.send('PUT', '/orders?_id=eq.4', { _id: 4, tenant: 5, note: 'e' }, clerk)
    const part = await api.send('POST', '/parts', { _id: 3, order_id: 1, name: 'z' }, shown)
    expect([made.status, merged.status, put.status, part.status]).toEqual([201, 200, 204, 201])
    expect(merged.body).toEqual([{ _id: 1, tenant: 5, note: 'd' }])
  })

  test('an ignored duplicate of a hidden row is not shown', async () => {
    const reply = await api.send(
      'POST',
      '/orders',
      { _id: 2, tenant: 5 },
      {
        ...clerk,
        Prefer: 'resolution=ignore-duplicates,return=representation',
      },
    )
    expect([reply.status, reply.body]).toEqual([201, []])
  })

  test('who may not read gets nothing back', async () => {
    const body = { _id: 3, tenant: 5 }
    const shown = await api.send('POST', '/orders', body, {
      ...(await bearer('scribe')),
      Prefer: 'return=representation',
    })
    const minimal = await api.send('POST', '/orders', body, await bearer('scribe'))
    expect([shown.status, minimal.status]).toEqual([403, 201])
  })

  test('a duplicate of a hidden row tells no values', async () => {
    const reply = await api.send('POST', '/orders', { _id: 2, tenant: 5 }, clerk)
    expect([reply.status, Object(reply.body).details]).toEqual([409, null])
  })

  test.each([['a.b'], ['$set']])('the key %s is refused', async (key) => {
    const reply = await api.send('PATCH', '/orders?_id=eq.1', { [key]: 1 }, clerk)
    expect([reply.status, Object(reply.body).code]).toEqual([400, 'PGRST127'])
  })
})
