/** The documents of one read: all of them, and once more where a failure may pass. */
import { type Document, MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createDocumentReader } from '../../../src/backends/mongodb/execute/read-documents.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { Cancellation } from '../../../src/core/cancel-signal.ts'
import {
  createMongodbDatabase,
  describeStartedMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'

const rows = 10_050

describeStartedMongodb('a read of MongoDB', () => {
  let server: MongodbServer
  let database: MongodbDatabase
  let watched: MongoClient
  const commands: string[] = []

  beforeAll(async () => {
    server = await startMongodb()
    // a server that a fault makes unknown is found again by the next sign of its life
    const uri = `${server.uri}&serverMonitoringMode=poll&heartbeatFrequencyMS=500`
    database = await createMongodbDatabase(uri)
    watched = new MongoClient(database.uri, { monitorCommands: true })
    watched.on('commandStarted', ({ commandName }) => commands.push(commandName))
    const numbered = Array.from({ length: rows }, (_, n) => ({ _id: n as never }))
    await database.db.collection('rows').insertMany(numbered)
  })
  afterEach(() => failPoint('off'))
  afterAll(async () => {
    await watched?.close()
    await database?.client.close()
    await server?.destroy()
  })

  const failPoint = (mode: Document | string, data: Document = {}) =>
    database.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode,
      ...(mode === 'off' ? {} : { data: { failCommands: ['aggregate'], ...data } }),
    })
  const source = { collection: 'rows' }
  const config = defaultConfig('mongodb')

  function reading(client: MongoClient = watched) {
    const read = createDocumentReader()
    const signal = new Cancellation()
    const db = client.db(database.name)
    return async (pipeline: readonly Document[]) => {
      commands.splice(0)
      return (await read(db, source, pipeline, {}, { config, signal })).length
    }
  }

  test('has one command where the answer fits into one message', async () => {
    const read = reading()
    expect(await read([{ $match: { _id: 7 } }])).toBe(1)
    expect(await read([{ $match: { _id: -1 } }])).toBe(0)
    expect(commands).toEqual(['aggregate'])
  })

  test('has all documents of an answer that does not, and knows that from then on', async () => {
    const read = reading()
    const all = [{ $match: {} }]
    expect(await read(all)).toBe(rows)
    expect(commands).toEqual(['aggregate', 'killCursors', 'aggregate', 'getMore'])
    expect(await read(all)).toBe(rows)
    expect(commands).toEqual(['aggregate', 'getMore'])
  })

  test.each([
    ['a server that stops', { errorCode: 91 }],
    ['a primary that is lost', { errorCode: 10107 }],
    ['a cut connection', { closeConnection: true }],
  ])('gets over %s once, not twice', async (_, data) => {
    const read = reading()
    const one = [{ $match: { _id: 7 } }]
    await failPoint({ times: 1 }, data)
    expect(await read(one)).toBe(1)
    await failPoint({ times: 2 }, data)
    await expect(read(one)).rejects.toThrow()
    expect(commands).toEqual(['aggregate', 'aggregate'])
  })

  test.each([
    ['a failure that stays', { errorCode: 292 }, ''],
    ['any, where reads are not to be retried', { errorCode: 91 }, '&retryReads=false'],
  ])('does not ask again after %s', async (_, data, option) => {
    const client = new MongoClient(`${database.uri}${option}`)
    try {
      await failPoint({ times: 1 }, data)
      await expect(reading(client)([{ $match: { _id: 7 } }])).rejects.toThrow()
      expect(await reading(client)([{ $match: { _id: 7 } }])).toBe(1)
    } finally {
      await client.close()
    }
  })
})
