/**
 * `--types typescript`: types of a database on stdout and in a file, and a file that follows the
 * database while it changes. The printed types are compiled with a client that uses them.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createApiDatabase } from '../support/api-database.ts'
import { compileClient } from '../support/compile-client.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

/** A client of its `lines`, each of which is to be right. */
function client(lines: readonly string[], schema = 'public'): string {
  return [
    "import { PostgrestClient } from '@supabase/postgrest-js'",
    "import type { CompositeTypes, Database, Enums, Tables } from './database.ts'",
    "import { Constants } from './database.ts'",
    `const api = new PostgrestClient<Database, {}, '${schema}'>('http://localhost')`,
    'function is<T>(value: T): T { return value }',
    ...lines,
    'export {}',
  ].join('\n')
}

describe('on SQLite', () => {
  let films: SqliteFile
  beforeEach(() => {
    films = createFilmsFile()
    onTestFinished(() => films.drop())
  })

  test('prints types that compile, the same as the admin server', async () => {
    const { code, stdout, stderr } = await runCommand(['--types', 'typescript', films.path])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const server = await serve({ args: [films.path] })
    const { text } = await ask(`${server.adminUrl}/types.ts`)
    expect(text).toBe(stdout)
    const program = client([
      "const { data } = await api.from('films').select('title, year, directors(name)').single()",
      'is<string | undefined>(data?.title)',
      "await api.from('directors').insert({ name: 'Agnès Varda' })",
      '// @ts-expect-error',
      "await api.from('films').select('title').eq('yeer', 1)",
      '// @ts-expect-error',
      "await api.from('directors').insert({ name: 7 })",
    ])
    expect(compileClient({ 'database.ts': stdout, 'client.ts': program })).toBe('')
  })

  test('writes a file whole, and says where it cannot', async () => {
    const out = join(films.folder, 'database.ts')
    writeFileSync(out, 'something else')
    const written = await runCommand(['--types', 'typescript', '--out', out, films.path])
    expect(written).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const text = readFileSync(out, 'utf8')
    expect(text).toContain('export type Database = {')
    expect(readdirSync(films.folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
    const nowhere = join(films.folder, 'absent', 'database.ts')
    const refused = await runCommand(['--types', 'typescript', '--out', nowhere, films.path])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toBe(
      `${nowhere} cannot be written: no such file or directory (ENOENT)\n`,
    )
  })

  test('--watch writes the file again after each change, and at no other time', async () => {
    const out = join(films.folder, 'database.ts')
    const server = await serve({
      args: ['--types', 'typescript', '--watch', '--out', out, films.path],
      until: /^.*Types written to /,
    })
    expect(readFileSync(out, 'utf8')).not.toContain('stars')
    films.exec(`alter table films add column stars integer default 5`)
    await eventually(
      () => Promise.resolve(readFileSync(out, 'utf8')),
      (text) => expect(text).toContain('stars?: number | null'),
    )
    films.exec(`insert into directors (name) values ('Ana Lily Amirpour')`)
    films.exec(`create table prizes (id integer primary key)`)
    await eventually(
      () => Promise.resolve(readFileSync(out, 'utf8')),
      (text) => expect(text).toContain('prizes: {'),
    )
    // the file is there a moment before the line that tells of it
    await eventually(
      () => Promise.resolve(server.stderr.filter((line) => line.includes('Types written to'))),
      (told) => expect(told).toHaveLength(3),
    )
    expect(server.stderr.filter((line) => line.includes('listening on'))).toEqual([])
    expect(await server.stop()).toBe(0)
  })

  test('--watch goes on where the file cannot be written', async () => {
    const folder = join(films.folder, 'later')
    const out = join(folder, 'database.ts')
    await serve({
      args: ['--types', 'typescript', '--watch', '--out', out, films.path],
      until: /Types: .*database\.ts cannot be written: no such file or directory/,
    })
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    films.exec(`create table prizes (id integer primary key)`)
    await eventually(
      () => Promise.resolve(existsSync(out)),
      (isThere) => expect(isThere).toBe(true),
    )
  })
})

test('on PostgreSQL types are those of columns, enums, domains, keys, views and functions', async () => {
  const database = await createApiDatabase(`
    create schema api;
    create type api.mood as enum ('calm', 'wild');
    create domain api.email as text check (value like '%@%');
    create type api.place as (street text, number int);
    create domain api.second_home as api.place check ((value).number > 0);
    create domain api.mood_history as api.mood[];
    create table api.owners (
      id int generated always as identity primary key,
      mail api.email not null,
      moods api.mood[] not null default '{}',
      home api.place,
      second api.second_home,
      label text generated always as (id || '!') stored
    );
    comment on table api.owners is 'Who owns; */ not code';
    create table api.pets (
      id int generated by default as identity primary key,
      owner_id int not null references api.owners,
      mood api.mood not null default 'calm',
      facts jsonb,
      seen timestamptz not null default now(),
      moods api.mood_history,
      weight numeric(6, 2)
    );
    create view api.calm_pets as select id, owner_id from api.pets where mood = 'calm';
    create function api.owner_name(api.owners) returns text language sql stable
      as $$ select $1.mail::text $$;
    create function api.pets_of(mail api.email, at_least numeric default 0) returns setof api.pets
      language sql stable as $$ select * from api.pets $$;
    create function api.counts() returns table (mood api.mood, n bigint)
      language sql stable as $$ select mood, count(*) from api.pets group by 1 $$;
    create schema hidden;
    create type hidden.tone as enum ('low', 'high');
    create type api.size as enum ('small', 'large');
    create domain api.sizes as api.size[];
    create type api.leg as (number int, size api.size);
    create type api.body as (legs api.leg[], tone hidden.tone, "in cm" numeric);
    create type api.unused as (a int);
    create function api.grow(body api.body, by api.sizes, tone hidden.tone default 'low')
      returns api.body language sql stable as $$ select body $$;
    create function api.legs(of_pet api.pets) returns setof api.leg
      language sql stable as $$ select 1, 'small'::api.size $$;
    create function api.sized() returns table (size api.size, leg api.leg)
      language sql stable as $$ select 'small'::api.size, null::api.leg $$;
  `)
  onTestFinished(() => database.drop())
  const env = { ...database.env, DBREST_DB_SCHEMAS: 'api' }
  const { code, stdout, stderr } = await runCommand(['--types', 'typescript'], env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const program = client(
    [
      "const owner = await api.from('owners').select('mail, moods, home, owner_name, pets(mood, facts)').single()",
      'is<string | undefined>(owner.data?.mail)',
      "is<('calm' | 'wild')[] | undefined>(owner.data?.moods)",
      'is<string | null | undefined>(owner.data?.owner_name)',
      "is<'calm' | 'wild' | undefined>(owner.data?.pets[0]?.mood)",
      "await api.from('owners').insert({ mail: 'a@b', moods: ['wild'] })",
      "await api.from('pets').insert({ id: 3, owner_id: 1, weight: 2.5, facts: { a: [1, null] } })",
      "const view = await api.from('calm_pets').select('id, owners(mail)')",
      'is<string | undefined>(view.data?.[0]?.owners?.mail)',
      "const pets = await api.rpc('pets_of', { mail: 'a@b' }).select('seen, owners(mail)')",
      'is<string | undefined>(pets.data?.[0]?.owners.mail)',
      "const counts = await api.rpc('counts')",
      "is<'calm' | 'wild' | undefined>(counts.data?.[0]?.mood)",
      'is<number | undefined>(counts.data?.[0]?.n)',
      'is<string | null | undefined>(owner.data?.home?.street)',
      "is<CompositeTypes<'place'> | null>({} as Tables<'owners'>['second'])",
      "is<Enums<'mood'>[] | null>({} as Tables<'pets'>['moods'])",
      "await api.from('owners').insert({ mail: 'a@b', home: { street: 'x', number: null } })",
      "const leg = { number: 1, size: 'small' } as const",
      "const grown = await api.rpc('grow', { body: { legs: [leg], tone: 'low', 'in cm': 2 }, by: ['small'] })",
      "is<'small' | 'large' | null | undefined>(grown.data?.legs?.[0]?.size)",
      "is<'low' | 'high' | null | undefined>(grown.data?.tone)",
      "const sized = await api.rpc('sized')",
      "is<'small' | 'large' | undefined>(sized.data?.[0]?.size)",
      'is<number | null | undefined>(sized.data?.[0]?.leg.number)',
      "is<Enums<'size'>>(Constants.api.Enums.size[1])",
      "is<CompositeTypes<'unused'>>({ a: 1 })",
      "is<CompositeTypes<'leg'>[] | null>((await api.rpc('legs', { of_pet: {} as Tables<'pets'> })).data)",
      '// @ts-expect-error',
      "await api.rpc('grow', { body: { legs: [leg], tone: 'shrill', 'in cm': 2 }, by: ['small'] })",
      '// @ts-expect-error',
      "await api.rpc('grow', { body: { legs: [leg], tone: 'low', 'in cm': 2 }, by: ['medium'] })",
      '// @ts-expect-error',
      "await api.rpc('legs', { of_pet: { id: 1 } })",
      '// @ts-expect-error',
      "await api.from('owners').insert({ mail: 'a@b', home: { street: 7, number: null } })",
      '// @ts-expect-error',
      "await api.from('owners').insert({ mail: 'a@b', second: { street: 7, number: null } })",
      '// @ts-expect-error',
      "await api.from('pets').insert({ owner_id: 1, moods: ['angry'] })",
      '// @ts-expect-error',
      "await api.from('owners').insert({ id: 1, mail: 'a@b' })",
      '// @ts-expect-error',
      "await api.from('owners').insert({ label: 'x', mail: 'a@b' })",
      '// @ts-expect-error',
      "await api.from('owners').insert({ moods: ['calm'] })",
      '// @ts-expect-error',
      "await api.from('pets').insert({ owner_id: 1, mood: 'angry' })",
      '// @ts-expect-error',
      "await api.rpc('pets_of', { male: 'a@b' })",
      '// @ts-expect-error',
      "is<string>((await api.from('pets').select('mud')).data![0]!.mud)",
    ],
    'api',
  )
  expect(compileClient({ 'database.ts': stdout, 'client.ts': program })).toBe('')
})
