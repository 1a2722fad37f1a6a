/**
 * Clients of the driver over a real server: what becomes of the options, of failures, and of a stop.
 */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  controlFailure,
  mapDriverError,
} from '../../../src/backends/mongodb/connect/map-mongodb-error.ts'
import { createMongodbClient } from '../../../src/backends/mongodb/connect/mongodb-client.ts'
import { readServerFacts } from '../../../src/backends/mongodb/connect/server-facts.ts'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { freePort } from '../../support/postgres.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

const never = new AbortController().signal

function clientOf(uri: string, options: Partial<Config> = {}, purpose = 'requests' as const) {
  const client = createMongodbClient({
    config: { ...defaultConfig('mongodb'), dbUri: uri, ...options },
    purpose,
    observe: observeTraced,
    onConnected: () => undefined,
  })
  onTestFinished(() => client.close())
  return client
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing failed')
}

describe('what the configuration makes of a client', () => {
  test('is its pool, its limits and its name', () => {
    const { client } = clientOf('mongodb://localhost/films', {
      dbPool: 7,
      dbPoolAcquisitionTimeout: 3,
      dbPoolMaxIdletime: 20,
    })
    expect(client.options).toMatchObject({
      maxPoolSize: 7,
      waitQueueTimeoutMS: 3000,
      maxIdleTimeMS: 20_000,
      serverSelectionTimeoutMS: 5000,
      appName: 'dbrest',
      retryReads: true,
      retryWrites: true,
    })
  })

  test('gives way to what the connection string says, however it is spelt', () => {
    const uri = 'mongodb://localhost/films?MAXPOOLSIZE=3&appname=mine&retryReads=false'
    const { client } = clientOf(uri, { dbPool: 7 })
    expect(client.options).toMatchObject({ maxPoolSize: 3, appName: 'mine', retryReads: false })
  })

  test.each([
    ['mongodb://user:geheim@rest@localhost/films', 'special characters of a password'],
    ['mongodb://user:geheim/films@localhost', 'Password contains unescaped characters'],
    ['mongodb://localhost/films?geheim=1', 'an option or its value is not known'],
    ['mongodb://localhost/films?readPreference=geheim', 'an option or its value is not known'],
    ['mongodb://', 'Protocol and host list are required'],
  ])('is refused for %s without a word of it', (uri, words) => {
    const make = () => clientOf(uri)
    expect(make).toThrow(words)
    expect(make).not.toThrow('geheim')
  })
})

