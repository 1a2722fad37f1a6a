/**
 * Whole requests that write, on a real server and a schema that was loaded from it.
 */
import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

interface Row extends Document {
  readonly _id: number
}

const returned = { Prefer: 'return=representation' }

describeMongodb('requests that write', () => {
  let api: MongodbApi
  const rows = (name: string) => api.database.db.collection<Row>(name)

  beforeAll(async () => {
    api = await serveMongodb(async ({ db }) => {
      await db.createCollection('films', {
        validator: {
          $jsonSchema: {
            required: ['title'],
            properties: {
              title: { bsonType: 'string' },
              year: { bsonType: 'int', minimum: 1888 },
            },
          },
        },
      })
      await db.collection('films').createIndex({ title: 1 }, { unique: true })
      await db.createCollection('directors')
      await fill(db.collection<Row>('films'), db.collection<Row>('directors'))
    })
  })
  beforeEach(async () => {
    await rows('films').deleteMany({})
    await rows('directors').deleteMany({})
    await fill(rows('films'), rows('directors'))
  })
  afterAll(() => api.stop())

  const titles = async () => (await rows('films').find().toArray()).map(({ title }) => title)

  test('what was written is shown with its embeds', async () => {
    const select = 'select=title,director:directors(name)'
    const made = await api.send(
      'POST',
      `/films?${select}`,
      [
        { _id: 9, title: 'Ran', director_id: 2 },
        { _id: 8, title: 'Duel', director_id: null },
      ],
      returned,
    )
    expect(made.body).toEqual([
      { title: 'Ran', director: { name: 'Tarkovsky' } },
      { title: 'Duel', director: null },
    ])
    const gone = await api.send('DELETE', `/films?${select}&title=eq.Brazil`, undefined, returned)
    expect(gone.body).toEqual([{ title: 'Brazil', director: { name: 'Gilliam' } }])
    const parents = await api.send(
      'PATCH',
      '/directors?_id=eq.2&select=films(title)&films.order=title',
      { name: 'T' },
      returned,
    )
    expect(parents.body).toEqual([{ films: [{ title: 'Ran' }, { title: 'Stalker' }] }])
  })

  test('rows are shown although the filter would not find them any more', async () => {
    const reply = await api.send(
      'PATCH',
      '/films?year=eq.1985&select=year',
      { year: 1990 },
      returned,
    )
    expect(reply.body).toEqual([{ year: 1990 }])
  })

  test('rows are shown as CSV, and counted by an aggregate', async () => {
    const csv = await api.send(
      'PATCH',
      '/films?select=_id,year&order=_id',
      { year: 2000 },
      {
        ...returned,
        Accept: 'text/csv',
      },
    )
    expect(csv.text).toBe('_id,year\n1,2000\n2,2000')
    const counted = await api.send('DELETE', '/films?_id=gt.5&select=count()', undefined, returned)
    expect(counted.body).toEqual([{ count: 0 }])
  })

  test.each([
    [
      'POST',
      '/films',
      { _id: 7, year: 2000 },
      '23502',
      'null value in column "title" of relation "films" violates not-null constraint',
    ],
    [
      'POST',
      '/films',
      { _id: 7, title: null },
      '23502',
      'null value in column "title" of relation "films" violates not-null constraint',
    ],
    [
      'POST',
      '/films',
      { title: 'x' },
      '23502',
      'null value in column "_id" of relation "films" violates not-null constraint',
    ],
    [
      'POST',
      '/films',
      [
        { _id: 7, title: 'x' },
        { _id: null, title: 'y' },
      ],
      '23502',
      'null value in column "_id" of relation "films" violates not-null constraint',
    ],
    [
      'PATCH',
      '/films?_id=eq.1',
      { title: null },
      '23502',
      'null value in column "title" of relation "films" violates not-null constraint',
    ],
    [
      'PATCH',
      '/films',
      { year: 1 },
      '23514',
      'new row for relation "films" violates check constraint "films_year_check"',
    ],
    [
      'POST',
      '/films',
      [
        { _id: 7, title: 'x' },
        { _id: 8, title: 'Brazil' },
      ],
      '23505',
      'duplicate key value violates unique constraint "title_1"',
    ],
  ])(
    '%s %s with %j breaks a rule of the collection',
    async (method, target, body, code, message) => {
      const before = await rows('films').find().toArray()
      const reply = await api.send(method === 'POST' ? 'POST' : 'PATCH', target, body)
      expect(reply.body).toMatchObject({ code, message })
      expect(await rows('films').find().toArray()).toEqual(before)
    },
  )

  test('a key that is taken is told with its value', async () => {
    const reply = await api.send('POST', '/films', { _id: 7, title: 'Brazil' })
    expect([reply.status, Object(reply.body).details]).toEqual([
      409,
      'Key (title)=(Brazil) already exists.',
    ])
  })

  test('a new field is written and shown at once', async () => {
    const reply = await api.send(
      'POST',
      '/directors?select=name,born',
      { _id: 7, name: 'x', born: { year: 1932 } },
      returned,
    )
    expect(reply.body).toEqual([{ name: 'x', born: { year: 1932 } }])
  })

  test('a collection that was dropped is not brought back, and one that was made is written to', async () => {
    await api.database.db.createCollection('short')
    await api.load()
    await api.database.db.dropCollection('short')
    const dropped = await api.send('POST', '/short', { a: 1 })
    expect(dropped.status).toBe(404)
    expect(await api.database.db.listCollections({ name: 'short' }).toArray()).toEqual([])
    await api.database.db.createCollection('short')
    expect((await api.send('POST', '/short', { a: 1 })).status).toBe(201)
    await api.database.db.dropCollection('short')
  })

  test('a bulk that is refused leaves the collection as it was', async () => {
    await api.send('POST', '/films', [
      { _id: 7, title: 'x' },
      { _id: 1, title: 'y' },
    ])
    expect(await titles()).toEqual(['Brazil', 'Stalker'])
  })
})

describeMongodb('a server that is configured to be read-only', () => {
  test.each([
    ['POST', 'INSERT'],
    ['PATCH', 'UPDATE'],
    ['DELETE', 'DELETE'],
  ] as const)('refuses a %s', async (method, command) => {
    const api = await serveMongodb(({ db }) => db.collection('films').insertOne({ a: 1 }), {
      dbReadOnly: true,
    })
    try {
      const reply = await api.send(method, '/films', method === 'DELETE' ? undefined : { a: 2 })
      expect([reply.status, Object(reply.body)]).toEqual([
        405,
        expect.objectContaining({
          code: '25006',
          message: `cannot execute ${command} in a read-only transaction`,
        }),
      ])
      expect(await api.database.db.collection('films').countDocuments({ a: 1 })).toBe(1)
    } finally {
      await api.stop()
    }
  })
})

async function fill(
  films: { insertMany(rows: Row[]): Promise<unknown> },
  directors: { insertMany(rows: Row[]): Promise<unknown> },
): Promise<void> {
  await directors.insertMany([
    { _id: 1, name: 'Gilliam' },
    { _id: 2, name: 'Tarkovsky' },
  ])
  await films.insertMany([
    { _id: 1, title: 'Brazil', year: 1985, director_id: 1 },
    { _id: 2, title: 'Stalker', year: 1979, director_id: 2 },
  ])
}
