/**
 * What requests write to a MongoDB server, and what they answer.
 */
import { type Document, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbWrites, openMongodbWrites } from '../../support/mongodb-writes.ts'

/** Of any type. */
interface Note extends Document {
  _id: unknown
}

const returned = { Prefer: 'return=representation' }

describeMongodb('writes', () => {
  let database: MongodbDatabase
  let api: MongodbWrites

  beforeAll(async () => {
    database = await createMongodbDatabase()
    api = openMongodbWrites(database, {
      collections: {
        films: { _id: 'int', title: 'string', year: 'int', tags: 'string[]', email: 'string' },
        notes: { _id: 'any', text: 'string' },
        gone: { _id: 'int', a: 'int' },
      },
      open: ['notes'],
      facts: {
        films: {
          uniqueIndexes: [
            { name: '_id_', columns: ['_id'] },
            { name: 'email_1', columns: ['email'] },
          ],
        },
        notes: { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
        gone: { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
      },
    })
  })

  beforeEach(async () => {
    await database.db.dropDatabase()
    await database.db.collection('films').createIndex({ email: 1 }, { unique: true, sparse: true })
    await films().insertMany([
      { _id: 1, title: 'Alien', year: 1979, email: 'a@x' },
      { _id: 2, title: 'Brazil', year: 1985, email: 'b@x' },
      { _id: 3, title: 'Clue', year: 1985, email: 'c@x' },
    ])
    await database.db.createCollection('notes')
  })

  afterAll(() => database?.drop())

  const films = () => database.db.collection<Document & { _id: number }>('films')
  const stored = (name = 'films') =>
    database.db
      .collection(name)
      .find({}, { sort: { _id: 1 } })
      .toArray()

  // POST

  test('a POST stores one document and answers with nothing', async () => {
    const reply = await api.send('POST', '/films', { _id: 4, title: 'Duel', year: 1971 })
    expect([reply.status, reply.body]).toEqual([201, ''])
    expect(await films().findOne({ _id: 4 })).toEqual({ _id: 4, title: 'Duel', year: 1971 })
  })

  test('a POST without an id is given one', async () => {
    const reply = await api.send('POST', '/notes', { text: 'a' }, { Prefer: 'return=headers-only' })
    const [note] = await stored('notes')
    expect(note?._id).toBeInstanceOf(ObjectId)
    expect(reply.headers.get('location')).toBe(`/notes?_id=eq.${note?._id}`)
  })

  test('rows of a bulk are handed back in the order in which they were sent', async () => {
    const rows = [9, 7, 8].map((_id) => ({ _id, title: `t${_id}` }))
    const reply = await api.send('POST', '/films?select=_id,title', rows, {
      Prefer: 'return=representation,count=exact',
    })
    expect([reply.status, reply.body]).toEqual([201, rows])
    expect(reply.headers.get('content-range')).toBe('*/3')
  })

  test('a representation shows what was written, and nothing else', async () => {
    const reply = await api.send('POST', '/films?select=title', { _id: 4, title: 'Duel' }, returned)
    expect(reply.body).toEqual([{ title: 'Duel' }])
  })

  test('nothing of a bulk stays when one of its rows fails', async () => {
    const rows = [{ _id: 8 }, { _id: 1 }, { _id: 9 }]
    const reply = await api.send('POST', '/films', rows)
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({
      code: '23505',
      message: 'duplicate key value violates unique constraint "_id_"',
      details: 'Key (_id)=(1) already exists.',
    })
    expect(await films().countDocuments()).toBe(3)
  })

  test('an empty bulk writes nothing', async () => {
    const reply = await api.send('POST', '/films', [], returned)
    expect([reply.status, reply.body]).toEqual([201, []])
    expect(await films().countDocuments()).toBe(3)
  })

  test('CSV and forms are written like JSON', async () => {
    const csv = await api.send('POST', '/films', '_id,title,year\n4,Duel,1971\n5,Exit,NULL', {
      'Content-Type': 'text/csv',
    })
    const form = await api.send('POST', '/films', '_id=6&title=Fargo', {
      'Content-Type': 'application/x-www-form-urlencoded',
    })
    expect([csv.status, form.status]).toEqual([201, 201])
    expect((await stored()).slice(3)).toEqual([
      { _id: 4, title: 'Duel', year: 1971 },
      { _id: 5, title: 'Exit', year: null },
      { _id: 6, title: 'Fargo' },
    ])
  })

  test('columns= chooses what is written', async () => {
    await api.send('POST', '/films?columns=_id,year', { _id: 4, title: 'Duel', year: 1971 })
    expect(await films().findOne({ _id: 4 })).toEqual({ _id: 4, year: 1971 })
  })

  test('a value that its column does not take is refused, and nothing is stored', async () => {
    const reply = await api.send(
      'POST',
      '/films',
      [{ _id: 4 }, { _id: 5, year: 'x' }].map((r) => ({ year: 1, ...r })),
    )
    expect(reply.body).toMatchObject({ code: '22P02' })
    expect(await films().countDocuments()).toBe(3)
  })

  test('names and values that mean something to MongoDB are stored as they are', async () => {
    const row = { _id: 1, 'a.b': '$x', $where: { $gt: 1 }, text: '$$ROOT', _bsontype: 'Long' }
    const reply = await api.send(
      'POST',
      '/notes',
      JSON.stringify(row).replace('{', '{"__proto__":0,'),
    )
    expect(reply.status).toBe(201)
    const [note] = await stored('notes')
    expect(new Map(Object.entries(note ?? {}))).toEqual(
      new Map<string, unknown>([...Object.entries(row), ['__proto__', 0]]),
    )
  })

  // PATCH

  test('a PATCH changes the rows that are meant', async () => {
    const reply = await api.send(
      'PATCH',
      '/films?year=eq.1985',
      { title: 'X' },
      { Prefer: 'count=exact' },
    )
    expect([reply.status, reply.headers.get('content-range')]).toEqual([204, '0-1/2'])
    expect((await stored()).map(({ title }) => title)).toEqual(['Alien', 'X', 'X'])
  })

  test('a PATCH counts rows that it leaves as they were', async () => {
    const reply = await api.send(
      'PATCH',
      '/films?year=eq.1985',
      { year: 1985 },
      { Prefer: 'count=exact' },
    )
    expect(reply.headers.get('content-range')).toBe('0-1/2')
  })

  test('a PATCH by key answers with the row', async () => {
    const reply = await api.send(
      'PATCH',
      '/films?_id=eq.2&select=_id,title',
      { title: 'X' },
      returned,
    )
    expect([reply.status, reply.body]).toEqual([200, [{ _id: 2, title: 'X' }]])
  })

  test('a PATCH replaces documents and lists', async () => {
    await films().updateOne({ _id: 1 }, { $set: { tags: ['a', 'b'] } })
    await api.send('PATCH', '/films?_id=eq.1', { tags: ['c'] })
    expect((await films().findOne({ _id: 1 }))?.['tags']).toEqual(['c'])
  })

  test('a PATCH stores names and values that mean something to MongoDB as they are', async () => {
    await database.db.collection<Note>('notes').insertOne({ _id: 1, text: 'a', a: { b: 1 } })
    const change = { 'a.b': '$text', $set: '$$ROOT', text: '7', '': 0, '5': 1, _bsontype: {} }
    const reply = await api.send('PATCH', '/notes?_id=eq.1', change)
    expect(reply.status).toBe(204)
    expect(await stored('notes')).toEqual([{ _id: 1, a: { b: 1 }, ...change }])
  })

  test('a PATCH with a null stores it, one without a value takes the field out', async () => {
    await api.send('PATCH', '/films?_id=eq.1', { title: null })
    await api.send('PATCH', '/films?_id=eq.2&columns=title,year', { year: 1 })
    expect((await stored()).slice(0, 2)).toEqual([
      { _id: 1, title: null, year: 1979, email: 'a@x' },
      { _id: 2, year: 1, email: 'b@x' },
    ])
  })

  test('documents as ids are those that are meant, whatever their keys mean to JavaScript', async () => {
    const notes = database.db.collection('notes')
    const ids = [
      [
        ['2', 1],
        ['1', 1],
      ],
      [
        ['1', 1],
        ['2', 1],
      ],
      [['_bsontype', 'MinKey']],
      [
        ['$ref', 'a'],
        ['$id', 1],
      ],
    ].map((keys) => new Map(keys.map(([key, value]) => [String(key), value])))
    const other = ids.slice(0, 3).map(
      (id, index) =>
        new Map<string, unknown>([
          ['_id', id],
          ['text', `n${index}`],
        ]),
    )
    await notes.insertMany(other as never)
    for (const index of other.keys()) {
      const path = `/notes?text=eq.n${index}&select=text`
      const patched = await api.send('PATCH', path, { text: `m${index}` }, returned)
      expect(patched.body).toEqual([{ text: `m${index}` }])
      const deleted = await api.send('DELETE', `/notes?text=eq.m${index}&select=text`, '', returned)
      expect(deleted.body).toEqual([{ text: `m${index}` }])
      expect(await notes.countDocuments()).toBe(2 - index)
    }
  })

  test.each(['{"2":1,"1":1}', '{"b":{"1":[{"3":1,"1":2}]},"1":1}', '{"_bsontype":"Long"}'])(
    'an upsert merges into the row whose id is the document %s',
    async (id) => {
      const merged = { Prefer: 'resolution=merge-duplicates,return=representation' }
      const body = (text: string) => `[{"_id":${id},"text":"${text}"},{"_id":1,"text":"a"}]`
      await api.send('POST', '/notes', body('a'))
      const reply = await api.send('POST', '/notes?select=text', body('b'), merged)
      expect([reply.status, reply.body]).toEqual([200, [{ text: 'b' }, { text: 'a' }]])
      const again = await api.send('POST', '/notes', body('c'))
      expect(again.body).toMatchObject({ code: '23505' })
    },
  )

  test('an empty PATCH changes nothing', async () => {
    const reply = await api.send('PATCH', '/films', {}, returned)
    expect([reply.status, reply.body]).toEqual([200, []])
  })

  test('a PATCH of an id is refused', async () => {
    const reply = await api.send('PATCH', '/films?_id=eq.1', { _id: 7, title: 'X' })
    expect([reply.status, reply.body]).toEqual([
      400,
      expect.objectContaining({
        code: 'PGRST127',
        details: 'MongoDB does not support changing the _id of a document',
      }),
    ])
    expect((await films().findOne({ _id: 1 }))?.['title']).toBe('Alien')
  })

  test('nothing of a PATCH stays when one of its rows fails', async () => {
    const reply = await api.send('PATCH', '/films?year=eq.1985', { email: 'z@x' })
    expect([reply.status, reply.body]).toEqual([
      409,
      expect.objectContaining({ code: '23505', details: 'Key (email)=(z@x) already exists.' }),
    ])
    expect((await stored()).map(({ email }) => email)).toEqual(['a@x', 'b@x', 'c@x'])
  })

  // DELETE

  test('a DELETE takes away the rows that are meant, and shows them', async () => {
    const reply = await api.send(
      'DELETE',
      '/films?year=eq.1985&select=title&order=_id',
      undefined,
      returned,
    )
    expect([reply.status, reply.body]).toEqual([200, [{ title: 'Brazil' }, { title: 'Clue' }]])
    expect((await stored()).map(({ _id }) => _id)).toEqual([1])
  })

  test('a DELETE without a filter takes away everything', async () => {
    const reply = await api.send('DELETE', '/films', undefined, { Prefer: 'count=exact' })
    expect([reply.status, reply.headers.get('content-range')]).toEqual([204, '*/3'])
    expect(await films().countDocuments()).toBe(0)
  })

  // bounds

  test('a write of too many rows is undone', async () => {
    const strict = { Prefer: 'handling=strict,max-affected=1' }
    const patch = await api.send('PATCH', '/films?year=eq.1985', { title: 'X' }, strict)
    const remove = await api.send('DELETE', '/films?year=eq.1985', undefined, strict)
    const none = await api.send('DELETE', '/films?_id=eq.1', undefined, {
      Prefer: 'handling=strict,max-affected=0',
    })
    const codes = [patch, remove, none].map(({ body }) => Object(body).code)
    expect(codes).toEqual(['PGRST124', 'PGRST124', 'PGRST124'])
    expect((await stored()).map(({ title }) => title)).toEqual(['Alien', 'Brazil', 'Clue'])
  })

  test('a singular write of another number of rows is undone', async () => {
    const singular = { Accept: 'application/vnd.pgrst.object+json', ...returned }
    const many = await api.send('PATCH', '/films?year=eq.1985', { title: 'X' }, singular)
    const bulk = await api.send('POST', '/films', [{ _id: 8 }, { _id: 9 }], singular)
    const one = await api.send('DELETE', '/films?_id=eq.1&select=title', undefined, singular)
    expect([many.status, bulk.status, one.status]).toEqual([406, 406, 200])
    expect(one.body).toEqual({ title: 'Alien' })
    expect((await stored()).map(({ title }) => title)).toEqual(['Brazil', 'Clue'])
  })

  test.each([
    ['POST', '/films', { _id: 4, title: 'Duel' }],
    ['PATCH', '/films?_id=eq.1', { title: 'X' }],
    ['PUT', '/films?_id=eq.1', { _id: 1, title: 'X' }],
    ['DELETE', '/films?_id=eq.1', undefined],
  ])('a %s that is to be rolled back leaves everything as it was', async (method, target, body) => {
    const before = await stored()
    const reply = await api.send(method, target, body, { Prefer: 'tx=rollback' })
    expect(reply.status).toBeLessThan(300)
    expect(reply.headers.get('preference-applied')).toBe('tx=rollback')
    expect(await stored()).toEqual(before)
  })

  // upserts

  test('an upsert merges into what is there, and adds the rest', async () => {
    const rows = [
      { _id: 9, title: 'New' },
      { _id: 2, title: 'X' },
    ]
    const reply = await api.send('POST', '/films?select=_id,title,year', rows, {
      Prefer: 'resolution=merge-duplicates,return=representation',
    })
    expect([reply.status, reply.body]).toEqual([
      201,
      [
        { _id: 9, title: 'New', year: null },
        { _id: 2, title: 'X', year: 1985 },
      ],
    ])
  })

  test('an upsert of rows that are all there answers 200', async () => {
    const prefer = { Prefer: 'resolution=merge-duplicates' }
    const one = await api.send('POST', '/films', { _id: 2, title: 'X' }, prefer)
    const two = await api.send(
      'POST',
      '/films',
      [2, 3].map((_id) => ({ _id, title: 'Y' })),
      prefer,
    )
    expect([one.status, two.status]).toEqual([200, 200])
    expect((await stored()).map(({ title }) => title)).toEqual(['Alien', 'Y', 'Y'])
  })

  test('an upsert that ignores duplicates shows what is new', async () => {
    const rows = [1, 9, 9].map((_id) => ({ _id, title: 'X' }))
    const reply = await api.send('POST', '/films?select=_id', rows, {
      Prefer: 'resolution=ignore-duplicates,return=representation',
    })
    expect([reply.status, reply.body]).toEqual([201, [{ _id: 9 }]])
    const one = await api.send(
      'POST',
      '/films',
      { _id: 1, title: 'X' },
      {
        Prefer: 'resolution=ignore-duplicates',
      },
    )
    expect(one.status).toBe(201)
    expect((await films().findOne({ _id: 1 }))?.['title']).toBe('Alien')
  })

  test('an upsert by another unique index keeps the id', async () => {
    const merge = { Prefer: 'resolution=merge-duplicates' }
    const target = '/films?on_conflict=email'
    const one = await api.send('POST', target, { email: 'b@x', title: 'X' }, merge)
    const shown = await api.send(
      'POST',
      `${target}&select=_id,title`,
      [{ email: 'c@x', title: 'Y' }],
      {
        Prefer: 'resolution=merge-duplicates,return=representation',
      },
    )
    expect([one.status, shown.status, shown.body]).toEqual([200, 200, [{ _id: 3, title: 'Y' }]])
    expect((await films().findOne({ _id: 2 }))?.['title']).toBe('X')
  })

  test('a key that is twice in an upsert is refused', async () => {
    const rows = [9, 9].map((_id) => ({ _id, title: 'X' }))
    const reply = await api.send('POST', '/films', rows, { Prefer: 'resolution=merge-duplicates' })
    expect(reply.body).toMatchObject({ code: '21000' })
    expect(await films().countDocuments()).toBe(3)
  })

  test('an upsert without a fitting index is refused', async () => {
    const reply = await api.send(
      'POST',
      '/films?on_conflict=year',
      { _id: 9, year: 1 },
      {
        Prefer: 'resolution=merge-duplicates',
      },
    )
    expect(reply.body).toMatchObject({ code: '42P10' })
  })

  // PUT

  test('a PUT adds a row, or replaces what it names of it', async () => {
    const put = (body: unknown, headers = {}) => api.send('PUT', '/films?_id=eq.9', body, headers)
    const fresh = await put({ _id: 9, title: 'New', year: 1 })
    const again = await put({ _id: 9, title: 'X', year: 2 }, returned)
    expect([fresh.status, again.status]).toEqual([204, 200])
    expect(await films().findOne({ _id: 9 })).toEqual({ _id: 9, title: 'X', year: 2 })
  })

  test('a PUT of another row than its URL names is refused', async () => {
    const reply = await api.send('PUT', '/films?_id=eq.9', { _id: 8, title: 'X' })
    expect(reply.body).toMatchObject({ code: 'PGRST115' })
    expect(await films().countDocuments()).toBe(3)
  })

  // what is not there

  test.each([
    ['POST', '/gone', { _id: 1, a: 1 }, {}],
    [
      'POST',
      '/gone',
      [
        { _id: 1, a: 1 },
        { _id: 2, a: 1 },
      ],
      {},
    ],
    ['PUT', '/gone?_id=eq.1', { _id: 1, a: 1 }, {}],
    [
      'POST',
      '/gone',
      { _id: 1, a: 1 },
      { Prefer: 'resolution=merge-duplicates,return=representation' },
    ],
    ['PATCH', '/gone?_id=eq.1', { a: 1 }, {}],
    ['DELETE', '/gone', undefined, {}],
  ])('%s %s does not make a collection that is gone', async (method, target, body, headers) => {
    const reply = await api.send(method, target, body, headers)
    expect([reply.status, Object(reply.body).code]).toEqual([404, '42P01'])
    expect(reply.execution).toMatchObject({ kind: 'failed', contradictsSchema: true })
    expect(await database.db.listCollections({ name: 'gone' }).toArray()).toEqual([])
  })

  test.each([
    ['one', (text: string) => ({ _id: 4, title: text })],
    [
      'several',
      (text: string) =>
        [
          { _id: 4, title: text },
          { _id: 5, title: 'x' },
        ].toReversed(),
    ],
  ])('a document that is larger than MongoDB stores is refused, of %s', async (_, rowsOf) => {
    const reply = await api.send('POST', '/films', rowsOf('x'.repeat(17 * 1024 * 1024)))
    expect(Object(reply.body)).toMatchObject({ code: '54000' })
    expect(await films().countDocuments()).toBe(3)
  })

  test('an id that MongoDB takes for none is refused', async () => {
    const reply = await api.send('POST', '/notes', { _id: [1], text: 'a' })
    expect([reply.status, Object(reply.body)]).toEqual([
      400,
      expect.objectContaining({ code: '22023' }),
    ])
  })

  test('a document that is nested too deep is refused', async () => {
    const deep = `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`
    const reply = await api.send('POST', '/notes', `{"_id":1,"data":${deep}}`)
    expect(Object(reply.body)).toMatchObject({ code: '54001' })
    expect(await stored('notes')).toEqual([])
  })

  test('long numbers keep their digits', async () => {
    await api.send('PATCH', '/notes', { text: 'x' })
    await database.db
      .collection<Note>('notes')
      .insertOne({ _id: Long.fromString('9007199254740993') })
    const reply = await api.send(
      'PATCH',
      '/notes',
      { text: 'x' },
      { Prefer: 'count=exact,return=representation' },
    )
    expect(reply.headers.get('content-range')).toBe('0-0/1')
  })
})
