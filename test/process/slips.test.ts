/**
 * The commonest slips are answered with a hint that says how to mend them. Code and message are
 * PostgREST's, and so is the hint where PostgREST gives one; it gives none to these.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { type AskOptions, ask } from '../support/http-client.ts'
import { exchange } from '../support/raw-http.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve, serveForAll } from '../support/test-server.ts'

function hintOf(code: string, hint: string | null) {
  return { body: { code, hint } }
}

describe('on PostgreSQL', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase(`
      create table trees (id int primary key, name text);
      create function upper_name(trees) returns text stable language sql as 'select upper($1.name)';
      create function plant(name text) returns text language sql as 'select name';
      create schema nothing`)
  })
  afterAll(() => database?.drop())
  const env = () => ({ ...database.env, DBREST_DB_CHANNEL_ENABLED: 'false' })
  const server = serveForAll(() => ({ env: { ...env(), DBREST_DB_SCHEMAS: 'public,nothing' } }))
  const to = (target: string, options?: AskOptions) => ask(`${server().url}${target}`, options)

  test.each([
    ['/trees?name=Banyan', 'A filter has an operator before the value: name=eq.Banyan'],
    ['/trees?id=1', 'A filter has an operator before the value: id=eq.1'],
    ['/trees?name=not.Banyan', 'A filter has an operator before the value: name=not.eq.Banyan'],
    ['/trees?upper_name=X', 'A filter has an operator before the value: upper_name=eq.X'],
    [
      '/trees?or=(id.eq.1,name.Banyan)',
      'A filter has an operator before the value: name.eq.Banyan',
    ],
    // what is no column may be anything
    ['/trees?or=(id.eq.1,nick.Banyan)', null],
    ['/trees?limits=1', null],
    ['/gone?name=Banyan', null],
    // the operator is there
    ['/trees?id=in.1', null],
  ])('%s', async (target, hint) => {
    expect(await to(target)).toMatchObject({ status: 400, ...hintOf('PGRST100', hint) })
  })

  const jsonAsForm =
    'The body was read as a form. If it is JSON, send the header Content-Type: application/json'

  test.each([
    ['POST', '/trees', '{"name":"Banyan"}', 'PGRST204', jsonAsForm],
    ['PATCH', '/trees?id=eq.1', ' {"name":"a&b=c;d"}', 'PGRST204', jsonAsForm],
    ['PUT', '/trees?id=eq.1', '[{"id":1}]', 'PGRST204', jsonAsForm],
    ['POST', '/rpc/plant', '{"name":"Banyan"}', 'PGRST202', jsonAsForm],
    ['POST', '/trees', 'nam=Banyan', 'PGRST204', null],
  ])('%s %s with the form %s', async (method, target, body, code, hint) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(await to(target, { method, headers, body })).toMatchObject(hintOf(code, hint))
  })

  test('aggregates that nobody has switched off', async () => {
    const target = '/trees?select=id.count()'
    const hint = 'Aggregate functions are switched on by db-aggregates-enabled'
    expect(await to(target)).toMatchObject({ status: 400, ...hintOf('PGRST123', hint) })
    const decided = await serve({ env: { ...env(), DBREST_DB_AGGREGATES_ENABLED: 'false' } })
    expect(await ask(`${decided.url}${target}`)).toMatchObject(hintOf('PGRST123', null))
  })

  test('a schema with nothing in it', async () => {
    const hint =
      "The schema 'nothing' has no tables or views. db-schemas names the schemas that are exposed"
    const headers = { 'Accept-Profile': 'nothing' }
    expect(await to('/trees', { headers })).toMatchObject({
      status: 404,
      ...hintOf('PGRST205', hint),
    })
    expect(await to('/shrubs')).toMatchObject(hintOf('PGRST205', null))
    expect(await to('/tree')).toMatchObject(
      hintOf('PGRST205', "Perhaps you meant the table 'public.trees'"),
    )
  })

  test('neither an anonymous role nor a secret', async () => {
    const hint =
      'Nobody can be served so far: set db-anon-role for requests without a token, or jwt-secret so that tokens are accepted'
    const without = { ...env(), DBREST_DB_ANON_ROLE: undefined }
    const closed = await serve({ env: without })
    expect(await ask(`${closed.url}/trees`)).toMatchObject({
      status: 401,
      ...hintOf('PGRST302', hint),
    })
    const secured = await serve({ env: { ...without, DBREST_JWT_SECRET: testSecret } })
    expect(await ask(`${secured.url}/trees`)).toMatchObject(hintOf('PGRST302', null))
    const minimal = await serve({ env: { ...without, DBREST_CLIENT_ERROR_VERBOSITY: 'minimal' } })
    expect((await ask(`${minimal.url}/trees`)).body).toEqual({
      code: 'PGRST302',
      message: 'Anonymous access is disabled',
    })
  })
})

describe('on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-slips-'))
  const file = (name: string, sql: string) => {
    const path = join(folder, name)
    const database = new Database(path)
    database.exec(sql)
    database.close()
    return path
  }
  afterAll(() => rmSync(folder, { recursive: true }))
  const trees = file('trees.db', "create table trees (name text); insert into trees values ('Oak')")

  test('a database with nothing in it', async () => {
    const { url } = await serve({ args: [file('empty.db', 'pragma user_version = 1')] })
    const hint = 'The database has no tables or views'
    expect(await ask(`${url}/trees`)).toMatchObject({ status: 404, ...hintOf('PGRST205', hint) })
  })

  test('a token, where no secret says that tokens are wanted', async () => {
    const { url } = await serve({ args: [trees] })
    const headers = { Authorization: `Bearer ${await signJwt({ role: 'somebody' })}` }
    for (const target of ['/trees', '/', '/gone']) {
      const [withToken, without] = await Promise.all([
        ask(`${url}${target}`, { headers }),
        ask(`${url}${target}`),
      ])
      expect(withToken).toMatchObject({ status: without.status, text: without.text })
    }
    const secured = await serve({ args: [trees], env: { DBREST_JWT_SECRET: testSecret } })
    expect(await ask(`${secured.url}/trees`)).toMatchObject({ status: 401 })
    expect(
      await ask(`${secured.url}/trees`, { headers: { Authorization: 'Bearer x' } }),
    ).toMatchObject({
      status: 401,
    })
  })

  test('bytes in a query that have to be encoded', async () => {
    const { port } = await serve({ args: [trees] })
    const line = Buffer.from('GET /trees?name=eq.Zürich HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await exchange(port, line)).toMatchObject({
      status: 400,
      ...hintOf(
        'PGRSTX00',
        'In a URL, blanks and characters beyond ASCII have to be percent-encoded: %20 for a blank, %C3%BC for ü',
      ),
    })
  })
})
