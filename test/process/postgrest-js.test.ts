/**
 * The client that supabase-js speaks through, unchanged from the npm registry, against the built
 * server: what its users read, as whom, and what becomes of requests they abort.
 *
 * Rule  PostgREST docs: ecosystem (Client-Side Libraries); the client's own reference
 */
import { describe, expect, inject, test } from 'vitest'
import { anonRole, authorRole } from '../support/api-database.ts'
import { gate, serveFilmArchive } from '../support/film-archive.ts'
import { serveFilmCollections } from '../support/film-collections.ts'
import { eventually } from '../support/http-client.ts'
import { signJwt } from '../support/sign-jwt.ts'

/** Ids of the rows that came back, in their order. */
function ids({ data, error }: { readonly data: unknown; readonly error: unknown }): unknown {
  expect(error).toBeNull()
  return (data as readonly { readonly id: number }[]).map(({ id }) => id)
}

const archive = serveFilmArchive()

const engines = [
  ['PostgreSQL', () => archive],
  // the run says so where there is no server
  ...(inject('mongodb') === null ? [] : [['MongoDB', () => serveFilmCollections()] as const]),
] as const

describe.each(engines)('%s:', (_, serve) => {
  const { client } = serve()

  describe('a filter', () => {
    const films = () => client().from('films').select('id').order('id')

    test.each([
      ['eq', () => films().eq('title', 'Cléo de 5 à 7'), [3]],
      ['eq with reserved characters', () => films().eq('title', 'He said "no, (really)"'), [5]],
      ['neq', () => films().neq('year', 2016), [2, 3, 4, 5]],
      ['gt and lte', () => films().gt('year', 1962).lte('year', 2016), [1, 4, 5]],
      ['gte and lt', () => films().gte('year', 1962).lt('year', 2016), [3, 4, 5]],
      ['like', () => films().like('title', '%a%l'), [1]],
      ['ilike', () => films().ilike('title', 'D%'), [2]],
      ['likeAllOf', () => films().likeAllOf('title', ['%a%', '%b%']), [4]],
      ['ilikeAnyOf', () => films().ilikeAnyOf('title', ['dune', 'ARR%']), [1, 2]],
      ['regexMatch', () => films().regexMatch('title', '^[AD]'), [1, 2]],
      ['regexIMatch', () => films().regexIMatch('title', 'e$'), [2]],
      ['is null', () => films().is('rating', null), [4]],
      ['isDistinct', () => films().isDistinct('director_id', 1), [3, 4, 5]],
      ['in', () => films().in('title', ['Dune', 'Cléo de 5 à 7', 'a,(b)']), [2, 3]],
      ['notIn', () => films().notIn('id', [1, 2]), [3, 4, 5]],
      ['contains of an array', () => films().contains('genres', ['drama', 'sci-fi']), [1]],
      ['contains of json', () => films().contains('info', { lang: 'fr' }), [3]],
      ['containedBy', () => films().containedBy('genres', ['drama']), [3, 4]],
      ['overlaps', () => films().overlaps('genres', ['comedy', 'sci-fi']), [1, 2, 5]],
      ['match', () => films().match({ director_id: 1, year: 2021 }), [2]],
      ['not', () => films().not('director_id', 'in', '(1,2)'), []],
      ['or', () => films().or('year.lt.1970,and(year.gt.2000,rating.gte.8)'), [2, 3]],
      ['filter on a json path', () => films().filter('info->crew->>dp', 'eq', 'Young'), [1]],
    ])('%s', async (_, query, expected) => {
      expect(ids(await query())).toEqual(expected)
    })
  })

  describe('a read', () => {
    test('embeds, renames, casts and reaches into json', async () => {
      const { data } = await client()
        .from('films')
        .select('title, released:year::text, info->>lang, director:directors ( name )')
        .eq('id', 1)
      expect(data).toEqual([
        { title: 'Arrival', released: '2016', lang: 'en', director: { name: 'Denis Villeneuve' } },
      ])
    })

    test('filters, orders and limits an embed of its own', async () => {
      const { data } = await client()
        .from('directors')
        .select('name, films(title)')
        .gt('films.year', 1970)
        .order('year', { referencedTable: 'films', ascending: false })
        .limit(1, { referencedTable: 'films' })
        .order('id')
      expect(data).toEqual([
        { name: 'Denis Villeneuve', films: [{ title: 'Dune' }] },
        { name: 'Agnès Varda', films: [{ title: 'Vagabond' }] },
        { name: 'Nobody', films: [] },
      ])
    })

    test('keeps rows by an inner embed, spreads another, and aggregates', async () => {
      const inner = await client()
        .from('directors')
        .select('id, films!inner(id)')
        .eq('films.title', 'Dune')
      expect(inner.data).toEqual([{ id: 1, films: [{ id: 2 }] }])
      const spread = await client().from('films').select('id, ...directors(name)').eq('id', 3)
      expect(spread.data).toEqual([{ id: 3, name: 'Agnès Varda' }])
      const counted = await client()
        .from('films')
        .select('director_id, id.count()')
        .eq('director_id', 1)
      expect(counted.data).toEqual([{ director_id: 1, count: 2 }])
    })

    test('orders with nulls where they are wanted, and takes a range', async () => {
      const films = client().from('films')
      expect(ids(await films.select().order('rating', { nullsFirst: true }).limit(2))).toEqual([
        4, 5,
      ])
      expect(
        ids(
          await films.select().order('rating', { ascending: false, nullsFirst: false }).range(1, 2),
        ),
      ).toEqual([1, 3])
      expect(
        ids(
          await films.select().order('director_id', { ascending: false }).order('id').range(1, 3),
        ),
      ).toEqual([3, 4, 1])
    })

    test.each(['exact', 'planned', 'estimated'])('counts: %s', async (count) => {
      const page = await client().from('films').select('id', { count }).order('id').range(0, 1)
      expect(ids(page)).toEqual([1, 2])
      expect(page).toMatchObject({ status: 206, count: 5 })
      const head = await client().from('films').select('*', { count, head: true })
      expect(head).toMatchObject({ status: 200, data: null, count: 5, error: null })
    })

    test('single and maybeSingle give a row, an error or null', async () => {
      const films = client().from('films')
      expect((await films.select('title').eq('id', 2).single()).data).toEqual({ title: 'Dune' })
      expect((await films.select('title').eq('id', 2).maybeSingle()).data).toEqual({
        title: 'Dune',
      })
      expect(await films.select().eq('id', 404).maybeSingle()).toMatchObject({
        data: null,
        error: null,
      })
      const many = await films.select().single()
      expect(many).toMatchObject({
        status: 406,
        data: null,
        error: {
          code: 'PGRST116',
          message: 'Cannot coerce the result to a single JSON object',
          details: 'The result contains 5 rows',
          hint: null,
        },
      })
      expect(await films.select().maybeSingle()).toMatchObject({ error: { code: 'PGRST116' } })
    })

    test('comes as CSV', async () => {
      const { data } = await client()
        .from('films')
        .select('id,title,rating')
        .gt('id', 3)
        .order('id')
        .csv()
      expect(data).toBe('id,title,rating\n4,Vagabond,\n5,"He said ""no, (really)""",5')
    })

    test('strips nulls, of lists and of single rows', async () => {
      const films = client().from('films').select('id,rating,info').eq('id', 4)
      expect((await films.stripNulls()).data).toEqual([{ id: 4 }])
      const one = client().from('films').select('id,rating').eq('id', 4).single()
      expect((await one.stripNulls()).data).toEqual({ id: 4 })
    })
  })
})

