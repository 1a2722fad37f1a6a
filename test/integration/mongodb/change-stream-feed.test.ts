/**
 * The feed over a real change stream: what it tells of, that it proves its life, and how it ends.
 */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createChangeStreamFeed } from '../../../src/backends/mongodb/connect/change-stream-feed.ts'
import { createMongodbClient } from '../../../src/backends/mongodb/connect/mongodb-client.ts'
import { readServerFacts } from '../../../src/backends/mongodb/connect/server-facts.ts'
import { type FeedConnection, FeedUnavailable } from '../../../src/cache/schema-feed.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
  testStartedMongodb,
} from '../../support/mongodb.ts'
import { startMongodb } from '../../support/mongodb-engine.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

function openFeed(uri: string, databases: readonly string[], hasExpandedEvents = true) {
  const config = { ...defaultConfig('mongodb'), dbUri: uri, dbSchemas: databases }
  const control = createMongodbClient({
    config,
    purpose: 'control',
    observe: observeTraced,
    onConnected: () => undefined,
  })
  const feed = createChangeStreamFeed({
    control,
    onTold: () => undefined,
    newFields: () => () => undefined,
    serverFacts: async (signal) => ({
      ...(await readServerFacts(control, signal)),
      hasExpandedEvents,
    }),
  })
  let changes = 0
  let heard: () => void = () => undefined
  const connection: FeedConnection = feed.open(feed.channel(config) ?? '', {
    onChange: () => {
      changes += 1
      heard()
    },
    onUnknown: () => undefined,
    onPeer: () => undefined,
    onSeen: () => undefined,
    onLost: (cause) => lost(cause),
  })
  let lost: (cause: string) => void = () => undefined
  const isLost = new Promise<string>((resolve) => {
    lost = resolve
  })
  onTestFinished(async () => {
    connection.close()
    await control.close()
  })
  return {
    connection,
    isLost,
    /** Resolves with the next change that is told of after the action. */
    async hears(action: () => Promise<unknown>) {
      const before = changes
      const told = new Promise<void>((resolve) => {
        heard = () => {
          if (changes > before) resolve()
        }
      })
      await action()
      await told
    },
    changes: () => changes,
  }
}

describeMongodb('the feed of MongoDB', () => {
  let database: MongodbDatabase
  let other: MongodbDatabase
  beforeAll(async () => {
    database = await createMongodbDatabase()
    other = await createMongodbDatabase()
  })
  afterAll(async () => {
    await other.drop()
    await database.drop()
  })
  beforeEach(async () => {
    await database.db.dropCollection('films')
    await database.db.createCollection('films')
  })

  test.each([
    ['a collection that is made', () => database.db.createCollection('new')],
    ['one that its first document makes', () => database.db.collection('first').insertOne({})],
    ['one that is dropped', () => database.db.dropCollection('films')],
    ['one that is renamed', () => database.db.renameCollection('films', `f${Math.random()}`)],
    ['an index', () => database.db.collection('films').createIndex({ title: 1 }, { unique: true })],
    [
      'a validator',
      () =>
        database.db.command({ collMod: 'films', validator: { $jsonSchema: { required: ['a'] } } }),
    ],
    [
      'a view',
      () => database.db.createCollection(`v${Math.random()}`, { viewOn: 'films', pipeline: [] }),
    ],
    ['another database', () => other.db.createCollection(`c${Math.random()}`)],
  ])('tells of %s', async (_, action) => {
    const { connection, hears } = openFeed(database.uri, [database.name, other.name])
    await connection.ready
    await hears(action)
  })

  test('tells nothing of documents that are written', async () => {
    const { connection, changes } = openFeed(database.uri, [database.name])
    await connection.ready
    await database.db.collection('films').insertOne({ brandNew: true })
    await database.db.collection('films').updateOne({}, { $set: { another: 1 } })
    await connection.prove()
    await connection.prove()
    expect(changes()).toBe(0)
  })

  test('goes on after the database was dropped and made again', async () => {
    const { connection, hears } = openFeed(database.uri, [database.name])
    await connection.ready
    await hears(() => database.db.dropDatabase())
    await hears(() => database.db.createCollection('films'))
    await connection.prove()
    await hears(() => database.db.createCollection('after'))
  })

  test('says where it listens, and to what', async () => {
    const { connection } = openFeed(database.uri, [database.name])
    const { address, serverVersion } = await connection.ready
    expect(address).toMatch(/:\d+$/)
    expect(serverVersion).toMatch(/^MongoDB \d/)
  })

  test('is none before MongoDB 6.0', async () => {
    const { connection } = openFeed(database.uri, [database.name], false)
    await expect(connection.ready).rejects.toThrow('from MongoDB 6.0 on')
    await expect(connection.ready).rejects.toBeInstanceOf(FeedUnavailable)
  })

  testStartedMongodb('is lost with its server, and none where a server stands alone', async () => {
    const server = await startMongodb()
    onTestFinished(() => server.destroy())
    const { connection, isLost } = openFeed(server.uri, ['films'])
    await connection.ready
    await server.kill()
    expect(await isLost).not.toBe('')

    const alone = await startMongodb(['--standalone'])
    onTestFinished(() => alone.destroy())
    const { connection: none } = openFeed(alone.uri, ['films'])
    await expect(none.ready).rejects.toBeInstanceOf(FeedUnavailable)
  })
})