describeMongodb('a client of a server that is there', () => {
  let database: MongodbDatabase
  beforeAll(async () => {
    database = await createMongodbDatabase()
  })
  afterAll(() => database.drop())

  test('tells what the server is', async () => {
    const facts = await readServerFacts(clientOf(database.uri), never)
    expect(facts).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      topology: 'replica-set',
      hasExpandedEvents: true,
    })
  })

  test('counts connections that are free, and requests that wait', async () => {
    const { client, db, stats } = clientOf(database.uri, { dbPool: 1 })
    expect(stats()).toEqual({ max: 1, available: 0, used: 0, waiting: 0 })
    await db(database.name).command({ ping: 1 })
    expect(stats()).toEqual({ max: 1, available: 1, used: 0, waiting: 0 })
    const session = client.startSession()
    const waits = new Promise((resolve) => client.on('connectionCheckOutStarted', resolve))
    const asked = [db('a').command({ ping: 1 }), db('a').command({ ping: 1 })]
    await waits
    expect(stats().waiting).toBeGreaterThan(0)
    await Promise.all(asked)
    await session.endSession()
    expect(stats()).toEqual({ max: 1, available: 1, used: 0, waiting: 0 })
  })

  test('counts no request any more whose client left while it waited', async () => {
    const { client, db, stats } = clientOf(database.uri, { dbPool: 1 })
    await db(database.name).command({ ping: 1 })
    const running = db('a').command({ ping: 1 })
    await new Promise((resolve) => client.once('connectionCheckedOut', resolve))
    const leaving = new AbortController()
    client.once('connectionCheckOutStarted', () => queueMicrotask(() => leaving.abort()))
    const { signal } = leaving
    const left = failureOf(db('a').collection('b').find({}, { signal }).toArray())
    expect(await left).toBeInstanceOf(Error)
    expect(stats().waiting).toBe(1)
    await running
    await new Promise((resolve) => setImmediate(resolve))
    expect(stats()).toEqual({ max: 1, available: 1, used: 0, waiting: 0 })
  })

  test('ends what runs when it is closed', async () => {
    const { db, close } = clientOf(database.uri)
    const films = db(database.name).collection('films')
    await films.insertOne({})
    const stream = db(database.name).watch([], { maxAwaitTimeMS: 60_000 })
    const next = failureOf(stream.next())
    await new Promise((resolve) => stream.once('resumeTokenChanged', resolve))
    await close()
    expect(await next).toBeInstanceOf(Error)
  })

  test('waits no longer for a connection than its limit', async () => {
    const { client, db } = clientOf(database.uri, { dbPool: 1, dbPoolAcquisitionTimeout: 1 })
    const stream = db(database.name).watch([], { maxAwaitTimeMS: 60_000 })
    let uses = 0
    const waitsForEvents = new Promise<void>((resolve) => {
      client.on('connectionCheckedOut', () => {
        uses += 1
        if (uses === 2) resolve()
      })
    })
    stream
      .stream()
      .on('error', () => undefined)
      .on('data', () => undefined)
    await waitsForEvents
    const thrown = await failureOf(db(database.name).command({ ping: 1 }))
    expect(mapDriverError(thrown, { isAuthenticated: true }).error).toEqual({
      kind: 'acquisition-timeout',
    })
  })

  test('that no second try mends ends the start: a part of the driver is not installed', async () => {
    const separator = database.uri.includes('?') ? '&' : '?'
    const uri = `${database.uri}${separator}compressors=snappy`
    expect(await failureOf(readServerFacts(clientOf(uri), never))).toMatchObject({
      isFatal: true,
      message: expect.stringContaining('Optional module `snappy` not found'),
    })
  })

  test('is told of commands without what they hold', async () => {
    const { db } = clientOf(database.uri)
    const films = db(database.name).collection('films')
    const pipeline = [{ $match: { title: { $nonsense: 'geheim' } } }]
    const thrown = await failureOf(films.aggregate(pipeline).toArray())
    const { error } = mapDriverError(thrown, { isAuthenticated: true })
    expect(error.kind).toBe('database')
    expect(JSON.stringify(error)).not.toContain('geheim')
  })
})

describe('a client of a server that is not there', () => {
  test('says so, in the time that the connection string gives', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/films?serverSelectionTimeoutMS=200`
    const thrown = await failureOf(readServerFacts(clientOf(uri), never))
    expect(thrown).toBeInstanceOf(BackendFailure)
    expect(thrown).toMatchObject({
      isFatal: false,
      error: { kind: 'connection', details: expect.stringContaining('ECONNREFUSED') },
    })
  })

  test('gives up at once what nobody waits for', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/films?serverSelectionTimeoutMS=600000`
    const signal = AbortSignal.timeout(50)
    const thrown = await failureOf(readServerFacts(clientOf(uri), signal))
    expect(thrown).toMatchObject({ error: { kind: 'database', failure: { sqlState: '57014' } } })
    await expect(clientOf(uri).ready(AbortSignal.abort())).rejects.toThrow('cancelled')
  })

  test('closes although the server says nothing', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        if (address !== null && typeof address === 'object') resolve(address.port)
      })
    })
    onTestFinished(() => {
      server.close()
    })
    const { db, close } = clientOf(`mongodb://127.0.0.1:${port}/films`)
    const asked = failureOf(db('films').command({ ping: 1 }))
    await new Promise((resolve) => server.once('connection', resolve))
    await close()
    expect(controlFailure(await asked)).toBeInstanceOf(BackendFailure)
  })
})
