/**
 * Whole requests that read, on a real server.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

describeMongodb('a MongoDB database', () => {
  let api: MongodbApi
  beforeAll(async () => {
    api = await serveMongodb(async ({ db }) => {
      await db.collection<{ _id: number }>('directors').insertMany([
        { _id: 1, name: 'Gilliam' },
        { _id: 2, name: 'Tarkovsky' },
      ] as never)
      await db.collection('films').insertMany([
        { _id: 1, title: 'Brazil', year: 1985, director_id: 1, tags: ['a', 'b'] },
        { _id: 2, title: 'Stalker', year: 1979, director_id: 2, tags: [] },
        { _id: 3, title: 'Solaris', year: 1972, director_id: 2 },
        { _id: 4, title: 'Alien', year: null, director_id: null, extra: { deep: [1, { x: 'y' }] } },
      ] as never)
      const years = ['-000001', '1000', '9999', '+010000']
      await db.collection('moments').insertMany(
        years.map((year, index) => ({
          _id: index as never,
          data: { moment: new Date(`${year}-01-02T00:00:00Z`) },
        })),
      )
    })
  })
  afterAll(() => api.stop())

  test('answers with its documents', async () => {
    const { status, headers, body } = await api.get('/films?select=_id,title&order=_id')
    expect([status, headers.get('content-range'), body]).toEqual([
      200,
      '0-3/*',
      [
        { _id: 1, title: 'Brazil' },
        { _id: 2, title: 'Stalker' },
        { _id: 3, title: 'Solaris' },
        { _id: 4, title: 'Alien' },
      ],
    ])
  })

  test.each([
    ['GET', '/films?select=title&limit=2&order=_id', 206, '0-1/4'],
    ['GET', '/films?select=title&limit=0', 206, '*/4'],
    ['GET', '/films?select=title&offset=5', 416, '*/4'],
    ['HEAD', '/films?limit=3', 206, '0-2/4'],
    ['GET', '/films?select=title', 200, '0-3/4'],
  ])('counts rows exactly: %s %s', async (method, target, status, range) => {
    const reply = await api.get(target, { prefer: 'count=exact' }, { method })
    expect([reply.status, reply.headers.get('content-range')]).toEqual([status, range])
  })

  test.each(['like', 'like(any)', 'ilike(all)', 'not.match(any)'])(
    'finds a long pattern of %s, or says that this server does not',
    async (operator) => {
      const text = 'a'.repeat(4000)
      const operand = operator.endsWith(')') ? `{${text}}` : text
      const { status, body } = await api.get(`/films?title=${operator}.${operand}&select=_id`)
      const told = status === 200 ? 'rows' : Object(body).code
      expect([status, told]).toEqual(status === 200 ? [200, 'rows'] : [400, 'PGRST127'])
    },
  )

  test('takes a name that means something to the driver for that of a field', async () => {
    const { status, body } = await api.get('/films?_bsontype=is.null&select=_id,_bsontype&_id=eq.1')
    expect([status, body]).toEqual([200, [{ _id: 1, _bsontype: null }]])
    expect((await api.get('/films?_bsontype=eq.Long')).body).toEqual([])
    expect((await api.get('/films?order=_bsontype,_id.desc&limit=1&select=_id')).body).toEqual([
      { _id: 4 },
    ])
  })

  test('looks for the text of dates of any year', async () => {
    const found = await api.get('/moments?data->>moment=like.*-01-02T*&select=_id&order=_id')
    expect(found.body).toEqual([{ _id: 1 }, { _id: 2 }])
    const shown = await api.get('/moments?select=moment:data->>moment,count()')
    expect(shown.body).toHaveLength(4)
  })

  test('says that a document of a time series needs its time', async () => {
    await api.database.db.createCollection('measured', { timeseries: { timeField: 'at' } })
    await api.load()
    const { status, body } = await api.send('POST', '/measured', { n: 1 })
    expect([status, body]).toMatchObject([
      400,
      { code: '23502', message: expect.stringContaining('null value in column "at"') },
    ])
  })

  test('counts the row of an aggregate over nothing', async () => {
    const reply = await api.get('/films?select=year.max()&title=eq.x', { prefer: 'count=exact' })
    expect([reply.headers.get('content-range'), reply.body]).toEqual(['0-0/1', [{ max: null }]])
  })

  test('says what cannot be cast before it says that rows are too many', async () => {
    const accept = { accept: 'application/vnd.pgrst.object+json' }
    const { status, body } = await api.get('/films?select=title::int', accept)
    expect([status, body]).toMatchObject([400, { code: '22P02' }])
  })

  test('answers for one object, or says how many there are', async () => {
    const accept = { accept: 'application/vnd.pgrst.object+json' }
    expect((await api.get('/films?limit=1&select=title', accept)).body).toEqual({
      title: 'Brazil',
    })
    expect((await api.get('/films?select=title', accept)).status).toBe(406)
  })

  test('is asked no more for a collection that is gone, and says so', async () => {
    await api.database.db.createCollection('short')
    await api.load()
    expect((await api.get('/short')).body).toEqual([])
    await api.database.db.dropCollection('short')
    const { status, body } = await api.get('/short')
    expect([status, body]).toMatchObject([404, { code: 'PGRST205' }])
  })
})

describeMongodb('a collection whose key is not its id', () => {
  let api: MongodbApi
  beforeAll(async () => {
    const columns = ['film_id', 'actor_id'].map((name) => ({ name, type: 'integer' }))
    const roles = { name: 'roles', closed: true, columns, primaryKey: ['film_id', 'actor_id'] }
    api = await serveMongodb(
      async ({ db }) => {
        await db.collection('roles').createIndex({ film_id: 1, actor_id: 1 }, { unique: true })
        await db.collection('roles').insertOne({ film_id: 1, actor_id: 2 })
      },
      { declaredSchema: { text: JSON.stringify([roles]), file: null } },
    )
  })
  afterAll(() => api.stop())

  test.each([
    [{ film_id: 1, actor_id: 2 }, 200],
    [{ film_id: 1, actor_id: 3 }, 201],
  ])('says where a row is that was merged with, or is new: %j', async (row, status) => {
    const prefer = 'resolution=merge-duplicates,return=headers-only'
    const reply = await api.send('POST', '/roles', row, { prefer })
    const location = `/roles?film_id=eq.1&actor_id=eq.${row.actor_id}`
    expect([reply.status, reply.headers.get('location')]).toEqual([status, location])
  })
})
