import { type Document, Long } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { compiledRead, pipelineOf, refusedRead } from '../../../../support/mongodb-pipeline.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { requestOf } from '../../../../support/plan-of.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: {
      _id: 'int',
      title: 'string',
      year: 'int',
      director_id: 'int',
      sequel_id: 'int',
      price: 'decimal',
      rating: 'double',
      seen: 'long',
      made: 'date',
      data: 'document',
      is_new: 'bool',
      award_ids: 'int[]',
      any: 'any',
    },
    directors: { _id: 'int', name: 'string', born: 'int' },
    actors: { _id: 'int', name: 'string' },
    roles: { _id: 'int', film_id: 'int', actor_id: 'int' },
    scenes: { _id: 'int', film: 'int', number: 'int' },
    takes: { _id: 'int', film: 'int', scene: 'int' },
    awards: { _id: 'int', name: 'string' },
    notes: { _id: 'int', on: 'document', text: 'string' },
    budgets: { _id: 'int', film_id: 'int', total: 'int' },
  },
  keys: { roles: ['film_id', 'actor_id'] },
  foreignKeys: [
    'films(director_id) -> directors(_id)',
    'films(sequel_id) -> films(_id)',
    'roles(film_id) -> films(_id)',
    'roles(actor_id) -> actors(_id)',
    'takes(film, scene) -> scenes(film, number)',
    'films(award_ids) -> awards(_id) list',
    'notes(on.$id) -> films(_id)',
    'budgets(film_id) -> films(_id) unique',
  ],
  fields: { 'films.rating': { mayBeNan: true } },
})

const read = (path: string) => pipelineOf(snapshot, path)
const wrap = { $replaceWith: { d: '$$ROOT' } }
const show = (values: Document) => ({ $project: { _id: 0, ...values } })
const notNull = (field: string) => ({ $match: { [field]: { $ne: null } } })
const limit = (n: number) => ({ $limit: Long.fromNumber(n) })

const directors = (...pipeline: readonly Document[]) => ({
  $lookup: {
    from: 'directors',
    localField: 'd.director_id',
    foreignField: '_id',
    as: 'e0',
    pipeline: [notNull('_id'), ...pipeline],
  },
})
const films = (...pipeline: readonly Document[]) => ({
  $lookup: {
    from: 'films',
    localField: 'd._id',
    foreignField: 'director_id',
    as: 'e0',
    pipeline: [notNull('director_id'), ...pipeline],
  },
})

