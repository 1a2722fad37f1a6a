/**
 * The client that supabase-js speaks through, unchanged from the npm registry, against the built
 * server: what its users write and call, and the errors they get.
 *
 * Rule  PostgREST docs: ecosystem (Client-Side Libraries); the client's own reference
 */
import { describe, expect, inject, test } from 'vitest'
import { serveFilmArchive, serveFilmFile } from '../support/film-archive.ts'
import { serveFilmCollections } from '../support/film-collections.ts'

/** With a pattern of the schema's name: on MongoDB it is that of the database. */
const engines = [
  ['PostgreSQL', 'public', serveFilmArchive],
  ['SQLite', 'main', serveFilmFile],
  // the run says so where there is no server
  ...(inject('mongodb') === null
    ? []
    : [['MongoDB', '\\w+', () => serveFilmCollections('written')] as const]),
] as const

type ErrorCase = readonly [
  name: string,
  query: () => PromiseLike<{ status: number; error: object | null; data: unknown }>,
  expected: object,
]

describe.each(engines)('%s:', (engine, schema, serve) => {
  const { client, films: stored } = serve()
  const isPostgres = engine === 'PostgreSQL'
  const isMongodb = engine === 'MongoDB'

  async function filmIds(): Promise<readonly unknown[]> {
    return (await stored()).map(({ id }) => id)
  }

  /** A new film: MongoDB numbers nothing by itself. */
  function newFilm(id: number, film: object): object {
    return isMongodb ? { id, ...film } : film
  }

  const ofSchema = (text: string) =>
    expect.stringMatching(new RegExp(`^${text.replace('SCHEMA', schema)}$`))

  describe('a write', () => {
    test('inserts one row, and says no more than that', async () => {
      const film = newFilm(100, { title: 'Sicario', year: 2015 })
      const inserted = await client().from('films').insert(film)
      expect(inserted).toMatchObject({ status: 201, data: null, count: null, error: null })
      const [{ genres } = { genres: null }] = (await stored()).filter(({ year }) => year === 2015)
      expect(genres).toEqual(['drama'])
    })

    test('inserts many rows, whose missing values are null or the defaults', async () => {
      const rows = [newFilm(100, { title: 'a' }), newFilm(101, { title: 'b', genres: ['x'] })]
      expect(await client().from('films').insert(rows)).toMatchObject({
        status: 400,
        error: { code: '23502' },
      })
      expect(await filmIds()).toHaveLength(5)
      const inserted = await client()
        .from('films')
        .insert(rows, { defaultToNull: false, count: 'exact' })
        .select('title, genres')
      expect(inserted).toMatchObject({
        status: 201,
        count: 2,
        data: [
          { title: 'a', genres: ['drama'] },
          { title: 'b', genres: ['x'] },
        ],
      })
    })

    test('represents what it inserted, with embeds and as a single row', async () => {
      const { data } = await client()
        .from('films')
        .insert(newFilm(100, { title: 'Enemy', director_id: 1 }))
        .select('title, directors(name)')
        .single()
      expect(data).toEqual({ title: 'Enemy', directors: { name: 'Denis Villeneuve' } })
    })

    test('upserts by the primary key, and by the columns that onConflict names', async () => {
      const films = client().from('films')
      const byKey = await films
        .upsert([
          { id: 1, title: 'Arrival!' },
          { id: 50, title: 'New' },
        ])
        .select('id,title')
      expect(byKey).toMatchObject({
        status: 201,
        data: [
          { id: 1, title: 'Arrival!' },
          { id: 50, title: 'New' },
        ],
      })
      const byTitle = await films
        .upsert({ title: 'Dune', year: 2021, rating: 9 }, { onConflict: 'title,year' })
        .select('id,rating')
      expect(byTitle).toMatchObject({ status: 200, data: [{ id: 2, rating: 9 }] })
      expect(await filmIds()).toEqual([1, 2, 3, 4, 5, 50])
    })

    test('ignores duplicates where told to', async () => {
      const upserted = await client()
        .from('films')
        .upsert(
          [
            { id: 1, title: 'Other' },
            { id: 51, title: 'New' },
          ],
          { ignoreDuplicates: true },
        )
        .select('id,title')
      expect(upserted).toMatchObject({ status: 201, data: [{ id: 51, title: 'New' }] })
      expect((await stored())[0]).toMatchObject({ id: 1, title: 'Arrival' })
    })

    test('updates and deletes what the filters match', async () => {
      const films = client().from('films')
      const updated = await films.update({ rating: 1 }, { count: 'exact' }).eq('director_id', 1)
      expect(updated).toMatchObject({ status: 204, data: null, count: 2 })
      const patched = await films.update({ rating: 2 }).eq('id', 3).select('id,rating')
      expect(patched).toMatchObject({ status: 200, data: [{ id: 3, rating: 2 }] })
      expect(await films.update({ rating: 2 }).eq('id', 404).select()).toMatchObject({
        status: 200,
        data: [],
      })
      const deleted = await films
        .delete({ count: 'exact' })
        .in('id', [4, 5])
        .select('id')
        .order('id')
      expect(deleted).toMatchObject({ status: 200, count: 2, data: [{ id: 4 }, { id: 5 }] })
      expect(await films.delete().eq('id', 1)).toMatchObject({ status: 204, data: null })
      expect(await filmIds()).toEqual([2, 3])
    })

    test('of more rows than maxAffected, or a single row, is undone', async () => {
      const deletion = client().from('films').delete().gt('id', 0)
      expect(await deletion.maxAffected(2)).toMatchObject({
        status: 400,
        error: { code: 'PGRST124', details: 'The query affects 5 rows' },
      })
      expect(
        await client().from('films').update({ rating: 0 }).gt('id', 0).select().single(),
      ).toMatchObject({ error: { code: 'PGRST116' } })
      expect((await stored()).filter(({ rating }) => rating === 0)).toEqual([])
      expect(await filmIds()).toHaveLength(5)
    })

    test('is represented and undone with rollback()', async () => {
      const gone = await client().from('films').delete().eq('id', 1).select('id').rollback()
      expect(gone).toMatchObject({ status: 200, data: [{ id: 1 }] })
      expect(await filmIds()).toHaveLength(5)
    })
  })

  describe('a function', () => {
    test('takes arguments by POST and by GET', async () => {
      expect((await client().rpc('add', { a: 1, b: 2 })).data).toBe(3)
      expect((await client().rpc('add', { a: 1, b: -2 }, { get: true })).data).toBe(-1)
      const words = ['a', 'three', 'bb']
      expect((await client().rpc('longest', { words })).data).toBe('three')
      expect((await client().rpc('longest', { words }, { get: true })).data).toBe('three')
      const film = { title: 'Dune', year: 2021 }
      expect((await client().rpc('describe', { film })).data).toBe('Dune of 2021')
    })

    test('answers to HEAD with a count', async () => {
      const counted = await client().rpc(
        'films_since',
        { first: 1990 },
        { head: true, count: 'exact' },
      )
      expect(counted).toMatchObject({ status: 200, data: null, count: 3, error: null })
    })

    test('that returns rows is filtered, ordered, embedded and paged', async () => {
      for (const get of [true, false]) {
        const { data, count, status } = await client()
          .rpc('films_since', { first: 1980 }, { get, count: 'exact' })
          .select('title, directors(name)')
          .not('director_id', 'is', null)
          .order('year', { ascending: false })
          .range(1, 1)
        expect({ data, count, status }).toEqual({
          data: [{ title: 'Arrival', directors: { name: 'Denis Villeneuve' } }],
          count: 3,
          status: 206,
        })
      }
    })

    test.runIf(isMongodb)('writes by $merge, and returns nothing', async () => {
      const args = { film: 1, new_title: 'Premier contact' }
      expect(await client().rpc('rename_film', args)).toMatchObject({ status: 204, error: null })
      expect((await stored())[0]).toMatchObject({ id: 1, title: 'Premier contact', year: 2016 })
    })

    test.skipIf(isMongodb)('writes, and returns a row or nothing', async () => {
      const renamed = await client().rpc('rename_film', { film: 1, new_title: 'Premier contact' })
      expect(renamed.data).toMatchObject({ id: 1, title: 'Premier contact' })
      expect(await client().rpc('forget_all')).toMatchObject({
        status: 204,
        data: null,
        error: null,
      })
      expect(await filmIds()).toEqual([])
    })

    test('that writes is no function to GET', async () => {
      const before = await stored()
      const args = { film: 1, new_title: 'x' }
      expect(await client().rpc('rename_film', args, { get: true })).toMatchObject({
        status: 405,
        error: { code: '25006' },
      })
      expect(await stored()).toEqual(before)
    })
  })

  describe('an error', () => {
    const db = () => client()

    const raised: ErrorCase = [
      'that a function raised',
      () => db().rpc('refuse'),
      {
        status: 402,
        error: {
          code: 'PT402',
          message: 'Payment required',
          details: 'Quota exceeded',
          hint: 'Upgrade your plan',
        },
      },
    ]

    test.each<ErrorCase>([
      [
        'of the database',
        () =>
          db()
            .from('films')
            .insert(newFilm(100, { title: 'x', year: 1066 })),
        {
          status: 400,
          error: {
            code: '23514',
            message: 'new row for relation "films" violates check constraint "films_year_check"',
            // MongoDB tells the rule, not the row
            details: expect.stringMatching(
              isMongodb ? /^year: minimum / : /^Failing row contains \(/,
            ),
            hint: null,
          },
        },
      ],
      [
        'of a taken key',
        () =>
          db()
            .from('films')
            .insert(newFilm(100, { title: 'Dune', year: 2021 })),
        {
          status: 409,
          error: {
            code: '23505',
            message: 'duplicate key value violates unique constraint "films_title_year_key"',
            details: 'Key (title, year)=(Dune, 2021) already exists.',
            hint: null,
          },
        },
      ],
      [
        'of a table that is not there',
        () => db().from('film').select(),
        {
          status: 404,
          error: {
            code: 'PGRST205',
            message: ofSchema("Could not find the table 'SCHEMA.film' in the schema cache"),
            details: null,
            hint: ofSchema("Perhaps you meant the table 'SCHEMA.films'"),
          },
        },
      ],
      [
        'of a column that is not there',
        () => db().from('films').select('titel'),
        {
          status: 400,
          error: {
            code: '42703',
            message: 'column films.titel does not exist',
            details: null,
            // SQLite does not look for the nearest name
            hint: isPostgres ? 'Perhaps you meant to reference the column "films.title".' : null,
          },
        },
      ],
      [
        'of a function that is not there',
        () => db().rpc('longst', { words: [] }),
        {
          status: 404,
          error: {
            code: 'PGRST202',
            hint: ofSchema('Perhaps you meant to call the function SCHEMA.longest'),
          },
        },
      ],
      // a pipeline cannot
      ...(isMongodb ? [] : [raised]),
    ])('%s has its code, message, details and hint', async (_, query, expected) => {
      const { status, error, data } = await query()
      expect(data).toBeNull()
      expect({ status, error: { ...error } }).toMatchObject(expected)
      expect(Object.keys(error ?? {}).sort()).toEqual(['code', 'details', 'hint', 'message'])
    })

    test('is thrown where the client asks for that', async () => {
      await expect(db().from('film').select().throwOnError()).rejects.toMatchObject({
        name: 'PostgrestError',
        code: 'PGRST205',
      })
    })
  })
})
