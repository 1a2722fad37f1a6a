/**
 * `db-tables` and `db-exclude-tables` on each engine: what is left out is as unknown as what is in
 * another schema, wherever the server speaks of its schema; and another choice acts with a reload of the
 * configuration alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createApiDatabase } from '../support/api-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { createMongodbDatabase, isMongodbHere } from '../support/mongodb.ts'
import type { RunningServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

type Env = Readonly<Record<string, string>>

/** Films and actors with a junction between them, a view over the films, and what nobody is to see. */
const engines: Readonly<Record<string, () => Promise<Env>>> = {
  async postgres() {
    const database = await createApiDatabase(`
      create table films (id int primary key, title text);
      create table actors (id int primary key, name text);
      create table roles (
        film_id int references films, actor_id int references actors,
        primary key (film_id, actor_id));
      create table films_audit (id int primary key, film_id int references films);
      create view newest as select id, title from films;
      insert into films values (1, 'A'); insert into actors values (7, 'Ava');
      insert into roles values (1, 7)`)
    onTestFinished(() => database.drop())
    return database.env
  },
  async sqlite() {
    const file = createSqliteFile(`
      create table films (id integer primary key, title text);
      create table actors (id integer primary key, name text);
      create table roles (
        film_id integer references films, actor_id integer references actors,
        primary key (film_id, actor_id));
      create table films_audit (id integer primary key, film_id integer references films);
      create view newest as select id, title from films;
      insert into films values (1, 'A'); insert into actors values (7, 'Ava');
      insert into roles values (1, 7)`)
    onTestFinished(() => file.drop())
    return { DBREST_DB_URI: file.path }
  },
  async mongodb() {
    const database = await createMongodbDatabase()
    onTestFinished(() => database.drop())
    const insert = (name: string, document: Readonly<Record<string, unknown>>) =>
      database.db.collection<{ _id: number }>(name).insertOne({ _id: 1, ...document })
    await insert('films', { title: 'A' })
    await insert('actors', { _id: 7, name: 'Ava' })
    await insert('roles', { film_id: 1, actor_id: 7 })
    await insert('films_audit', { film_id: 1 })
    const pair = { film_id: 1, actor_id: 1 } as const
    await database.db.collection('roles').createIndex(pair, { unique: true })
    return { DBREST_DB_URI: database.uri }
  },
}

async function serveFrom(env: Env, text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-served-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'dbrest.conf')
  writeFileSync(path, text)
  const server = await serve({ args: [path], env })
  return { server, write: (next: string) => writeFileSync(path, next) }
}

async function answer(server: RunningServer, target: string): Promise<string> {
  const { status, text } = await ask(`${server.url}${target}`)
  return status < 300 ? String(status) : `${status} ${/"code":"(\w+)"/.exec(text)?.[1]}`
}

/** All that the server says of its schema by itself. */
async function saidOf(server: RunningServer): Promise<string> {
  const texts = [
    ask(`${server.url}/`),
    ask(`${server.url}/`, { headers: { accept: 'application/openapi+json;version=3.1' } }),
    ask(`${server.adminUrl}/types.ts`),
    ask(`${server.adminUrl}/schema`),
    ask(`${server.url}/film_audit`),
    ask(`${server.url}/films_audits`),
    ask(`${server.url}/films?select=films_audit(*)`),
    ask(`${server.url}/films?select=film_audit(*)`),
  ].map(async (reply) => (await reply).text)
  return (await Promise.all(texts)).join('\n')
}

/** The names that a request itself has are not said by the server. */
const asked = /'films' and 'films?_audits?'|'public\.films?_audits?'|'main\.films?_audits?'/g

for (const [engine, prepare] of Object.entries(engines)) {
  test.skipIf(engine === 'mongodb' && !isMongodbHere)(
    `on ${engine} what is excluded is not there, and is there again after a reload of the configuration`,
    async () => {
      const { server, write } = await serveFrom(
        await prepare(),
        'db-exclude-tables = "*_audit, roles"\nopenapi-mode = "follow-privileges"\n',
      )
      expect(await answer(server, '/films')).toBe('200')
      expect(await answer(server, '/films_audit')).toBe('404 PGRST205')
      expect(await answer(server, '/roles')).toBe('404 PGRST205')
      // neither led to, nor through
      expect(await answer(server, '/films?select=id,roles(*)')).toBe('400 PGRST200')
      expect(await answer(server, '/films?select=id,actors(*)')).toBe('400 PGRST200')
      const said = (await saidOf(server)).replaceAll(asked, '')
      const place = said.search(/films_audit(?!s)|\broles\b/)
      expect(place === -1 ? '' : said.slice(Math.max(0, place - 200), place + 60)).toBe('')

      write('db-exclude-tables = "*_audit"\n')
      server.signal('SIGUSR2')
      await eventually(
        () => answer(server, '/roles'),
        (status) => expect(status).toBe('200'),
      )
      expect(await answer(server, '/films?select=id,actors(*)')).toBe('200')
      expect(await answer(server, '/films_audit')).toBe('404 PGRST205')

      write('db-tables = "actors"\n')
      server.signal('SIGUSR2')
      await eventually(
        () => answer(server, '/films'),
        (status) => expect(status).toBe('404 PGRST205'),
      )
      expect(await answer(server, '/actors')).toBe('200')
    },
  )
}

test('a view over what is excluded is served, with its relationships', async () => {
  const { postgres } = engines
  if (postgres === undefined) throw new Error('no such engine')
  const { server } = await serveFrom(await postgres(), 'db-tables = "newest, roles"\n')
  expect((await ask(`${server.url}/newest?select=id,roles(actor_id)`)).body).toEqual([
    { id: 1, roles: [{ actor_id: 7 }] },
  ])
  expect(await answer(server, '/films')).toBe('404 PGRST205')
})

test('a name that nothing has is told of, at the start and when it comes', async () => {
  const { sqlite } = engines
  if (sqlite === undefined) throw new Error('no such engine')
  const { server, write } = await serveFrom(await sqlite(), 'db-exclude-tables = "Roles"\n')
  await server.line(/No relation has the name "Roles" of db-exclude-tables/)
  write('db-exclude-tables = "roles"\ndb-tables = "film, *"\n')
  server.signal('SIGUSR2')
  await server.line(/No relation has the name "film" of db-tables/)
  expect(await answer(server, '/roles')).toBe('404 PGRST205')
})

test('the database may say it, and NOTIFY has it read', async () => {
  const database = await createApiDatabase(`
    create table films (id int primary key);
    create table roles (id int primary key);
    create schema settings;
    create table settings.exclude (name text);
    create function settings.pre_config() returns void language sql as
      $$ select set_config('pgrst.db_exclude_tables', (select max(name) from settings.exclude), true) $$;
    grant usage on schema settings to public;
    grant select on settings.exclude to public`)
  onTestFinished(() => database.drop())
  const server = await serve({
    env: { ...database.env, DBREST_DB_PRE_CONFIG: 'settings.pre_config' },
  })
  expect(await answer(server, '/roles')).toBe('200')
  await database.query(`insert into settings.exclude values ('roles')`)
  await database.query(`notify pgrst, 'reload config'`)
  await eventually(
    () => answer(server, '/roles'),
    (status) => expect(status).toBe('404 PGRST205'),
  )
})