describe('embeds', () => {
  test('to-one: the writer takes the first', () => {
    const path = '/films?select=title,directors(name)'
    expect(read(path)).toEqual([
      wrap,
      directors(show({ c0: '$name' })),
      show({ c0: '$d.title', c1: '$e0' }),
    ])
    expect(compiledRead(snapshot, path).shape.members[1]).toMatchObject({
      kind: 'object',
      name: 'directors',
      key: 'c1',
    })
  })

  test('to-many, with order and window inside of the lookup', () => {
    expect(read('/directors?select=name,films(title)&films.order=_id&films.limit=2')).toEqual([
      wrap,
      films({ $sort: { _id: 1 } }, limit(2), show({ c0: '$title' })),
      show({ c0: '$d.name', c1: '$e0' }),
    ])
  })

  test('no window shows nothing: there is no limit of 0', () => {
    expect(read('/directors?select=films(title)&films.limit=0')).toEqual([
      wrap,
      films({ $match: { $nor: [{}] } }, show({ c0: '$title' })),
      show({ c0: '$e0' }),
    ])
  })

  test('one-to-one, from its other end', () => {
    const path = '/films?select=budgets(total)'
    expect(read(path)?.[1]).toMatchObject({
      $lookup: { from: 'budgets', localField: 'd._id', foreignField: 'film_id' },
    })
    expect(compiledRead(snapshot, path).shape.members).toMatchObject([{ kind: 'object' }])
  })

  test('many-to-many: through the junction', () => {
    expect(read('/films?select=actors(name)&actors.order=name.nullsfirst')).toEqual([
      wrap,
      {
        $lookup: {
          from: 'roles',
          localField: 'd._id',
          foreignField: 'film_id',
          as: 'e0',
          pipeline: [
            notNull('film_id'),
            wrap,
            {
              $lookup: {
                from: 'actors',
                localField: 'd.actor_id',
                foreignField: '_id',
                as: 't',
                pipeline: [notNull('_id')],
              },
            },
            { $unwind: '$t' },
            { $replaceWith: '$t' },
            { $sort: { name: 1 } },
            show({ c0: '$name' }),
          ],
        },
      },
      show({ c0: '$e0' }),
    ])
  })

  test('a key of several columns: the first by fields, the others by expressions', () => {
    expect(read('/takes?select=scenes(_id)')?.[1]).toEqual({
      $lookup: {
        from: 'scenes',
        localField: 'd.film',
        foreignField: 'film',
        let: { v1: { $ifNull: ['$d.scene', null] } },
        as: 'e0',
        pipeline: [
          {
            $match: {
              $and: [
                { film: { $ne: null } },
                { $expr: { $and: [{ $ne: ['$$v1', null] }, { $eq: ['$number', '$$v1'] }] } },
              ],
            },
          },
          show({ c0: '$_id' }),
        ],
      },
    })
  })

  test('a list of ids, from either end', () => {
    const list = '/films?select=awards(name)'
    expect(read(list)?.[1]).toMatchObject({
      $lookup: {
        localField: 'd.award_ids',
        foreignField: '_id',
        pipeline: [notNull('_id'), show({ c0: '$name' })],
      },
    })
    expect(compiledRead(snapshot, list).shape.members).toMatchObject([{ kind: 'array' }])
    expect(read('/awards?select=films(title)')?.[1]).toMatchObject({
      $lookup: {
        localField: 'd._id',
        foreignField: 'award_ids',
        // a null in the list is no reason to leave the document out
        pipeline: [
          { $match: { award_ids: { $elemMatch: { $ne: null } } } },
          show({ c0: '$title' }),
        ],
      },
    })
  })

  test('a reference of MongoDB’s own kind', () => {
    expect(read('/notes?select=films(title)')?.[1]).toMatchObject({
      $lookup: { from: 'films', localField: 'd.on.$id', foreignField: '_id' },
    })
    expect(read('/films?select=notes(text)')?.[1]).toMatchObject({
      $lookup: {
        localField: 'd._id',
        foreignField: 'on.$id',
        pipeline: [notNull('on.$id'), show({ c0: '$text' })],
      },
    })
  })

  test('a collection that leads to itself', () => {
    expect(read('/films?select=title,next:sequel_id(title)')?.[1]).toMatchObject({
      $lookup: { from: 'films', localField: 'd.sequel_id', foreignField: '_id' },
    })
    expect(read('/films?select=title,before:films!sequel_id(title)')?.[1]).toMatchObject({
      $lookup: { from: 'films', localField: 'd._id', foreignField: 'sequel_id' },
    })
  })

  test('inside each other', () => {
    expect(read('/directors?select=films(title,directors(name))')).toEqual([
      wrap,
      films(wrap, directors(show({ c0: '$name' })), show({ c0: '$d.title', c1: '$e0' })),
      show({ c0: '$e0' }),
    ])
  })

  test('are looked up for the rows of the page', () => {
    expect(read('/films?select=title,directors(name)&order=_id&limit=3')).toEqual([
      { $sort: { _id: 1 } },
      limit(3),
      wrap,
      directors(show({ c0: '$name' })),
      show({ c0: '$d.title', c1: '$e0' }),
    ])
  })

  test('that show nothing and decide nothing are not looked up', () => {
    expect(read('/films?select=title,directors()')).toEqual([show({ c0: '$title' })])
  })
})

describe('embeds that decide', () => {
  test('inner, and shown', () => {
    expect(read('/films?select=title,directors!inner(name)&order=_id&limit=1')).toEqual([
      { $sort: { _id: 1 } },
      wrap,
      directors(show({ c0: '$name' })),
      { $match: { e0: { $ne: [] } } },
      limit(1),
      show({ c0: '$d.title', c1: '$e0' }),
    ])
  })

  test('inner, and not shown: one is enough', () => {
    expect(read('/films?select=title,directors!inner()')).toEqual([
      wrap,
      directors({ $limit: 1 }, { $project: { _id: 1 } }),
      { $match: { e0: { $ne: [] } } },
      show({ c0: '$d.title' }),
    ])
  })

  test('inner inside of inner', () => {
    expect(read('/directors?select=name,films!inner(directors!inner())')).toEqual([
      wrap,
      films(
        wrap,
        directors({ $limit: 1 }, { $project: { _id: 1 } }),
        { $match: { e0: { $ne: [] } } },
        { $limit: 1 },
        { $project: { _id: 1 } },
      ),
      { $match: { e0: { $ne: [] } } },
      show({ c0: '$d.name' }),
    ])
  })
})

