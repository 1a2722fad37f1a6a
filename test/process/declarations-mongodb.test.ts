/**
 * What is declared of MongoDB collections, in the built server: served from the start, read again when
 * the file changes and on SIGUSR2, and refused with its place where it is wrong. Open collections
 * answer for fields that nobody has declared or seen.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { createMongodbDatabase, describeMongodb, type MongodbDatabase } from '../support/mongodb.ts'
import { serve } from '../support/test-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'dbrest-declared-'))
const path = join(folder, 'schema.json')

function write(text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const idAs = (name: string, closed = false) =>
  JSON.stringify([
    {
      name: 'films',
      closed,
      columns: [{ name, field: '_id', type: 'integer' }, { name: 'title' }],
    },
  ])

describeMongodb('what is declared of collections', () => {
  let database: MongodbDatabase

  async function serveDeclared() {
    write(idAs('id'))
    const server = await serve({
      env: {
        DBREST_DB_URI: database.uri,
        DBREST_DECLARED_SCHEMA: `@${path}`,
        DBREST_DECLARED_RELATIONSHIPS: JSON.stringify([
          { name: 'maker', from: 'films', to: 'people', columns: { made_by: '_id' } },
        ]),
      },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    return { server, get: (target: string) => ask(`${server.url}${target}`) }
  }

  beforeAll(async () => {
    database = await createMongodbDatabase()
    const films = database.db.collection<{ _id: number; title: string; made_by?: number }>('films')
    await films.insertMany([
      { _id: 1, title: 'A', made_by: 7 },
      { _id: 2, title: 'B' },
    ])
    const people = database.db.collection<{ _id: number; name: string }>('people')
    await people.insertOne({ _id: 7, name: 'Ava' })
  })
  afterAll(async () => {
    await database.drop()
    rmSync(folder, { recursive: true })
  })

  test('columns have the names that were given, and keys lead where they were said to', async () => {
    const { get } = await serveDeclared()
    expect((await get('/films?id=eq.1')).body).toEqual([{ id: 1, title: 'A', made_by: 7 }])
    expect((await get('/films?select=id,people(name)&order=id')).body).toEqual([
      { id: 1, people: { name: 'Ava' } },
      { id: 2, people: null },
    ])
  })

  test('a field that nobody has seen is null, and can be asked for', async () => {
    const { get } = await serveDeclared()
    expect((await get('/films?select=id,nobody&nobody=is.null&order=nobody,id')).body).toEqual([
      { id: 1, nobody: null },
      { id: 2, nobody: null },
    ])
    expect((await get('/films?nobody=eq.1')).body).toEqual([])
  })

  test('a changed file acts by itself, and a closed relation has its columns alone', async () => {
    const { get } = await serveDeclared()
    write(idAs('number', true))
    // until then it is a field that no document has
    await eventually(
      () => get('/films?number=eq.1'),
      (reply) => expect(reply.body).toEqual([{ number: 1, title: 'A' }]),
    )
    expect(await get('/films?nobody=eq.1')).toMatchObject({ status: 400, body: { code: '42703' } })
  })

  test('SIGUSR2 reads it again', async () => {
    const { get, server } = await serveDeclared()
    write(idAs('key'))
    const from = server.stderr.length
    server.signal('SIGUSR2')
    await server.line(/Config reloaded$/, { from })
    await eventually(
      () => get('/films?key=eq.1&select=key'),
      (reply) => expect(reply.body).toEqual([{ key: 1 }]),
    )
  })

  test('a file that is wrong changes nothing, and is told of with its place', async () => {
    const { get, server } = await serveDeclared()
    write('[{"name":"films","columns":[{"name":"key","type":"flaot"}]}]')
    await server.line(
      /declared-schema \(.*\): \$\[0\]\.columns\[0\]\.type is flaot, which is no type/,
    )
    expect((await get('/films?id=eq.1&select=id')).body).toEqual([{ id: 1 }])
  })
})
