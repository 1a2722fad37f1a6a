/**
 * The document of `GET /` is Swagger 2.0, whatever relations, columns and functions are named, and
 * says where the client has found it. A validator of the format is the judge.
 *
 * Rule  PostgREST docs: openapi; OpenAPI 2.0
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validate } from '@readme/openapi-parser'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { exchange } from '../support/raw-http.ts'
import { serveForAll } from '../support/test-server.ts'

const reserved = ['select', 'order', 'limit', 'offset', 'on_conflict', 'columns', 'and', 'or']
const odd = [
  'Order Details',
  'a/b~c',
  '{id}',
  '50%#?',
  'say "so"',
  'a.b->c',
  'Größe',
  '映画',
  '$ref',
]
const names = [...reserved, ...odd]

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const columns = ['id integer primary key', ...names.map((name) => `${quoted(name)} text`)].join()
const tables = names.map((name) => `create table ${quoted(name)} (${columns});`).join('\n')

const recent = { Accept: 'application/openapi+json;version=3.1' }

async function documentOf(url: string, headers = {}) {
  const reply = await ask(`${url}/`, { headers })
  expect(reply.status).toBe(200)
  return JSON.parse(reply.text)
}

/** A rule of OpenAPI 3, which the validator holds Swagger to: tools look for relations' names. */
const ofLaterVersions = /^`\/definitions\/.*` has an invalid name\./

/** What is wrong with it. The validator replaces references in what it is given. */
async function faultsOf(document: object): Promise<readonly string[]> {
  const result = await validate(JSON.parse(JSON.stringify(document)))
  if (result.valid) return []
  const faults = result.errors.map(({ message }) => message)
  return faults.filter((fault) => !ofLaterVersions.test(fault))
}

describe('the validator', () => {
  const path = { get: { responses: { 200: { description: 'OK' } } } }
  const document = { swagger: '2.0', info: { title: 'a', version: '1' }, paths: { '/a': path } }
  const parameter = { in: 'query', name: 'a', type: 'string' }

  test.each([
    ['a document that is none', { paths: { a: path } }, false],
    ['parameters that are there twice', { paths: { '/a': twice() } }, false],
    [
      'a reference to nothing',
      { paths: { '/a': { get: { ...path.get, parameters: [ref()] } } } },
      false,
    ],
    ['a host that is a URI', { host: 'http://a' }, false],
    ['nothing', {}, true],
  ])('finds fault with %s', async (_, part, isValid) => {
    expect((await faultsOf({ ...document, ...part })).length === 0).toBe(isValid)
  })

  function twice() {
    return { get: { ...path.get, parameters: [parameter, parameter] } }
  }
  function ref() {
    return { $ref: '#/parameters/gone' }
  }
})

describe('on PostgreSQL', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    const functions = names.map(
      (name) => `create function ${quoted(name)}(${quoted(name)} text) returns text stable
        language sql as 'select 1::text';`,
    )
    database = await createApiDatabase(`
      ${tables}
      ${functions.join('\n')}
      create domain rating as int;
      create type mood as enum ('good', 'bad');
      create table of_all_types (
        id bigint generated always as identity primary key, a text[] default '{}', b int[][],
        c json, d jsonb default '{"a": 1}', e varchar(5) default 'x', f mood default 'good',
        g timestamptz default now(), h rating default 3, i bytea, j int4range, k numeric(5, 2),
        l boolean not null default true, m xml, n tsvector, o mood[], parent bigint
      );
      alter table of_all_types add foreign key (parent) references of_all_types (id);
      comment on table of_all_types is E'Summary\n\nDetails';
      comment on column of_all_types.a is E'Many\nlines';
      create view shown as select * from of_all_types;
      create materialized view kept as select 1 as one;
      create function whole(json) returns json immutable language sql as 'select $1';
      create function whole_bytes(bytea) returns int immutable language sql as 'select 1';
      create function many(variadic v json[]) returns int immutable language sql as 'select 1';
      create function many_texts(a int default 1, variadic v text[] default '{}') returns int
        immutable language sql as 'select 1';
      create function writes(a mood, b rating, c int[], d of_all_types) returns setof of_all_types
        language sql as 'select * from of_all_types';
      create function nothing() returns void language sql as '';
      comment on function many(json[]) is E'Summary\nDetails';
      create function columned(a int, out b int, out c text) stable language sql
        as $$ select 1, 'c' $$;`)
  })
  afterAll(() => database?.drop())

  const plain = serveForAll(() => ({
    env: { ...database.env, DBREST_DB_CHANNEL_ENABLED: 'false' },
  }))
  const behindProxy = serveForAll(() => ({
    env: {
      ...database.env,
      DBREST_DB_CHANNEL_ENABLED: 'false',
      DBREST_OPENAPI_SERVER_PROXY_URI: 'https://api.example/rest/v1',
      DBREST_OPENAPI_SECURITY_ACTIVE: 'true',
    },
  }))

  test.each([
    ['as it is', plain],
    ['behind a proxy, with tokens', behindProxy],
  ])('the document is valid, %s', async (_, server) => {
    const document = await documentOf(server().url)
    expect(await faultsOf(document)).toEqual([])
    // the schema is in it
    expect(Object.keys(document.definitions)).toEqual(expect.arrayContaining([...names, 'kept']))
    expect(Object.keys(document.paths)).toContain('/rpc/columned')
  })

  test.each([
    ['as it is', plain],
    ['behind a proxy, with tokens', behindProxy],
  ])('so is that of OpenAPI 3.1, %s', async (_, server) => {
    const document = await documentOf(server().url, recent)
    const result = await validate(structuredClone(document))
    expect(result.valid ? [] : result.errors).toEqual([])
    expect(document.openapi).toBe('3.1.0')
    const older = await documentOf(server().url)
    expect(Object.keys(document.paths)).toEqual(Object.keys(older.paths))
  })

  test('a parameter filters by the column that it is of', async () => {
    const { url } = plain()
    const { parameters } = await documentOf(url)
    for (const name of names) {
      const filter = encodeURIComponent(parameters[`rowFilter.select.${name}`].name)
      const reply = await ask(`${url}/select?${filter}=eq.there`)
      expect(reply).toMatchObject({ status: 200, body: [] })
    }
  })
})