const { client, database } = archive

describe('a filter of what PostgreSQL alone has', () => {
  const films = () => client().from('films').select('id').order('id')

  test.each([
    ['rangeGt', () => films().rangeGt('screened', '[2016-01-01,2017-01-01)'), [2]],
    ['rangeLte', () => films().rangeLte('screened', '[1960-01-01,1970-01-01)'), [3]],
    ['rangeAdjacent', () => films().rangeAdjacent('screened', '[2021-11-01,2022-01-01)'), [2]],
    ['textSearch', () => films().textSearch('title', 'vagabond', { config: 'english' }), [4]],
  ])('%s', async (_, query, expected) => {
    expect(ids(await query())).toEqual(expected)
  })
})

describe('a read of PostgreSQL', () => {
  test.each([
    ['text', {}, /^Aggregate .*cost=/],
    ['text', { analyze: true, buffers: true }, /actual time/],
    ['json', { verbose: true, settings: true }, null],
  ] as const)('explains itself: %s %o', async (format, options, pattern) => {
    const { data, error } = await client()
      .from('films')
      .select()
      .explain({ format, ...options })
    expect(error).toBeNull()
    if (pattern !== null) expect(data).toMatch(pattern)
    else expect(data).toMatchObject([{ Plan: { 'Node Type': 'Aggregate' }, Settings: {} }])
  })

  test('goes to the schema that it names', async () => {
    const { data } = await client().schema('archive').from('reels').select()
    expect(data).toEqual([{ id: 1, place: 'cellar' }])
    const written = await client().schema('archive').from('reels').insert({ id: 2 }).select()
    expect(written).toMatchObject({ status: 201, data: [{ id: 2, place: null }] })
    expect(await client().schema('nowhere').from('reels').select()).toMatchObject({
      status: 406,
      error: { code: 'PGRST106', hint: 'Only the following schemas are exposed: public, archive' },
    })
  })
})

