/**
 * What tests rely on in the MongoDB server of the run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'

describeMongodb('the MongoDB server of the run', () => {
  let database: MongodbDatabase
  beforeAll(async () => {
    database = await createMongodbDatabase()
  })
  afterAll(() => database.drop())

  test('is a replica set, so that it has transactions and change streams', async () => {
    const hello = await database.db.admin().command({ hello: 1 })
    expect(hello['setName']).toEqual(expect.any(String))
    expect(hello['maxWireVersion']).toBeGreaterThanOrEqual(17)
  })

  test('keeps what is written to a database of its own', async () => {
    await database.db.collection('films').insertOne({ title: 'Brazil' })
    expect(await database.db.collection('films').countDocuments()).toBe(1)
  })
})