describe('spreads', () => {
  test('to-one and to-many are left to the writer', () => {
    const path = '/films?select=title,...directors(name,by:born)'
    expect(read(path)).toEqual([
      wrap,
      directors(show({ c0: '$name', c1: '$born' })),
      show({ c0: '$d.title', c1: '$e0' }),
    ])
    expect(compiledRead(snapshot, path).shape.members[1]).toMatchObject({
      kind: 'spread-one',
      key: 'c1',
      row: {
        members: [
          { name: 'name', key: 'c0' },
          { name: 'by', key: 'c1' },
        ],
      },
    })
    expect(compiledRead(snapshot, '/directors?select=...films(title)').shape.members).toMatchObject(
      [{ kind: 'spread-many', key: 'c0', row: { members: [{ name: 'title', key: 'c0' }] } }],
    )
  })

  test('inside each other: the inner one’s columns are lifted twice', () => {
    const path = '/budgets?select=total,...films(title,...directors(name))'
    expect(compiledRead(snapshot, path).shape.members[1]).toMatchObject({
      kind: 'spread-one',
      key: 'c1',
      row: {
        members: [
          { name: 'title', key: 'c0' },
          { kind: 'spread-one', key: 'c1', row: { members: [{ name: 'name', key: 'c0' }] } },
        ],
      },
    })
  })
})

