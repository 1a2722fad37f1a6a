/**
 * The sample data of the compose stack, as a server shows it. mongosh waits for each call of the
 * script by itself; here they all run at once.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import type { Db } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

const script = readFileSync(
  join(import.meta.dirname, '..', '..', '..', 'docker', 'mongodb', 'seed.js'),
  'utf8',
)

async function seed(db: Db): Promise<void> {
  const calls: Promise<unknown>[] = []
  const getCollection = (name: string) =>
    new Proxy(db.collection(name), {
      get:
        (collection, method) =>
        (...given: readonly unknown[]) => {
          calls.push(Reflect.apply(Reflect.get(collection, method), collection, given))
        },
    })
  runInNewContext(script, { db: { getCollection } })
  await Promise.all(calls)
}

describeMongodb('the seed of the compose stack', () => {
  let api: MongodbApi
  beforeAll(async () => {
    api = await serveMongodb(({ db }) => seed(db))
  })
  afterAll(() => api.stop())

  const newest = '/films?select=title,year,rating,directors(name)&order=year.desc&limit=1'

  test('gives films with their directors', async () => {
    const { body } = await api.get(newest)
    const directors = { name: 'Denis Villeneuve' }
    expect(body).toEqual([{ title: 'Dune', year: 2021, rating: 8, directors }])
  })

  test('leaves what was changed as it is when it runs again', async () => {
    const { db } = api.database
    await db.collection('films').updateOne({ title: 'Dune' }, { $set: { rating: 9 } })
    await seed(db)
    expect((await api.get(newest)).body).toMatchObject([{ title: 'Dune', rating: 9 }])
    expect(await db.collection('films').countDocuments()).toBe(6)
  })
})
