/**
 * Users of a MongoDB server that asks who they are, who may do less than all: what they may not is
 * refused where it is asked for, and hides nothing else.
 */
import { type Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMongodb } from '../../../src/backends/mongodb/open-mongodb.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { type BackendApi, openApi } from '../../support/in-process-api.ts'
import { describeStartedMongodb } from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'

/** What a user may do in the database of the tests; its password is its name. */
const users: Readonly<Record<string, readonly Document[]>> = {
  reader: [
    {
      resource: { db: 'shop', collection: '' },
      actions: ['find', 'listCollections', 'listIndexes'],
    },
  ],
  clerk: [
    { resource: { db: 'shop', collection: 'open' }, actions: ['find'] },
    { resource: { db: 'shop', collection: '' }, actions: ['listCollections'] },
  ],
  seller: [
    { resource: { db: 'shop', collection: 'sold' }, actions: ['find', 'insert'] },
    { resource: { db: 'shop', collection: '' }, actions: ['listCollections'] },
  ],
}

describeStartedMongodb('users with few privileges', () => {
  let server: MongodbServer
  const apis: BackendApi[] = []

  beforeAll(async () => {
    // the first users are made where nobody is asked
    server = await startMongodb()
    const client = await MongoClient.connect(server.uri)
    for (const [name, privileges] of Object.entries(users)) {
      const admin = client.db('admin')
      await admin.command({ createRole: `${name}Role`, privileges, roles: [] })
      await admin.command({ createUser: name, pwd: name, roles: [`${name}Role`] })
    }
    for (const name of ['open', 'hidden', 'sold']) {
      await client.db('shop').collection<Document & { _id: number }>(name).insertOne({ _id: 1 })
    }
    await client.close()
    await server.stop()
    await server.start(['--auth'])
  })

  afterAll(async () => {
    for (const api of apis) await api.close()
    await server?.destroy()
  })

  async function serve(user: string): Promise<BackendApi> {
    const dbUri = `mongodb://${user}:${user}@127.0.0.1:${server.port}/shop?directConnection=true&authSource=admin`
    const api = openApi({ ...defaultConfig('mongodb'), dbUri, dbSchemas: ['shop'] }, openMongodb)
    apis.push(api)
    await api.load()
    return api
  }

  test('a user who only reads is refused each write', async () => {
    const api = await serve('reader')
    expect((await api.get('/open')).body).toEqual([{ _id: 1 }])
    for (const [method, target, body] of [
      ['POST', '/open', { _id: 2 }],
      ['POST', '/open', [{ _id: 2 }, { _id: 3 }]],
      ['PATCH', '/open?_id=eq.1', { n: 1 }],
      ['DELETE', '/open?_id=eq.1', undefined],
    ] as const) {
      const reply = await api.send(method, target, body)
      expect([reply.status, reply.body]).toMatchObject([401, { code: '42501' }])
    }
    expect((await api.get('/open')).body).toEqual([{ _id: 1 }])
  })

  test('a user who is not told indexes writes all the same', async () => {
    const api = await serve('seller')
    expect((await api.send('POST', '/sold', { _id: 5 })).status).toBe(201)
    expect((await api.get('/sold?_id=eq.5')).body).toEqual([{ _id: 5 }])
    expect((await api.send('DELETE', '/sold?_id=eq.5')).status).toBe(401)
  })

  test('a user who may read one collection is served that one', async () => {
    const api = await serve('clerk')
    expect((await api.get('/open')).body).toEqual([{ _id: 1 }])
    const { status, body } = await api.get('/hidden')
    expect([status, body]).toMatchObject([
      404,
      { code: 'PGRST205', details: expect.stringContaining('not authorized') },
    ])
  })
})