describe('aggregates', () => {
  const present = (path: string) => ({ $sum: { $cond: [{ $gt: [path, null] }, 1, 0] } })
  const orNull = (count: string, value: unknown) => ({ $cond: [{ $eq: [count, 0] }, null, value] })

  test.each<[string, string, Document, unknown]>([
    ['count()', 'count()', { m0: { $sum: 1 } }, '$m0'],
    ['count of values', 'year.count()', { m0: present('$year') }, '$m0'],
    [
      'a sum of nothing is null',
      'year.sum()',
      { a0: { $sum: '$year' }, m0: present('$year') },
      orNull('$m0', '$a0'),
    ],
    [
      'a sum of 64 bits may need more',
      'seen.sum()',
      { a0: { $sum: { $toDecimal: '$seen' } }, m0: present('$seen') },
      orNull('$m0', '$a0'),
    ],
    [
      'a text among unknown values is an error',
      'any.sum()',
      { a0: { $sum: { $multiply: ['$any', 1] } }, m0: present('$any') },
      orNull('$m0', '$a0'),
    ],
    [
      'an exact average is divided by the writer',
      'price.avg()',
      { a0: { $sum: '$price' }, m0: { $sum: { $cond: [{ $isNumber: '$price' }, 1, 0] } } },
      orNull('$m0', { s: '$a0', n: '$m0' }),
    ],
    ['an average of doubles is one', 'rating.avg()', { a0: { $avg: '$rating' } }, '$a0'],
    ['the least', 'year.min()', { a0: { $min: '$year' } }, '$a0'],
    [
      'NaN is the greatest',
      'rating.max()',
      {
        a0: { $max: { $cond: [{ $eq: ['$rating', Number.NaN] }, null, '$rating'] } },
        q0: { $max: { $cond: [{ $eq: ['$rating', Number.NaN] }, 1, 0] } },
      },
      { $cond: [{ $eq: ['$q0', 1] }, Number.NaN, '$a0'] },
    ],
    [
      'of a cast',
      'title::int.sum()',
      {
        a0: { $sum: { $toLong: { $trim: { input: '$title' } } } },
        m0: present({ $toLong: { $trim: { input: '$title' } } } as never),
      },
      orNull('$m0', '$a0'),
    ],
  ])('%s', (_, select, accumulators, value) => {
    expect(read(`/films?select=${select}`)).toEqual([
      { $group: { _id: {}, ...accumulators } },
      show({ c0: value }),
    ])
  })

  test('what is not aggregated is grouped by, null and absent together', () => {
    expect(read('/films?select=year,count(),made::date&order=year.desc&limit=2')).toEqual([
      {
        $group: {
          _id: {
            g0: { $ifNull: ['$year', null] },
            g2: { $ifNull: [{ $dateTrunc: { date: { $toDate: '$made' }, unit: 'day' } }, null] },
          },
          m1: { $sum: 1 },
        },
      },
      { $addFields: { s0: '$_id.g0' } },
      { $addFields: { n0: { $cond: [{ $gt: ['$s0', null] }, 0, 2] } } },
      { $sort: { n0: -1, s0: -1 } },
      limit(2),
      show({ c0: '$_id.g0', c1: '$m1', c2: '$_id.g2' }),
    ])
  })

  test('groups are ordered by their number of rows, or by what the key decides', () => {
    const [group] = read('/films?select=year,count()&order=count') ?? []
    expect(group).toMatchObject({ $group: { o0: { $sum: 1 } } })
    const [byKey] = read('/films?select=_id,count()&order=title') ?? []
    expect(byKey).toMatchObject({ $group: { o0: { $first: '$title' } } })
  })

  test('of an embed, which has a row even of nothing unless a window leaves it out', () => {
    const group = [{ $group: { _id: {}, m0: { $sum: 1 }, a1: { $max: '$year' } } }]
    const row = show({ c0: '$m0', c1: '$a1' })
    const nothing = { $addFields: { e0: { $cond: [{ $eq: ['$e0', []] }, [{ c0: 0 }], '$e0'] } } }
    const path = '/directors?select=films(count(),year.max())'
    expect(read(path)).toEqual([wrap, films(...group, row), nothing, show({ c0: '$e0' })])
    expect(read(`${path}&films.limit=1`)).toEqual([
      wrap,
      films(...group, limit(1), row),
      nothing,
      show({ c0: '$e0' }),
    ])
    expect(read(`${path}&films.offset=1`)).toEqual([
      wrap,
      films(...group, { $skip: Long.fromNumber(1) }, row),
      show({ c0: '$e0' }),
    ])
  })

  test('over a to-one spread are of the parent’s rows', () => {
    expect(read('/films?select=year,...directors(born.sum(),name,count())')).toEqual([
      wrap,
      directors(show({ c0: '$born', c1: '$name', c2: { $literal: 1 } })),
      { $addFields: { e0: { $arrayElemAt: ['$e0', 0] } } },
      {
        $group: {
          _id: { g0: { $ifNull: ['$d.year', null] }, g2: { $ifNull: ['$e0.c1', null] } },
          a1: { $sum: '$e0.c0' },
          m1: present('$e0.c0'),
          m3: present('$e0.c2'),
        },
      },
      show({ c0: '$_id.g0', c1: orNull('$m1', '$a1'), c2: '$_id.g2', c3: '$m3' }),
    ])
  })

  test('over a spread inside of a spread', () => {
    const pipeline = read('/budgets?select=...films(...directors(born.max()))')
    expect(pipeline?.slice(2)).toEqual([
      { $addFields: { e0: { $arrayElemAt: ['$e0', 0] } } },
      { $group: { _id: {}, a0: { $max: '$e0.c0' } } },
      show({ c0: '$a0' }),
    ])
    expect(JSON.stringify(pipeline?.[1])).toContain('"$project":{"_id":0,"c0":"$e0.c0"}')
  })

  test('beside an embed, which is grouped by', () => {
    expect(read('/films?select=count(),directors(name)')).toEqual([
      wrap,
      directors(show({ c0: '$name' })),
      { $group: { _id: { g1: { $ifNull: ['$e0', null] } }, m0: { $sum: 1 } } },
      show({ c0: '$m0', c1: '$_id.g1' }),
    ])
  })

  test('over nothing at the root: one row, if the window shows it', () => {
    const nothing = (path: string) =>
      compiledRead(snapshot, path).whenEmpty(requestOf(snapshot, `GET ${path}`))
    expect(nothing('/films?select=count(),year.sum()')).toEqual({ c0: 0 })
    expect(nothing('/films?select=count()&limit=1')).toEqual({ c0: 0 })
    expect(nothing('/films?select=count()&limit=0')).toBeNull()
    expect(nothing('/films?select=count()&offset=1')).toBeNull()
    expect(nothing('/films?select=year,count()')).toBeNull()
    expect(nothing('/films?select=year')).toBeNull()
  })

  test.each([
    ['title.sum()', '42883', 'function sum(text) does not exist'],
    ['is_new.max()', '42883', 'function max(boolean) does not exist'],
    ['data.min()', '42883', 'function min(jsonb) does not exist'],
    ['made.avg()', '42883', 'function avg(timestamp with time zone) does not exist'],
    ['data->>n.sum()', '42883', 'function sum(text) does not exist'],
  ])('%s is refused', (select, sqlState, message) => {
    expect(refusedRead(snapshot, `/films?select=${select}`)).toMatchObject({
      failure: { sqlState, message },
    })
  })

  test('a list that the writer makes cannot be grouped by', () => {
    const select = '...directors(name,...films(title)),count()'
    expect(refusedRead(snapshot, `/films?select=${select}`)).toEqual({
      kind: 'not-implemented',
      feature: 'to-many spreads inside of what is aggregated',
    })
  })

  test('order by what is not grouped by is refused', () => {
    expect(refusedRead(snapshot, '/films?select=year,count()&order=title')).toMatchObject({
      failure: { sqlState: '42803' },
    })
  })

  test('a cast of what is aggregated has to be one that the server can do', () => {
    expect(refusedRead(snapshot, '/films?select=title::date,count()')).toEqual({
      kind: 'not-implemented',
      feature: 'casts to date of what is aggregated or grouped by',
    })
  })
})

