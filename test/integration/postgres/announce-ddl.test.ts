/**
 * The event trigger of docker/postgres/init.sql, which the README tells users to copy: it announces
 * what changes a schema, and nothing else.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const initSql = readFileSync(join(root, 'docker', 'postgres', 'init.sql'), 'utf8')

/** The function and its two triggers, without comments. */
function triggerOf(text: string): readonly string[] {
  const lines = text.split('\n')
  const from = lines.findIndex((line) => line.startsWith('create function public.announce_ddl()'))
  const to = lines.findIndex((line) => line.startsWith('create event trigger announce_ddl_drop'))
  return lines.slice(from, to + 1).filter((line) => !line.trim().startsWith('--'))
}

test.each(['tutorial', 'migrations'])('docs/%s.md has the same event trigger', (page) => {
  const shown = triggerOf(readFileSync(join(root, 'docs', `${page}.md`), 'utf8'))
  expect(shown.length).toBeGreaterThan(10)
  expect(shown).toEqual(triggerOf(initSql))
})

describe.each(clusterVersions())('the sample’s event trigger on PostgreSQL %s', (version) => {
  let cluster: Cluster
  let session: pg.Client
  let heard: string[] = []

  beforeAll(async () => {
    // of its own: the script makes roles, which all databases of a cluster share
    cluster = await startCluster({ version })
    const name = await cluster.createDatabase()
    await cluster.query(initSql, name)
    session = new pg.Client(cluster.uri(name))
    await session.connect()
    session.on('notification', ({ payload = '' }) => heard.push(payload))
    await session.query('listen pgrst; listen barrier')
  })
  afterAll(async () => {
    await session.end()
    await cluster.destroy()
  })

  /** What a statement announces: notifications arrive in the order of their commits. */
  async function announced(statement: string): Promise<readonly string[]> {
    heard = []
    await session.query(statement)
    const arrived = new Promise<void>((resolve) => {
      session.on('notification', ({ channel }) => {
        if (channel === 'barrier') resolve()
      })
    })
    await session.query(`notify barrier, 'over'`)
    await arrived
    session.removeAllListeners('notification')
    session.on('notification', ({ payload = '' }) => heard.push(payload))
    return heard.filter((payload) => payload !== 'over')
  }

  // in this order: later statements build on earlier ones
  test.each([
    'create table api.fresh (id serial primary key, note text)',
    'alter table api.fresh add column more int default 1',
    'create index on api.fresh (more)',
    'create view api.seen as select id from api.fresh',
    'create function api.f() returns int language sql as $$select 1$$',
    'create type api.mood as enum ($$sad$$)',
    `alter type api.mood add value 'glad'`,
    'comment on table api.fresh is $$new$$',
    'grant select on api.fresh to web_anon',
    'create schema other',
    'alter table api.fresh drop column more',
    'drop function api.f()',
    'drop view api.seen',
    'drop table api.fresh',
    'drop schema other',
    // both, in one transaction
    'begin; create temporary table t1 (id int); create table api.real (id int); commit',
  ])('announces: %s', async (statement) => {
    expect(await announced(statement)).toEqual(['reload schema'])
  })

  test.each([
    'create temporary table t2 (id serial primary key, note text default $$x$$ unique)',
    'create temporary table t3 as select * from api.films',
    'select * into temporary t4 from api.films',
    'create temporary table t5 (like api.films including all)',
    'alter table t2 add column more int default 2 check (more > 0)',
    'create index on t2 (more)',
    'create temporary view v1 as select id from t2',
    'create temporary sequence s1',
    'comment on table t2 is $$gone soon$$',
    'create function pg_temp.f() returns int language sql as $$select 1$$',
    'alter table t2 drop column more',
    'drop view v1',
    'drop sequence s1',
    'drop table t2, t3',
    'begin; create temporary table t6 (id int) on commit drop; commit',
    'insert into api.directors (name) values ($$Agnès Varda$$)',
    'analyze api.films',
    'begin; create table api.never (id int); rollback',
  ])('stays silent: %s', async (statement) => {
    expect(await announced(statement)).toEqual([])
  })
})
