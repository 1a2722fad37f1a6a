import { describe, expect, test } from 'vitest'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { printDatabase } from '../../../src/typescript/print-database.ts'
import { compileClient } from '../../support/compile-client.ts'
import { describeSnapshot, representation } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  schemas: ['api', 'other'],
  relations: {
    directors: 'id:integer!, name:text!',
    films:
      'id:bigint!^, title:text!, year:integer, mood:api.mood{calm|"wild"}!=calm, tags:text[], info:jsonb, moods:api.mood[], color:api.color/integer, director_id:integer!, made:timestamp with time zone!=now(), shape:public.geometry',
    'odd name': '0th:integer, a-b:text!, __proto__:text',
    good_films: { columns: 'id:bigint, title:text', kind: 'view' },
    totals: {
      columns: 'n:bigint',
      kind: 'view',
      canInsert: false,
      canUpdate: false,
      canDelete: false,
    },
    notes: { columns: 'id:text!, body:any', isClosed: false },
    passports: 'director_id:integer!',
    'other.things': 'id:integer!, mood:api.mood{calm|"wild"}, hidden:secret.state{on|off}',
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'passports(director_id) -> directors(id) unique',
  ],
  routines: [
    { name: 'add', parameters: 'a:integer, b:integer?', returns: 'int4' },
    { name: 'add', parameters: 'a:text', returns: 'text' },
    { name: 'titles', returns: 'setof text' },
    { name: 'search', parameters: 'q:text, mood:api.mood?', returns: 'setof table films' },
    { name: 'forget', returns: 'void' },
    { name: 'raw', parameters: ':json', returns: 'json' },
  ],
  computed: [{ routine: 'rivals', origin: 'films', target: 'directors' }],
  representations: [representation('api.color', 'json', 'api.color_json')],
})

const imports = `
import { PostgrestClient } from '@supabase/postgrest-js'
import type { Database, Tables, TablesInsert, TablesUpdate, Enums } from './database.ts'
import { Constants } from './database.ts'
const api = new PostgrestClient<Database, {}, 'api'>('http://localhost')
function is<T>(value: T): T { return value }
`

/** `wrong` expects one error of each line of it, which the compiler tells of where there is none. */
function expectCompiled(database: string, right: string, wrong: readonly string[] = []): void {
  const lines = wrong.map((line) => `// @ts-expect-error\n${line}`)
  const program = [imports, 'export async function run() {', right, ...lines, '}'].join('\n')
  expect(compileClient({ 'database.ts': database, 'client.ts': program })).toBe('')
}