describe('bounds', () => {
  /** Films in directors in films …, so many lookups inside each other. */
  function nested(levels: number): string {
    const names = Array.from({ length: levels }, (_, n) => (n % 2 === 0 ? 'directors' : 'films'))
    return names.reduceRight((inner, name) => `${name}(${inner})`, '_id')
  }

  test('lookups inside each other', () => {
    expect(refusedRead(snapshot, `/films?select=${nested(20)}`)).toBeNull()
    expect(refusedRead(snapshot, `/films?select=${nested(21)}`)).toMatchObject({
      kind: 'too-complex',
    })
  })
})

describe('filters', () => {
  const isOne = { $eq: Long.ONE, $not: { $type: 'array' } }

  test('of an embed stand behind the guard of its join', () => {
    expect(read('/directors?select=films(title)&films.year=eq.1')).toEqual([
      wrap,
      {
        $lookup: {
          from: 'films',
          localField: 'd._id',
          foreignField: 'director_id',
          as: 'e0',
          pipeline: [
            { $match: { $and: [{ director_id: { $ne: null } }, { year: isOne }] } },
            show({ c0: '$title' }),
          ],
        },
      },
      show({ c0: '$e0' }),
    ])
  })

  test('that leave no nulls let an index sort', () => {
    const match = { $match: { year: isOne } }
    const sorted = [match, { $sort: { year: 1 } }, show({ c0: '$title' })]
    expect(read('/films?select=title&year=eq.1&order=year')).toEqual(sorted)
  })

  test.each([
    ['or=(year.eq.1,_id.eq.1)', false],
    ['and=(year.gt.1,_id.gt.1)', true],
    ['year=not.gt.1', true],
    ['year=in.(1,2)', true],
    ['year=not.in.(1,2)', false],
    ['year=not.is.null', true],
    ['year=is.null', false],
    ['year=is.not_null', true],
    ['year=isdistinct.1', false],
    ['year=eq(any).{1}', false],
    ['title=like.a*', false],
  ])('with %s an order by year is MongoDB’s own: %s', (filter, isNatural) => {
    const pipeline = read(`/films?select=title&order=year&${filter}`)
    expect(pipeline?.[1]).toEqual(isNatural ? { $sort: { year: 1 } } : wrap)
  })

  test('on whether an embed found something come after its lookup', () => {
    const asked = (filter: string) => read(`/films?select=title,directors()&${filter}`)
    const found = directors({ $limit: 1 }, { $project: { _id: 1 } })
    const title = show({ c0: '$d.title' })
    expect(asked('directors=is.null')).toEqual([
      wrap,
      found,
      { $match: { e0: { $eq: [] } } },
      title,
    ])
    expect(asked('directors=not.is.null')).toEqual([
      wrap,
      found,
      { $match: { e0: { $ne: [] } } },
      title,
    ])
    expect(asked('or=(directors.is.null,year.eq.1)&title=eq.x')).toEqual([
      { $match: { title: { $eq: 'x', $not: { $type: 'array' } } } },
      wrap,
      found,
      { $match: { $or: [{ e0: { $eq: [] } }, { 'd.year': isOne }] } },
      title,
    ])
  })

  test('are as deep as MongoDB reads, or refused', () => {
    const steps = Array.from({ length: 40 }, (_, n) => `->${n}`).join('')
    const names = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'directors' : 'films'))
    const nested = names.reduceRight((inner, name) => `${name}(${inner})`, `_id,x:data${steps}`)
    expect(() => read(`/films?select=${nested}`)).toThrow('deeper')
  })
})
