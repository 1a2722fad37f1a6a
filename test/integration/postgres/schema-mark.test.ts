/**
 * The schema mark in real databases: what moves it and what does not, and that it is in nobody's
 * way, whatever a migration does and whoever runs it.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ControlQuery } from '../../../src/backends/postgres/connect/control-connection.ts'
import { installMark, removeMark } from '../../../src/backends/postgres/mark/install-mark.ts'
import { markScript } from '../../../src/backends/postgres/mark/mark-script.ts'
import { readMark } from '../../../src/backends/postgres/mark/read-mark.ts'
import { controlOf } from '../../support/control-query.ts'
import { type Cluster, postgresBinaries, startCluster } from '../../support/postgres.ts'
import { startReplica } from '../../support/replica.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'

/** A session of a test's own, closed with the test. */
async function open(uri: string): Promise<pg.Client> {
  const client = new pg.Client(uri)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

function withControl<T>(uri: string, work: (query: ControlQuery) => Promise<T>): Promise<T> {
  const control = controlOf(uri)
  return control.run(work).finally(() => control.close())
}

const install = (uri: string) => withControl(uri, installMark)
const remove = (uri: string) => withControl(uri, removeMark)
const read = (uri: string) => withControl(uri, (query) => readMark(query, false))

async function markOf(uri: string): Promise<string> {
  const reading = await read(uri)
  if (reading.kind !== 'found') throw new Error(JSON.stringify(reading))
  return reading.mark.value
}

const schema = `
  create schema app;
  create table app.films (id int primary key, title text);
  create materialized view app.counted as select count(*) from app.films;
  create role mark_reader nologin;
  create role mark_maker login;
  create schema made authorization mark_maker;`

describe.each(clusterVersions())('the schema mark on PostgreSQL %s', (version) => {
  let cluster: Cluster
  let name: string
  let uri: string

  beforeAll(async () => {
    // of its own: it prepares transactions, makes roles, and is copied
    cluster = await startCluster({ version, settings: ['max_prepared_transactions=5'] })
    name = await cluster.createDatabase()
    uri = cluster.uri(name)
    await cluster.query(schema, name)
    expect(await install(uri)).toMatchObject({ done: true })
  })
  afterAll(() => cluster?.destroy())

  async function movedBy(work: () => Promise<unknown>): Promise<boolean> {
    const before = await markOf(uri)
    await work()
    return (await markOf(uri)) !== before
  }

  // in this order: later statements build on earlier ones
  test.each([
    'alter table app.films add column year int',
    'alter table app.films rename column year to made_in',
    `comment on column app.films.made_in is 'when'`,
    'grant select on app.films to mark_reader',
    'grant select on all tables in schema app to mark_reader',
    'grant usage on schema app to mark_reader',
    'revoke select on app.films from mark_reader',
    'alter default privileges in schema app grant select on tables to mark_reader; create table app.late (id int primary key)',
    'alter table app.films alter column title set not null',
    'alter table app.films alter column title drop not null',
    'drop owned by mark_reader',
    'create view app.titles as select id, title from app.films',
    'create or replace view app.titles as select id, title, made_in from app.films',
    'create function app.twice(n int) returns int language sql as $$ select n * 2 $$',
    `create type app.mood as enum ('sad')`,
    `alter type app.mood add value 'glad'`,
    'create domain app.email as text',
    'create table app.casting (id int primary key, film int)',
    'alter table app.casting add foreign key (film) references app.films (id)',
    'alter table app.casting drop constraint casting_film_fkey',
    'alter table app.casting add foreign key (film) references app.films (id)',
    'alter table app.films drop constraint films_pkey cascade',
    'drop table app.casting',
    'drop view app.titles',
    'drop function app.twice(int)',
    'alter table app.films set schema public',
    'alter table public.films set schema app',
    'select 1 as one into app.made_by_select',
    'create table app.made_by_query as select 1 as one',
    'create extension if not exists plpgsql schema pg_catalog; drop table app.made_by_query',
    'do $$ begin alter table app.films add column in_block int; exception when others then null; end $$',
    'set session_replication_role = replica; alter table app.films drop column in_block',
  ])('moves with %s', async (sql) => {
    expect(await movedBy(() => cluster.query(sql, name))).toBe(true)
  })

  test.each([
    'create index films_title on app.films (title)',
    'create index concurrently films_made on app.films (made_in)',
    'reindex table app.films',
    'drop index app.films_title',
    'drop index concurrently app.films_made',
    'create temporary table passing (id serial primary key, n int unique); alter table passing add column m int; create index on passing (m); drop table passing',
    'create temporary view passing as select 1 as one',
    'begin; create temporary table gone (id int) on commit drop; commit',
    'create temporary table kept as select 1 as one',
    'insert into app.films values (1)',
    'truncate app.films',
    'analyze app.films',
    'cluster app.late using late_pkey',
    'refresh materialized view app.counted',
    'begin; alter table app.films add column never int; rollback',
    'begin; savepoint a; alter table app.films add column never int; rollback to savepoint a; commit',
    'do $$ begin alter table app.films add column never int; raise exception $a$no$a$; exception when others then null; end $$',
  ])('stays with %s', async (sql) => {
    expect(await movedBy(() => cluster.query(sql, name))).toBe(false)
  })

  test('moves when a prepared transaction is committed, which nothing keeps from being prepared', async () => {
    const session = await open(uri)
    await session.query('begin; alter table app.films add column prepared int')
    expect(await movedBy(() => session.query(`prepare transaction 'two'`))).toBe(false)
    expect(await movedBy(() => session.query(`commit prepared 'two'`))).toBe(true)
  })

  test('two migrations do not wait for each other, nor for the mark to be pruned', async () => {
    const [first, second, third] = [await open(uri), await open(uri), await open(uri)]
    for (const session of [first, second, third]) {
      await session.query(`set lock_timeout = '2s'`)
    }
    const before = await markOf(uri)
    await first.query('begin; alter table app.films add column by_first int')
    await second.query('begin; alter table app.late add column by_second int')
    await third.query('select dbrest.prune_marks()')
    expect(await markOf(uri)).toBe(before)
    await second.query('commit')
    const between = await markOf(uri)
    expect(between).not.toBe(before)
    await third.query('select dbrest.prune_marks()')
    expect(await markOf(uri)).toBe(between)
    await first.query('commit')
    const after = await markOf(uri)
    expect([before, between]).not.toContain(after)
    await third.query('select dbrest.prune_marks()')
    expect(await markOf(uri)).toBe(after)
    expect(await cluster.query('select count(*)::int from dbrest.schema_mark', name)).toEqual([
      { count: 1 },
    ])
  })

  test('is pruned by several at once without moving', async () => {
    for (let n = 0; n < 30; n += 1) {
      await cluster.query(`comment on table app.films is '${n}'`, name)
    }
    const before = await markOf(uri)
    const sessions = await Promise.all(Array.from({ length: 6 }, () => open(uri)))
    await Promise.all(sessions.map((session) => session.query('select dbrest.prune_marks()')))
    expect(await markOf(uri)).toBe(before)
  })

  test('a role without any right to it changes the schema, and moves it', async () => {
    await cluster.query('revoke all on schema dbrest from public', name)
    const maker = await open(cluster.uri(name, 'mark_maker'))
    await maker.query('create table made.one (id int)')
    await maker.query(`grant select on made.one to public; drop table made.one`)
    await expect(maker.query('select * from dbrest.schema_mark')).rejects.toThrow(
      /permission denied/,
    )
    expect(await read(cluster.uri(name, 'mark_maker'))).toEqual({
      kind: 'unfit',
      cause: 'its table must not be read (42501)',
    })
    await cluster.query('grant usage on schema dbrest to public', name)
    expect(await movedBy(() => maker.query('create table made.two (id int)'))).toBe(true)
  })

  test('is moved by nobody but its functions', async () => {
    const maker = await open(cluster.uri(name, 'mark_maker'))
    for (const sql of [
      'insert into dbrest.schema_mark (mark) values (1)',
      'delete from dbrest.schema_mark',
      'truncate dbrest.schema_mark',
      'alter event trigger dbrest_ddl disable',
      'drop function dbrest.mark_change() cascade',
    ]) {
      await expect(maker.query(sql)).rejects.toThrow(/permission denied|must be owner/)
    }
  })

  test('runs its own functions, whatever search path and names a session has', async () => {
    const maker = await open(cluster.uri(name, 'mark_maker'))
    await maker.query(`
      create function made.current_setting(text) returns text language plpgsql
        as $$ begin raise exception 'caught'; end $$;
      create function made.hashtextextended(text, bigint) returns bigint language plpgsql
        as $$ begin raise exception 'caught'; end $$;
      create temporary table schema_mark (mark bigint);
      create function made.pg_event_trigger_ddl_commands() returns setof int language plpgsql
        as $$ begin raise exception 'caught'; end $$;
      set search_path = made, pg_temp, pg_catalog;`)
    expect(await movedBy(() => maker.query('create table made.three (id int)'))).toBe(true)
  })

  test('stands in no publication’s way', async () => {
    await cluster.query('create publication everything for all tables', name)
    onTestFinished(async () => {
      await cluster.query('drop publication everything', name)
    })
    expect(await movedBy(() => cluster.query('create table app.published (id int)', name))).toBe(
      true,
    )
    await cluster.query('select dbrest.prune_marks()', name)
  })

  test('survives a dump and its restoration, where it goes on moving', async () => {
    const bin = postgresBinaries(version)
    if (bin === null) throw new Error('the cluster runs, so its binaries are there')
    const dump = join(bin, 'pg_dump')
    let inserts: string
    try {
      inserts = execFileSync(dump, ['--inserts', uri], { env: { LC_ALL: 'C' } }).toString()
    } catch (failure) {
      // the embedded server comes without its clients
      if (failure instanceof Error && /ENOENT/.test(failure.message)) return
      throw failure
    }
    const copy = await cluster.createDatabase()
    // backslashes at the beginning of a line are for psql
    await cluster.query(inserts.replaceAll(/^\\.*$/gm, ''), copy)
    const original = await read(uri)
    const restored = await read(cluster.uri(copy))
    if (original.kind !== 'found' || restored.kind !== 'found') throw new Error('both are there')
    expect(restored.mark.value).toBe(original.mark.value)
    expect(restored.mark.database).not.toBe(original.mark.database)
    await cluster.query('create table app.after_restoration (id int)', copy)
    expect(await markOf(cluster.uri(copy))).not.toBe(original.mark.value)
  })

  test('is read on a replica, to which it comes with the change', async () => {
    const replica = await startReplica(cluster)
    onTestFinished(() => replica.destroy())
    const replicaUri = `postgresql://postgres@127.0.0.1:${replica.port}/${name}`
    await cluster.query('alter table app.films add column copied int', name)
    const moved = await markOf(uri)
    const reader = await open(replicaUri)
    const [{ lsn }] = (await (await open(uri)).query('select pg_current_wal_insert_lsn() as lsn'))
      .rows
    for (;;) {
      const { rows } = await reader.query('select pg_last_wal_replay_lsn() >= $1 as done', [lsn])
      if (rows[0].done === true) break
    }
    expect(await markOf(replicaUri)).toBe(moved)
    expect(await install(replicaUri)).toMatchObject({
      done: false,
      text: expect.stringMatching(/a replica has the mark of its primary/),
    })
  })
})

describe('installing the schema mark', () => {
  let cluster: Cluster
  let name: string
  let uri: string
  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.query('create role plain login')
  })
  afterAll(() => cluster?.destroy())

  async function fresh(): Promise<void> {
    name = await cluster.createDatabase()
    uri = cluster.uri(name)
    await cluster.query(`grant create on database ${name} to plain`, name)
  }

  test('again leaves it as it should be, whatever was missing or switched off', async () => {
    await fresh()
    expect(await read(uri)).toEqual({ kind: 'absent' })
    expect((await install(uri)).text).toMatch(/^The schema mark is installed: /)
    expect(await read(uri)).toMatchObject({ kind: 'found' })
    for (const harm of [
      'alter event trigger dbrest_ddl disable',
      'alter event trigger dbrest_drop enable',
      'drop event trigger dbrest_ddl',
      'drop function dbrest.mark_change() cascade',
      `comment on table dbrest.schema_mark is 'dbrest schema mark, version 0'`,
    ]) {
      await cluster.query(harm, name)
      expect(await read(uri)).toMatchObject({ kind: 'unfit' })
      expect(await install(uri)).toMatchObject({
        done: true,
        text: expect.stringMatching(/installed anew \(before, /),
      })
      expect(await read(uri)).toMatchObject({ kind: 'found' })
    }
  })

  test('anew moves it: what happened while it was disabled was not marked', async () => {
    await fresh()
    await install(uri)
    const before = await markOf(uri)
    await install(uri)
    expect(await markOf(uri)).not.toBe(before)
  })

  test('refused to a plain role says who may, and leaves nothing', async () => {
    await fresh()
    const report = await install(cluster.uri(name, 'plain'))
    expect(report.done).toBe(false)
    expect(report.text).toMatch(
      /^The server refused to create the event trigger dbrest_ddl: permission denied .* \(42501\)\.\n.*superusers alone/,
    )
    expect(report.text).toMatch(/\nNothing was changed\.$/)
    expect(await cluster.query(`select to_regnamespace('dbrest') as there`, name)).toEqual([
      { there: null },
    ])
  })

  test('on a server that runs no event triggers is undone', async () => {
    await fresh()
    await cluster.query(`alter database ${name} set event_triggers = off`)
    const report = await install(uri)
    expect(report).toMatchObject({ done: false })
    expect(report.text).toMatch(/event_triggers = off/)
    expect(await read(uri)).toEqual({ kind: 'absent' })
  })

  describe.each([
    ['install', () => install(uri)],
    ['the script', () => cluster.query(`begin; ${markScript()}; commit`, name)],
  ])('by %s', (_, again) => {
    /** Functions by whether everybody may call them. */
    const ofEverybody = async () => {
      const rows = await cluster.query(
        `select proname::text as name, exists (
            select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0
          ) as is_public
          from pg_proc where pronamespace = 'dbrest'::regnamespace and proname <> 'mark_change'`,
        name,
      )
      return Object.fromEntries(rows.map((row) => [row['name'], row['is_public']]))
    }

    test('anew grants nobody again what was revoked', async () => {
      await fresh()
      await again()
      const all = { move_mark: true, prune_marks: true, read_check: true, tell_check: true }
      expect(await ofEverybody()).toEqual(all)
      await cluster.query(
        `revoke execute on function dbrest.move_mark, dbrest.tell_check from public;
        grant execute on function dbrest.tell_check to plain; drop function dbrest.read_check`,
        name,
      )
      await again()
      expect(await ofEverybody()).toEqual({ ...all, move_mark: false, tell_check: false })
      expect(
        await cluster.query(
          `select has_function_privilege('plain', oid, 'execute') as may from pg_proc where proname = 'tell_check'`,
          name,
        ),
      ).toEqual([{ may: true }])
    })

    test('lets everybody call new functions, whatever default privileges say, which stay', async () => {
      await fresh()
      await cluster.query(`alter default privileges revoke execute on functions from public`, name)
      const defaults = () =>
        cluster.query(`select defaclnamespace::int, defaclacl::text from pg_default_acl`, name)
      const before = await defaults()
      await again()
      expect(Object.values(await ofEverybody())).toEqual([true, true, true, true])
      expect(await defaults()).toEqual(before)
    })
  })

  test('what is printed is what is installed', async () => {
    await fresh()
    await cluster.query(`begin; ${markScript()}; commit`, name)
    expect(await read(uri)).toMatchObject({ kind: 'found' })
    const before = await markOf(uri)
    await cluster.query('create table late (id int)', name)
    expect(await markOf(uri)).not.toBe(before)
  })

  test('tells on its channel, where no transaction can be prepared', async () => {
    await fresh()
    await install(uri)
    const session = await open(uri)
    const heard: string[] = []
    session.on('notification', ({ channel }) => heard.push(channel))
    await session.query('listen dbrest_schema')
    await session.query('create table told (id int)')
    await session.query('create temporary table untold (id int)')
    await session.query('select 1')
    expect(heard).toEqual(['dbrest_schema'])
  })

  test('removing takes all of it away, and says when there is none', async () => {
    await fresh()
    await install(uri)
    expect(await remove(uri)).toEqual({ done: true, text: 'The schema mark is removed.' })
    expect(await cluster.query('select evtname from pg_event_trigger', name)).toEqual([])
    expect(await read(uri)).toEqual({ kind: 'absent' })
    expect(await remove(uri)).toEqual({
      done: true,
      text: 'There is no schema mark in this database.',
    })
    await cluster.query('create table after_removal (id int)', name)
  })

  test('removing stops where the schema holds what is not its own', async () => {
    await fresh()
    await install(uri)
    await cluster.query('create table dbrest.mine (id int)', name)
    const report = await remove(uri)
    expect(report.done).toBe(false)
    expect(report.text).toMatch(/holds objects that are not of the schema mark/)
    expect(await read(uri)).toMatchObject({ kind: 'found' })
  })
})
