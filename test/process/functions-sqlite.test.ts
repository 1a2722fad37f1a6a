/**
 * `function-registry` on a SQLite file, in the built server: what refuses the start, what follows
 * the file when it changes, what is told of functions that do not fit, and what a client of
 * supabase-js calls.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PostgrestClient } from '@supabase/postgrest-js'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import type { FunctionSource } from '../support/function-source.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

let films: SqliteFile
let registry: string
beforeEach(() => {
  films = createFilmsFile()
  registry = join(films.folder, 'functions.json')
  onTestFinished(() => films.drop())
})

const env = () => ({ DBREST_FUNCTION_REGISTRY: `@${registry}` })
const write = (...functions: readonly FunctionSource[]) => {
  writeFileSync(registry, JSON.stringify(functions))
}
const answering = (value: number): FunctionSource => ({ name: 'answer', sql: `select ${value}` })

describe('the start is refused', () => {
  test('with what is wrong in the registry, and where', async () => {
    writeFileSync(registry, '[{"name": "f", "sql": "select 1", "params": [{"nam": "a"}]}]')
    expect(await runCommand([films.path], env())).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        'function-registry (DBREST_FUNCTION_REGISTRY): $[0].params[0].nam is not known: known are name, type, optional, default, variadic, rawBody',
        'function-registry (DBREST_FUNCTION_REGISTRY): $[0].params[0] has no name',
        '',
      ].join('\n'),
    })
  })

  test('on PostgreSQL, which has functions of its own', async () => {
    write(answering(1))
    const { code, stderr } = await runCommand([], {
      ...env(),
      DBREST_DB_URI: 'postgresql://nowhere.invalid/x',
    })
    expect(code).toBe(1)
    expect(stderr).toContain(
      'function-registry is set, but PostgreSQL has functions of its own: unset it',
    )
  })
})

describe('a registry that changes', () => {
  test('is followed by the functions, and one that cannot be read by nothing', async () => {
    write(answering(1))
    const server = await serve({ args: [films.path], env: env() })
    const url = `${server.url}/rpc/answer`
    expect((await ask(url)).body).toBe(1)

    write({ ...answering(2), name: 'other' })
    await askUntil(404, url)
    expect((await ask(`${server.url}/rpc/other`)).body).toBe(2)

    const from = server.stderr.length
    writeFileSync(registry, '[{"name": "other"')
    await server.line(/function-registry .*it is not valid JSON/, { from })
    expect((await ask(`${server.url}/rpc/other`)).body).toBe(2)
  })

  test('is read again on SIGUSR2 where it stands in the configuration itself', async () => {
    const file = join(films.folder, 'dbrest.conf')
    const configure = (name: string) => {
      const text = JSON.stringify(JSON.stringify([{ ...answering(1), name }]))
      writeFileSync(file, `db-uri = "${films.path}"\nfunction-registry = ${text}\n`)
    }
    configure('answer')
    const server = await serve({ args: [file] })
    expect((await ask(`${server.url}/rpc/answer`)).body).toBe(1)
    configure('renamed')
    server.signal('SIGUSR2')
    await askUntil(200, `${server.url}/rpc/renamed`)
  })
})

test('what does not fit the file is told in the log and in /health, and nothing else suffers', async () => {
  write({ name: 'broken', sql: 'select * from gone' }, answering(1))
  const server = await serve({ args: [films.path], env: env() })
  const cause = 'relation "gone" does not exist'
  const told = `Not callable, function of function-registry: main.broken: ${cause}`
  await server.line(new RegExp(told.replaceAll('"', '.')))
  const health = await ask(`${server.adminUrl}/health`)
  expect(health.body).toMatchObject({
    status: 'ok',
    schemaCache: { unusable: [{ function: 'main.broken', cause }] },
  })
  expect((await ask(`${server.url}/rpc/answer`)).body).toBe(1)
})

test('is called by supabase-js', async () => {
  write(
    {
      name: 'add_them',
      volatility: 'immutable',
      params: [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'int', default: 10 },
      ],
      returns: { type: 'int' },
      sql: 'select :a + :b',
    },
    {
      name: 'films_since',
      volatility: 'stable',
      params: [{ name: 'since', type: 'int' }],
      returns: { kind: 'setof', type: 'films' },
      sql: 'select * from films where year >= :since',
    },
    { name: 'fail', sql: `select raise_error('P0001', 'no', 'because', 'try')` },
  )
  const server = await serve({ args: [films.path], env: env() })
  const client = new PostgrestClient(server.url)

  expect(await client.rpc('add_them', { a: 1, b: 2 })).toMatchObject({ data: 3, error: null })
  expect(await client.rpc('add_them', { a: 1 }, { get: true })).toMatchObject({ data: 11 })
  const rows = await client
    .rpc('films_since', { since: 2021 }, { count: 'exact' })
    .select('title, directors(name)')
    .order('title')
    .limit(2)
  expect(rows).toMatchObject({
    count: 5,
    data: [
      { title: 'Barbie', directors: { name: 'Greta Gerwig' } },
      { title: 'Dune', directors: { name: 'Denis Villeneuve' } },
    ],
  })
  const single = await client.rpc('films_since', { since: 2021 }).eq('title', 'Dune').single()
  expect(single).toMatchObject({ data: { title: 'Dune', year: 2021 } })
  expect((await client.rpc('fail')).error).toMatchObject({
    code: 'P0001',
    message: 'no',
    details: 'because',
    hint: 'try',
  })
  expect((await client.rpc('add_tem', { a: 1 })).error).toMatchObject({ code: 'PGRST202' })
})