describe('on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-openapi-'))
  const file = join(folder, 'names of things.db')
  beforeAll(() => {
    const database = new Database(file)
    database.exec(tables)
    database.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const server = serveForAll(() => ({
    args: [file],
    env: { DBREST_SERVER_HOST: '0.0.0.0', DBREST_ETAG_ENABLED: 'true' },
  }))

  test('the document is valid, and titled by the database', async () => {
    const document = await documentOf(server().url)
    expect(await faultsOf(document)).toEqual([])
    expect(document.info.title).toBe('names of things API')
    const result = await validate(await documentOf(server().url, recent))
    expect(result.valid ? [] : result.errors).toEqual([])
  })

  test('clients of both versions are each given theirs, also at once, and by no tag', async () => {
    const kinds = [
      ['application/openapi+json', { swagger: '2.0' }],
      ['application/openapi+json;version=3.1', { openapi: '3.1.0' }],
    ] as const
    const asked = Array.from({ length: 12 }, (_, at) => kinds[at % 2] ?? kinds[0])
    const askFor = ([accept]: (typeof kinds)[number]) =>
      ask(`${server().url}/`, { headers: { accept, 'if-none-match': '*', 'if-match': '"a"' } })
    const replies = [...(await Promise.all(asked.map(askFor)))]
    for (const kind of asked) replies.push(await askFor(kind))
    for (const [at, { status, headers, body, text }] of replies.entries()) {
      const [type, version] = kinds[at % 2] ?? kinds[0]
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 200,
        type: `${type}; charset=utf-8`,
      })
      expect(body).toMatchObject(version)
      expect(text).toBe(replies[at % 2]?.text)
      expect(headers['content-length']).toBe(String(Buffer.byteLength(text)))
      // a cache keeps them apart
      expect(headers['vary']).toContain('Accept')
      expect(headers).not.toHaveProperty('etag')
    }
  })

  const request = (...lines: readonly string[]) =>
    [...lines, 'Connection: close', '', ''].join('\r\n')

  test.each([
    [
      'that the client has asked',
      request('GET / HTTP/1.1', 'Host: db.example:8080'),
      'db.example:8080',
    ],
    ['without a port', request('GET / HTTP/1.1', 'Host: db.example'), 'db.example'],
    [
      'of an absolute target',
      request('GET http://a.example/ HTTP/1.1', 'Host: a.example'),
      'a.example',
    ],
    ['left out without one', request('GET / HTTP/1.0'), undefined],
    ['left out where it is every host', request('GET / HTTP/1.1', 'Host: 0.0.0.0:80'), undefined],
    [
      'left out where Swagger cannot write it',
      request('GET / HTTP/1.1', 'Host: [::1]:80'),
      undefined,
    ],
  ])('the host is the one %s', async (_, bytes, host) => {
    const { status, body } = await exchange(server().port, bytes)
    expect(status).toBe(200)
    expect(body).toHaveProperty('swagger', '2.0')
    expect(body).toEqual(
      host === undefined
        ? expect.not.objectContaining({ host: expect.anything() })
        : expect.objectContaining({ host }),
    )
    expect(await faultsOf(Object(body))).toEqual([])
  })
})