describe('a token', () => {
  const bearer = async (claims: object) => ({ Authorization: `Bearer ${await signJwt(claims)}` })

  test('gives its role and its claims', async () => {
    const author = client(await bearer({ role: authorRole, sub: 'ada' }))
    expect((await author.rpc('whoami')).data).toEqual({ role: authorRole, sub: 'ada' })
    expect((await author.from('secrets').select()).data).toEqual([
      { owner: 'ada', secret: 'of ada' },
    ])
    expect((await client().rpc('whoami')).data).toEqual({ role: anonRole, sub: null })
    expect((await client().from('secrets').select()).data).toEqual([])
  })

  test('that may not write a row is told so', async () => {
    const author = client(await bearer({ role: authorRole, sub: 'ada' }))
    expect(await author.from('secrets').insert({ owner: 'bob2', secret: 'x' })).toMatchObject({
      status: 403,
      error: { code: '42501' },
    })
  })

  test('that is over, or signed by others, is refused', async () => {
    const exp = Math.floor(Date.now() / 1000) - 60
    expect(await client(await bearer({ role: authorRole, exp })).rpc('whoami')).toMatchObject({
      status: 401,
      error: { code: 'PGRST303', message: 'JWT expired' },
    })
    const foreign = await signJwt(
      { role: authorRole },
      Buffer.from('another secret of 32 characters!'),
    )
    const headers = { Authorization: `Bearer ${foreign}` }
    expect(await client(headers).rpc('whoami')).toMatchObject({
      status: 401,
      error: { code: 'PGRST301' },
    })
  })
})

describe('an abort signal', () => {
  const waitingSql = `select pid from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and wait_event = 'advisory'`

  test.each([
    ['a call', (signal: AbortSignal) => client().rpc('pass_gate').abortSignal(signal)],
    [
      'an insert',
      (signal: AbortSignal) =>
        client()
          .from('gated')
          .insert([{ id: 1 }, { id: 2 }])
          .abortSignal(signal),
    ],
  ])('cancels %s in PostgreSQL', async (_, request) => {
    const holder = await database().connect()
    await holder.query(`select pg_advisory_lock(${gate})`)
    const controller = new AbortController()
    const answer = request(controller.signal).then((result) => result)
    const [waiting] = await eventually(
      () => database().query(waitingSql),
      (rows) => expect(rows).toHaveLength(1),
    )
    controller.abort()
    expect(await answer).toMatchObject({
      status: 0,
      data: null,
      error: { hint: 'Request was aborted (timeout or manual cancellation)' },
    })
    // the gate is still shut: only a cancel ends the wait, and its session lives on
    await eventually(
      () => database().query(`select state from pg_stat_activity where pid = ${waiting?.['pid']}`),
      (rows) => expect(rows).toEqual([{ state: 'idle' }]),
    )
    await holder.end()
    expect(await database().query('select * from gated')).toEqual([])
    expect((await client().rpc('pass_gate')).data).toBe(1)
  })

  test('leaves the request of another client alone', async () => {
    const holder = await database().connect()
    await holder.query(`select pg_advisory_lock(${gate})`)
    const controller = new AbortController()
    const left = client()
      .rpc('pass_gate')
      .abortSignal(controller.signal)
      .then((result) => result)
    const stays = client()
      .rpc('pass_gate')
      .then((result) => result)
    await eventually(
      () => database().query(waitingSql),
      (rows) => expect(rows).toHaveLength(2),
    )
    controller.abort()
    await left
    await eventually(
      () => database().query(waitingSql),
      (rows) => expect(rows).toHaveLength(1),
    )
    await holder.end()
    expect((await stays).data).toBe(1)
  })
})