describe('the type Database', () => {
  const text = printDatabase(snapshot)

  test('compiles clients that use it rightly, and refuses each wrong name and type', () => {
    expectCompiled(
      text,
      `
  const films = await api.from('films').select('id, title, mood, tags, directors(name)').eq('year', 2000)
  for (const film of films.data ?? []) {
    is<number>(film.id); is<string>(film.title); is<'calm' | '"wild"'>(film.mood)
    is<string[] | null>(film.tags); is<string>(film.directors.name)
  }
  const directors = await api.from('directors').select('name, films(title), passports(director_id)')
  is<{ title: string }[] | undefined>(directors.data?.[0]?.films)
  is<{ director_id: number } | null | undefined>(directors.data?.[0]?.passports)
  const rivals = await api.from('films').select('rivals(name)')
  is<{ name: string }[] | undefined>(rivals.data?.[0]?.rivals)
  await api.from('films').insert({ title: 'Dune', director_id: 1, moods: ['calm'] })
  await api.from('films').update({ year: null }).eq('id', 1)
  await api.from('odd name').insert({ 'a-b': 'x', '0th': 1 })
  await api.from('good_films').update({ title: 'x' }).eq('id', 1)
  await api.from('notes').insert({ id: 'a', whatever: [1] })
  is<number | null>((await api.rpc('add', { a: 1 })).data)
  is<string | null>((await api.rpc('add', { a: 'x' })).data)
  is<string[] | null>((await api.rpc('titles')).data)
  const found = await api.rpc('search', { q: 'x', mood: 'calm' }).select('title, directors(name)')
  is<string | undefined>(found.data?.[0]?.directors.name)
  is<undefined | null>((await api.rpc('forget')).data)
  await api.schema('other').from('things').select('mood, hidden')
  is<'on' | 'off' | null>(({} as Tables<{ schema: 'other' }, 'things'>).hidden)
  is<Tables<'films'>>({} as Database['api']['Tables']['films']['Row'])
  is<Tables<'totals'>>({ n: 1 })
  is<TablesInsert<'directors'>>({ id: 1, name: 'Agnès' })
  is<TablesUpdate<'films'>>({ mood: 'calm' })
  is<Enums<'mood'>>(Constants.api.Enums.mood[1])
`,
      [
        "await api.from('film')",
        "is<string>((await api.from('films').select('titel')).data?.[0]?.titel)",
        "await api.from('films').select('title').eq('yeer', 1)",
        "await api.from('films').insert({ title: 'Dune' })",
        "await api.from('films').insert({ title: 'Dune', director_id: 1, id: 7 })",
        "await api.from('films').insert({ title: 'Dune', director_id: 1, mood: 'loud' })",
        "await api.from('films').insert({ title: 'Dune', director_id: '1' })",
        "await api.from('films').update({ titel: 'x' })",
        "await api.from('films').update({ id: 2 })",
        "await api.from('totals').insert({ n: 1 })",
        "await api.from('things')",
        "await api.rpc('subtract', { a: 1 })",
        "is<string>((await api.from('films').select('year')).data![0]!.year)",
        "is<Tables<'nothing'>>({})",
        "is<Tables<{ schema: 'other' }, 'films'>>({} as Tables<'films'>)",
        "is<Enums<'mood'>>('loud')",
      ],
    )
  })

  test('has types of values: arrays, JSON, domains, what domains show as, what is not known', () => {
    const row = text.slice(
      text.indexOf('films: {\n'),
      text.indexOf('Insert: {', text.indexOf('films: {\n')),
    )
    const types = Object.fromEntries(
      [...row.matchAll(/^ {10}(\w+): (.*)$/gm)].map(([, name, type]) => [name, type]),
    )
    expect(types).toEqual({
      id: 'number',
      title: 'string',
      year: 'number | null',
      mood: 'Database["api"]["Enums"]["mood"]',
      tags: 'string[] | null',
      info: 'Json | null',
      moods: 'Database["api"]["Enums"]["mood"][] | null',
      color: 'Json | null',
      director_id: 'number',
      made: 'string',
      shape: 'Json | null',
    })
  })

  test('is the same text for the same schema, whatever the order in which it was read', () => {
    const { catalog } = snapshot.sources
    const turned = {
      ...catalog,
      relations: catalog.relations.toReversed(),
      foreignKeys: catalog.foreignKeys.toReversed(),
      routines: catalog.routines.toReversed(),
    }
    const again = buildSnapshot(turned, { ...snapshot.options }, 9, new Date())
    expect(printDatabase(again)).toBe(text)
  })

  test('keeps comments inside comments and names inside quotes, whatever they hold', () => {
    const { catalog } = snapshot.sources
    const [films] = catalog.relations.filter(({ name }) => name === 'films')
    if (films === undefined) throw new Error('no films')
    const nasty = '"] = 1 } /* \\ ` \u2028 \u2029 */'
    const columns = films.columns.map((column, at) => ({
      ...column,
      ...(at === 0 ? { name: nasty, description: 'ends */ here\r\n*/export const x = 1' } : {}),
    }))
    const relation = { ...films, name: nasty, description: '*/ evil() /*', columns }
    const built = buildSnapshot(
      { ...catalog, relations: [relation], routines: [], computedRelationships: [] },
      { ...snapshot.options },
      1,
      new Date(),
    )
    const printed = printDatabase(built)
    expect(printed).not.toMatch(/[\u2028\u2029]/)
    const name = JSON.stringify(nasty)
    expectCompiled(
      printed,
      `await api.from(${name}).select('title'); is<number>(({} as Tables<${name}>)[${name}])`,
    )
  })

  test('shows the schema of an engine without schemas as public, which clients ask for', () => {
    const only = describeSnapshot({
      schemas: ['main'],
      relations: { films: 'id:integer!' },
      unsupported: ['schemas', 'functions', 'insert', 'update'],
    })
    const printed = printDatabase(only)
    expect(printed).toContain('type FirstSchema = "public"')
    const program = [
      "import { PostgrestClient } from '@supabase/postgrest-js'",
      "import type { Database } from './database.ts'",
      "const client = new PostgrestClient<Database>('http://localhost')",
      "client.from('films').select('id')",
      '// @ts-expect-error',
      "client.from('films').insert({ id: 1 })",
    ]
    expect(compileClient({ 'database.ts': printed, 'client.ts': program.join('\n') })).toBe('')
  })
})
