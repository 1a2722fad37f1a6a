/**
 * Types take no locks in PostgreSQL: one can be dropped while another transaction makes a column or a
 * function of it. What is left has no type; it is no part of the schema, and the rest of it is loaded.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogText } from '../../support/catalog-text.ts'
import { controlOf, followerOn, introspect, type TestControl } from '../../support/control-query.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'

const options = { dbSchemas: ['api'], dbExtraSearchPath: [] }

const schemaSql = `
create schema api;
create type api.mood as enum ('sad', 'ok');
create table api.known (id int);
create function api.shown(known api.known) returns text language sql as 'select null::text';
create domain api.code as text;`

/** Made of the type by one transaction while another has dropped it, and not yet committed. */
const leftovers = [
  'create table api.moods (id int primary key, feeling api.mood, feelings api.mood[], note text)',
  `create function api.rate(feeling api.mood) returns int language sql as 'select 1'`,
  `create function api.felt() returns api.mood language sql as 'select null::api.mood'`,
  `create function api.felt(api.known) returns api.mood language sql as 'select null::api.mood'`,
]

describe.each(clusterVersions())('a type that is dropped meanwhile on PostgreSQL %s', (version) => {
  let db: TestDatabase
  let control: TestControl
  beforeAll(async () => {
    db = await createTestDatabase(schemaSql, version)
    control = controlOf(db.uri())
  })
  afterAll(async () => {
    await control.close()
    await db.drop()
  })

  test('leaves the rest of the schema to be loaded, by what changed and as a whole', async () => {
    const follower = followerOn(control)
    await follower.load({ options })
    const [dropper, maker] = [new pg.Client(db.uri()), new pg.Client(db.uri())]
    await Promise.all([dropper.connect(), maker.connect()])
    try {
      await dropper.query('begin; drop type api.mood cascade')
      for (const sql of leftovers) await maker.query(sql)
      // known with its type, before that is gone
      const before = await follower.load({ options })
      expect(columnsOf(before, 'moods')).toEqual(['id', 'feeling', 'feelings', 'note'])
      expect(before.routines.map(({ name }) => name)).toContain('rate')
      await dropper.query('commit')
    } finally {
      await Promise.all([dropper.end(), maker.end()])
    }
    const found = await follower.load({ options })
    expect(columnsOf(found, 'moods')).toEqual(['id', 'note'])
    expect(found.routines.map(({ name }) => name)).toEqual(['shown'])
    expect(found.computedFields?.map(({ name }) => name)).toEqual(['shown'])
    const whole = await introspect(control, { options })
    expect(catalogText(found, options)).toBe(catalogText(whole, options))
    await db.query('alter table api.moods add column more api.code')
    expect(columnsOf(await follower.load({ options }), 'moods')).toEqual(['id', 'note', 'more'])
  })
})

function columnsOf(
  { relations }: Awaited<ReturnType<typeof introspect>>,
  table: string,
): readonly string[] | undefined {
  return relations.find(({ name }) => name === table)?.columns.map(({ name }) => name)
}
