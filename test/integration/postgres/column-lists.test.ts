/**
 * Large answers, whose rows come by columns from their second request on: byte for byte what the
 * first one had, whatever the types, and right when the schema is another than the one in hand.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { type BackendApi, openApi } from '../../support/in-process-api.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'

const rows = 700

const schemaSql = `
create schema api;
create type api.mood as enum ('so "so"', 'fine');
create type api.pair as (a int, b text);
create domain api.amount as numeric(10, 3) check (value > -1);
create table api.owners (id int primary key, name text, tags text[]);
insert into api.owners select i, 'owner ' || i, array['a', i::text] from generate_series(1, 7) i;
create table api.things (
  id int primary key,
  owner_id int references api.owners,
  flag bool, small smallint, big bigint, exact numeric, amount api.amount, near float8, nearer real,
  text text, "say ""hi"", you" varchar(20), bytes bytea, uuid uuid, day date, moment timestamptz,
  local timestamp, "time" time, span interval, json json, jsonb jsonb, mood api.mood, pair api.pair,
  texts text[], deep int[][], pairs api.pair[], jsons json[], span_range int4range, net inet,
  place point, xml xml, "2" int, "ключ" text);
insert into api.things select
  i, i % 7 + 1, case i % 3 when 0 then true when 1 then false end, i, i::bigint * 9007199254740993,
  case i % 5 when 0 then 'NaN' else 1e2 * i end, i, case i % 4 when 0 then 'Infinity' else i / 7.0 end,
  i / 3.0, repeat(E'\\\\ " \\n \\t ] , } [ { é \\u2028 ', i % 4), 'v', '\\x00ff', md5(i::text)::uuid,
  date '2020-01-01' + i, timestamptz '2020-01-01 12:00:00.5+00' + i * interval '1 day',
  timestamp '2020-01-01', '10:00', i * interval '1 hour',
  (array['  {"a" : [1, 2, "]\\""] }  ', '[]', 'null', E' {\\n"b":{}\\n}', '1e2'])[i % 5 + 1]::json,
  '{"b": [{"c": null}], "a": "x,y"}', (array['so "so"', 'fine'])[i % 2 + 1]::api.mood,
  row(i, 'b,"')::api.pair, array['x', null, '", ]'], array[[1, 2], [3, 4]],
  array[row(1, '}')::api.pair], array['{"a": "]"}'::json, null], int4range(i, i + 2), '10.0.0.1',
  point(i, 0.5), '<a b="c">d</a>', i, 'ü'
from generate_series(1, ${rows}) i;
insert into api.things (id) select ${rows} + i from generate_series(1, 5) i;
create view api.seen as select id, text, json from api.things;
create table api.changing (id int primary key, a text, b int);
insert into api.changing select i, 'a' || i, i from generate_series(1, ${rows}) i;
create function api.double(api.things) returns int language sql stable as 'select $1.id * 2';
create table api.stored (id int, json json, text text, "array" json[]);
insert into api.stored select i, E'\\n {"a": 1}', E'\\n [1]', array[E'\\n {}'::json]
from generate_series(1, ${rows}) i;
alter table api.owners add made json default E'\\n {"by": "me"}';
create view api.prepared as
  select statement, generic_plans + custom_plans as uses from pg_prepared_statements;
`

describe.each(clusterVersions())('on PostgreSQL %s', (version) => {
  let db: TestDatabase
  let api: BackendApi

  beforeAll(async () => {
    db = await createTestDatabase(schemaSql, version)
    const config = {
      ...defaultConfig('postgres'),
      dbUri: db.uri(),
      dbSchemas: ['api'],
      dbAnonRole: 'postgres',
      dbAggregatesEnabled: true,
      dbPool: 1,
    }
    api = openApi(config, openPostgres)
    await api.load()
  })

  afterAll(async () => {
    await api.close()
    await db.drop()
  })

  /** Statements that ask for rows by columns, among those that the one connection has prepared. */
  async function statementsByColumns(): Promise<number> {
    const { body } = await api.get(
      '/prepared?statement=like.*json_agg(_postgrest_t.*&select=count()',
    )
    const [first]: readonly { readonly count: number }[] = Array.isArray(body) ? body : []
    return first?.count ?? 0
  }

  /** How often those have been run. */
  async function executionsByColumns(): Promise<number> {
    const { body } = await api.get(
      '/prepared?statement=like.*json_agg(_postgrest_t.*&select=uses.sum()',
    )
    const [first]: readonly { readonly sum: number }[] = Array.isArray(body) ? body : []
    return first?.sum ?? 0
  }

  test.each([
    '/stored?order=id',
    '/stored?select=id,json,a:json::json,b:text::json,array&order=id',
    '/things?select=id,...owners(made)&order=id',
    '/things?order=id',
    '/things?select=*&order=id.desc&limit=600&offset=3',
    '/things?select=*,double,owners(*)&order=id',
    '/things?select=n:id,texts,deep,pairs,pair->b,x:jsonb->b->0,id::text&order=id',
    '/things?select=id,owner:owners(name,tags),...owners(name)&order=id',
    '/things?select=owner:owners(id,name)&order=id&id=gt.10',
    '/owners?select=id,things(json,text)&limit=7',
    '/things?select=mood,id.sum(),flag&id=lt.690&order=mood',
    '/seen?json->>a=is.null',
    '/things?select=id,text&limit=520&order=text,id',
  ])('the same bytes: %s', async (target) => {
    const before = await statementsByColumns()
    const first = await api.get(target)
    const second = await api.get(target)
    const third = await api.get(target, { Prefer: 'count=exact' })
    expect(first.status).toBe(200)
    expect(second).toEqual(first)
    expect(third.text).toBe(first.text)
    const isLarge = Array.isArray(first.body) && first.body.length >= 500
    expect((await statementsByColumns()) > before).toBe(isLarge)
  })

  describe('a schema that has changed unnoticed', () => {
    const changes = [
      [
        'a column more',
        'alter table api.changing add c int default 7',
        { id: 1, a: 'a1', b: 1, c: 7 },
      ],
      ['a column less', 'alter table api.changing drop b', { id: 1, a: 'a1', c: 7 }],
      ['another name', 'alter table api.changing rename a to z', { id: 1, z: 'a1', c: 7 }],
      ['another type', 'alter table api.changing alter c type text', { id: 1, z: 'a1', c: '7' }],
      [
        'another order',
        'alter table api.changing drop c, add y text default 2, add c text default 3',
        { id: 1, z: 'a1', y: '2', c: '3' },
      ],
      [
        'another table',
        'alter table api.changing rename to old; create table api.changing as select id, 1 as one from api.old',
        { id: 1, one: 1 },
      ],
    ] as const

    test.each(changes)('%s: the star shows what there is', async (_, sql, expected) => {
      const { snapshotVersion } = await api.load()
      const target = '/changing?order=id'
      for (let times = 0; times < 3; times += 1) await api.get(target)
      const before = await statementsByColumns()
      expect(before).toBeGreaterThan(0)
      await db.query(sql)
      for (let times = 0; times < 3; times += 1) {
        const { status, body } = await api.get(target)
        expect(status).toBe(200)
        expect(body).toHaveLength(rows)
        expect(body).toEqual(expect.arrayContaining([expected]))
      }
      // without a look at the schema
      expect(api.snapshot()).toMatchObject({ snapshotVersion })
    })
  })

  test('what a request gets wrong is told as ever', async () => {
    await api.load()
    const target = '/things?select=id,text&text=neq.x&limit=600'
    for (let times = 0; times < 2; times += 1) await api.get(target)
    await api.get(`${target}&id=gt.0`)
    await api.get(`${target}&id=gt.0`)
    const { status, body } = await api.get(`${target}&id=gt.x`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: '22P02' })
    // and changes nothing for others
    const before = await executionsByColumns()
    await api.get(`${target}&id=gt.1`)
    expect(await executionsByColumns()).toBe(before + 1)
  })
})
