/**
 * A running server on MongoDB: changes of the schema are told by the change stream, or found by the
 * poll where there is none; servers that die, fail or are slow.
 */
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { describeStartedMongodb } from '../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../support/mongodb-engine.ts'
import { freePort } from '../support/postgres.ts'
import { serve, serveForAll } from '../support/test-server.ts'

const withoutPoll = { DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }

describeStartedMongodb('a server on MongoDB', () => {
  let engine: MongodbServer
  let client: MongoClient
  const uriOf = ({ port }: MongodbServer, database: string) =>
    `mongodb://127.0.0.1:${port}/${database}?directConnection=true`
  beforeAll(async () => {
    engine = await startMongodb(['--sync-on-commit'])
    client = new MongoClient(engine.uri)
    await client.db('shop').collection('films').insertOne({ title: 'Brazil', year: 1985 })
  })
  afterAll(async () => {
    await client.close()
    await engine.destroy()
  })

  describe('with a change stream', () => {
    const running = serveForAll(() => ({ args: [uriOf(engine, 'shop')], env: withoutPoll }))
    const shop = () => client.db('shop')

    /** The columns that the server knows of a collection, once they are as expected. */
    async function sees(collection: string, expected: unknown): Promise<void> {
      await eventually(
        () => cachedColumns(running(), collection),
        (columns) => expect(columns).toEqual(expected),
      )
    }

    test('sees a collection that its first document makes, is renamed and dropped', async () => {
      await shop().collection('birds').insertOne({ name: 'crow' })
      await sees('birds', { _id: 'objectid', name: 'text' })
      await shop().renameCollection('birds', 'animals')
      await sees('birds', null)
      await sees('animals', { _id: 'objectid', name: 'text' })
      await shop().dropCollection('animals')
      await sees('animals', null)
    })

    test('sees a validator and an index', async () => {
      await shop().createCollection('guests')
      const validator = { $jsonSchema: { properties: { age: { bsonType: 'int' } } } }
      await shop().command({ collMod: 'guests', validator })
      await sees('guests', { _id: expect.anything(), age: 'integer' })
      const loads = await countLoads(running(), 'SUCCESS')
      await shop().collection('guests').createIndex({ age: 1 }, { unique: true })
      await eventually(
        () => countLoads(running(), 'SUCCESS'),
        (count) => expect(count).toBeGreaterThan(loads),
      )
    })

    test('answers with a new field of a document at once', async () => {
      await shop().collection('films').insertOne({ title: 'Alien', stars: 5 })
      const { body } = await ask(`${running().url}/films?select=title,stars&order=title&limit=1`)
      expect(body).toEqual([{ title: 'Alien', stars: 5 }])
    })

    test('knows as columns, before long, what documents have gained', async () => {
      await shop().collection('rooms').insertOne({ beds: 2 })
      await sees('rooms', { _id: 'objectid', beds: 'integer' })
      await shop().collection('rooms').insertOne({ beds: 1, guest_id: 7 })
      await sees('rooms', { _id: 'objectid', beds: 'integer', guest_id: 'integer' })
    })

    test('shows its stream in /health', async () => {
      await eventually(
        async () => (await ask(`${running().adminUrl}/health`)).body,
        (body) =>
          expect(body).toMatchObject({
            status: 'ok',
            sources: expect.arrayContaining([
              expect.objectContaining({ name: 'change-stream', state: 'up', cause: null }),
            ]),
          }),
      )
    })
  })

  test('misses nothing of what happens while its database is killed and comes back', async () => {
    const own = await startMongodb(['--sync-on-commit'])
    onTestFinished(() => own.destroy())
    const direct = new MongoClient(own.uri)
    onTestFinished(() => direct.close())
    await direct.db('shop').collection('films').insertOne({ title: 'Brazil' })
    const server = await serve({ args: [uriOf(own, 'shop')], env: withoutPoll })
    await askUntil(200, `${server.adminUrl}/ready`)
    await own.kill()
    await server.line(/Failed listening/)
    await own.start()
    await direct.db('shop').collection('birds').insertOne({ name: 'crow' })
    expect(await askUntil(200, `${server.url}/birds?select=name`)).toMatchObject({
      body: [{ name: 'crow' }],
    })
    await eventually(
      async () => (await ask(`${server.adminUrl}/health`)).body,
      (body) => expect(body).toMatchObject({ status: 'ok' }),
    )
    await direct.db('shop').dropCollection('birds')
    await eventually(
      () => cachedColumns(server, 'birds'),
      (columns) => expect(columns).toBeNull(),
    )
  })

  test('says 503 while there is no database, and serves it once it is there', async () => {
    const port = await freePort()
    const uri = `mongodb://127.0.0.1:${port}/shop?directConnection=true&serverSelectionTimeoutMS=300`
    const server = await serve({ args: [uri] })
    expect((await ask(`${server.url}/films`)).status).toBe(503)
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(503)
    const own = await startMongodb([], port)
    onTestFinished(() => own.destroy())
    const { body } = await askUntil(200, `${server.adminUrl}/health`)
    expect(body).toMatchObject({ database: { reachable: true } })
    await askUntil(404, `${server.url}/films`)
  })

  test('polls where a server stands alone, and says why once', async () => {
    const alone = await startMongodb(['--standalone'])
    onTestFinished(() => alone.destroy())
    const direct = new MongoClient(alone.uri)
    onTestFinished(() => direct.close())
    const server = await serve({ args: [uriOf(alone, 'shop')] })
    await askUntil(200, `${server.adminUrl}/ready`)
    await direct.db('shop').collection('birds').insertOne({ name: 'crow' })
    await eventually(
      () => cachedColumns(server, 'birds'),
      (columns) => expect(columns).not.toBeNull(),
    )
    const told = server.stderr.filter((line) => line.includes('There is no change-stream'))
    expect(told).toEqual([expect.stringContaining('stands alone')])
    const warnings = server.stderr.filter((line) => line.includes('WARNING'))
    expect(warnings).toEqual([expect.stringContaining('has no transactions')])
    const { body } = await ask(`${server.adminUrl}/health`)
    expect(body).toMatchObject({ status: 'ok' })
  })

  describe('whose database fails', () => {
    /** Makes aggregates of the server's requests fail, and nothing else. */
    async function fail(data: object, times: number | 'always' = 'always'): Promise<void> {
      await client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode: times === 'always' ? 'alwaysOn' : { times },
        data: { failCommands: ['aggregate'], ...data },
      })
    }
    async function mend(): Promise<void> {
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' })
    }
    // polled, so that no stream meets the failures
    const running = serveForAll(() => ({
      args: [uriOf(engine, 'shop')],
      env: { DBREST_DB_POOL: '1', DBREST_DB_POOL_AUTOMATIC_RECOVERY: 'true' },
    }))

    test.each([
      [{ errorCode: 50 }, 500, '57014'],
      [{ errorCode: 13 }, 401, '42501'],
      [{ errorCode: 112 }, 500, '40001'],
      [{ errorCode: 292 }, 500, '54000'],
      [{ errorCode: 10107 }, 503, 'PGRST001'],
      [{ closeConnection: true }, 503, 'PGRST001'],
      [{ errorCode: 9999 }, 500, 'XX000'],
    ])('%j is answered with %i %s', async (data, status, code) => {
      await askUntil(200, `${running().url}/films?limit=1`)
      await fail(data)
      onTestFinished(mend)
      const reply = await ask(`${running().url}/films?limit=1`)
      expect(reply).toMatchObject({ status, body: { code } })
    })

    test('once is asked again, and answers', async () => {
      await fail({ closeConnection: true }, 1)
      onTestFinished(mend)
      expect((await ask(`${running().url}/films?limit=1`)).status).toBe(200)
    })

    test('to answer a client that leaves serves the next one', async () => {
      await askUntil(200, `${running().url}/films?limit=1`)
      await fail({ blockConnection: true, blockTimeMS: 30_000 }, 1)
      onTestFinished(mend)
      const leaving = new AbortController()
      const left = ask(`${running().url}/films?limit=1`, { signal: leaving.signal })
      left.catch(() => undefined)
      await eventually(
        async () => (await ask(`${running().adminUrl}/metrics`)).text,
        (text) => expect(text).toMatch(/^pgrst_db_pool_available 0(\.0)?$/m),
      )
      leaving.abort()
      await expect(left).rejects.toThrow()
      // on the only connection that the pool may have
      expect((await ask(`${running().url}/films?limit=1`)).status).toBe(200)
    })

    test('to answer quickly is waited for when the server stops', async () => {
      const server = await serve({ args: [uriOf(engine, 'shop')] })
      await askUntil(200, `${server.adminUrl}/ready`)
      await ask(`${server.url}/films?limit=1`)
      await fail({ blockConnection: true, blockTimeMS: 1000 }, 1)
      onTestFinished(mend)
      const asked = ask(`${server.url}/films?limit=1`)
      await eventually(
        async () => (await ask(`${server.adminUrl}/metrics`)).text,
        (text) => expect(text).toMatch(/^pgrst_db_pool_available 0(\.0)?$/m),
      )
      expect(await server.stop()).toBe(0)
      expect((await asked).status).toBe(200)
    })
  })
})
