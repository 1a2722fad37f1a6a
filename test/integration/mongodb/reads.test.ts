/**
 * Reads as the server answers them: what each is compiled to is in the unit tests.
 */
import { Decimal128, Double, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { mongodbSnapshot } from '../../support/mongodb-snapshot.ts'
import { ruledRead } from '../../support/ruled-read.ts'
import { runMongodbPlan, runMongodbRead } from '../../support/run-mongodb-read.ts'

const snapshot = mongodbSnapshot({
  collections: {
    directors: { _id: 'int', name: 'string', born: 'int' },
    films: {
      _id: 'int',
      title: 'string',
      year: 'int',
      director_id: 'int',
      rating: 'double',
      price: 'decimal',
      seen: 'long',
      tags: 'string[]',
      data: 'document',
      award_ids: 'int[]',
      'a.b': 'int',
      e0: 'string',
    },
    actors: { _id: 'int', name: 'string' },
    roles: { _id: 'int', film_id: 'int', actor_id: 'int', part: 'string' },
    scenes: { _id: 'int', film: 'int', number: 'int', place: 'string' },
    takes: { _id: 'int', film: 'int', scene: 'int', good: 'bool' },
    notes: { _id: 'int', on: 'document' },
    awards: { _id: 'int', name: 'string' },
    things: { _id: 'any' },
    empty: { _id: 'int', n: 'int' },
    visits: { _id: 'int', at: 'date' },
  },
  open: ['things'],
  keys: { roles: ['film_id', 'actor_id'] },
  foreignKeys: [
    'films(director_id) -> directors(_id)',
    'roles(film_id) -> films(_id)',
    'roles(actor_id) -> actors(_id)',
    'takes(film, scene) -> scenes(film, number)',
    'notes(on.$id) -> films(_id)',
    'films(award_ids) -> awards(_id) list',
  ],
  fields: { 'films.rating': { mayBeNan: true } },
  required: ['directors.name'],
})

/** A document with a number for its key, and whatever else. */
interface Numbered {
  readonly _id: number
  readonly [field: string]: unknown
}

const double = (value: number) => new Double(value)

async function fill({ db }: MongodbDatabase): Promise<void> {
  await db.collection<Numbered>('directors').insertMany([
    { _id: 1, name: 'Ana', born: 1950 },
    { _id: 2, name: 'Bo' },
    { _id: 3, name: 'Cy', born: null },
  ])
  await db.collection<Numbered>('films').insertMany([
    {
      _id: 1,
      title: 'One',
      year: 2001,
      director_id: 1,
      rating: double(7.5),
      price: Decimal128.fromString('1.50'),
      seen: Long.fromString('9007199254740993'),
      tags: ['b', 'a'],
      data: { a: { b: [10, 20] }, n: 5 },
      award_ids: [1, null, 2],
      'a.b': 11,
      e0: 'own',
    },
    {
      _id: 2,
      title: 'Two',
      year: 2003,
      director_id: 1,
      rating: double(Number.NaN),
      price: Decimal128.fromString('2.5'),
      seen: Long.fromNumber(1),
      tags: ['a', 'z'],
      data: { a: [1], n: 'x' },
    },
    { _id: 3, title: 'Three', year: null, director_id: 2, rating: null, tags: null, data: null },
    { _id: 4, title: 'Four', director_id: null, rating: double(2), tags: [] },
    { _id: 5, year: 2003, award_ids: [2] },
  ])
  await db.collection<Numbered>('actors').insertMany([
    { _id: 1, name: 'X' },
    { _id: 2, name: 'Y' },
    { _id: 3, name: 'Z' },
  ])
  await db.collection<Numbered>('roles').insertMany([
    { _id: 1, film_id: 1, actor_id: 2, part: 'p' },
    { _id: 2, film_id: 1, actor_id: 1, part: 'q' },
    { _id: 3, film_id: 2, actor_id: 2, part: 'r' },
    { _id: 4, film_id: null, actor_id: 3 },
  ])
  await db.collection<Numbered>('scenes').insertMany([
    { _id: 1, film: 1, number: 1, place: 'here' },
    { _id: 2, film: 1, number: 2, place: 'there' },
    { _id: 3, film: 2, number: null, place: 'nowhere' },
  ])
  await db.collection<Numbered>('takes').insertMany([
    { _id: 1, film: 1, scene: 1, good: true },
    { _id: 2, film: 1, scene: 1, good: false },
    { _id: 3, film: 1, scene: 2 },
    { _id: 4, film: 2 },
  ])
  await db
    .collection<Numbered>('notes')
    .insertMany([{ _id: 1, on: { $ref: 'films', $id: 2 } }, { _id: 2 }])
  await db.collection<Numbered>('awards').insertMany([
    { _id: 1, name: 'gold' },
    { _id: 2, name: 'silver' },
    { _id: 3, name: 'tin' },
  ])
  await db.collection<Numbered>('visits').insertMany([
    { _id: 1, at: new Date('2024-01-02T03:04:05.600Z') },
    { _id: 2, at: 'not yet' },
  ])
  await db.collection<Numbered>('things').insertMany([
    { _id: 1, b: 2, a: 'x' },
    { _id: 2, $c: true, 'd.e': 1 },
  ])
}

describeMongodb('reads', () => {
  let database: MongodbDatabase
  beforeAll(async () => {
    database = await createMongodbDatabase()
    await fill(database)
  })
  afterAll(() => database.drop())

  const read = (path: string, parts = {}) => runMongodbRead(database.db, snapshot, path, parts)

  describe.each<[string, readonly [string, string][]]>([
    [
      'select',
      [
        [
          '/directors?order=_id',
          '[{"_id":1,"name":"Ana","born":1950},{"_id":2,"name":"Bo","born":null},{"_id":3,"name":"Cy","born":null}]',
        ],
        [
          '/films?select="a.b",data->a->b->0,n:data->>n,e0&order=_id&limit=2',
          '[{"a.b":11,"b":10,"n":"5","e0":"own"},{"a.b":null,"b":null,"n":"x","e0":null}]',
        ],
        [
          '/films?select=t:title,y:year::text,r:rating::int&order=_id&limit=1',
          '[{"t":"One","y":"2001","r":8}]',
        ],
        ['/things?order=_id', '[{"_id":1,"b":2,"a":"x"},{"_id":2,"$c":true,"d.e":1}]'],
        [
          '/things?select=$c,b,nope&order=_id',
          '[{"$c":null,"b":2,"nope":null},{"$c":true,"b":null,"nope":null}]',
        ],
      ],
    ],
    [
      'order',
      [
        [
          '/films?select=_id&order=year,_id.desc',
          '[{"_id":1},{"_id":5},{"_id":2},{"_id":4},{"_id":3}]',
        ],
        [
          '/films?select=_id&order=year.desc,_id',
          '[{"_id":3},{"_id":4},{"_id":2},{"_id":5},{"_id":1}]',
        ],
        [
          '/films?select=_id&order=year.nullsfirst,_id',
          '[{"_id":3},{"_id":4},{"_id":1},{"_id":2},{"_id":5}]',
        ],
        [
          '/films?select=_id&order=year.desc.nullslast,_id',
          '[{"_id":2},{"_id":5},{"_id":1},{"_id":3},{"_id":4}]',
        ],
        [
          '/films?select=_id&order=rating,_id',
          '[{"_id":4},{"_id":1},{"_id":2},{"_id":3},{"_id":5}]',
        ],
        [
          '/films?select=_id&order=rating.desc,_id',
          '[{"_id":3},{"_id":5},{"_id":2},{"_id":1},{"_id":4}]',
        ],
        [
          '/films?select=_id&order=rating.nullsfirst,_id',
          '[{"_id":3},{"_id":5},{"_id":4},{"_id":1},{"_id":2}]',
        ],
        ['/films?select=_id&order=tags,_id', '[{"_id":4},{"_id":2},{"_id":1},{"_id":3},{"_id":5}]'],
        [
          '/films?select=_id&order=data->>n,_id',
          '[{"_id":1},{"_id":2},{"_id":3},{"_id":4},{"_id":5}]',
        ],
        [
          '/films?select=_id&order="a.b",_id',
          '[{"_id":1},{"_id":2},{"_id":3},{"_id":4},{"_id":5}]',
        ],
        [
          '/films?select=_id,directors()&order=directors(born),_id',
          '[{"_id":1},{"_id":2},{"_id":3},{"_id":4},{"_id":5}]',
        ],
        [
          '/films?select=_id,directors(name)&order=directors(name).desc,_id',
          '[{"_id":4,"directors":null},{"_id":5,"directors":null},{"_id":3,"directors":{"name":"Bo"}},{"_id":1,"directors":{"name":"Ana"}},{"_id":2,"directors":{"name":"Ana"}}]',
        ],
        ['/films?select=_id&order=_id&limit=2&offset=1', '[{"_id":2},{"_id":3}]'],
      ],
    ],
    [
      'embeds',
      [
        [
          '/films?select=_id,directors(name)&order=_id',
          '[{"_id":1,"directors":{"name":"Ana"}},{"_id":2,"directors":{"name":"Ana"}},{"_id":3,"directors":{"name":"Bo"}},{"_id":4,"directors":null},{"_id":5,"directors":null}]',
        ],
        [
          '/directors?select=name,films(_id,e0)&films.order=year.desc&films.limit=1&order=_id',
          '[{"name":"Ana","films":[{"_id":2,"e0":null}]},{"name":"Bo","films":[{"_id":3,"e0":null}]},{"name":"Cy","films":[]}]',
        ],
        [
          '/directors?select=name,films(_id,actors(name))&order=_id',
          '[{"name":"Ana","films":[{"_id":1,"actors":[{"name":"Y"},{"name":"X"}]},{"_id":2,"actors":[{"name":"Y"}]}]},{"name":"Bo","films":[{"_id":3,"actors":[]}]},{"name":"Cy","films":[]}]',
        ],
        [
          '/films?select=_id,actors(name)&actors.order=name.desc&order=_id',
          '[{"_id":1,"actors":[{"name":"Y"},{"name":"X"}]},{"_id":2,"actors":[{"name":"Y"}]},{"_id":3,"actors":[]},{"_id":4,"actors":[]},{"_id":5,"actors":[]}]',
        ],
        [
          '/actors?select=name,roles(part,films(title))&roles.order=part&order=_id',
          '[{"name":"X","roles":[{"part":"q","films":{"title":"One"}}]},{"name":"Y","roles":[{"part":"p","films":{"title":"One"}},{"part":"r","films":{"title":"Two"}}]},{"name":"Z","roles":[{"part":null,"films":null}]}]',
        ],
        [
          '/scenes?select=place,takes(_id)&order=_id',
          '[{"place":"here","takes":[{"_id":1},{"_id":2}]},{"place":"there","takes":[{"_id":3}]},{"place":"nowhere","takes":[]}]',
        ],
        [
          '/takes?select=_id,scenes(place)&order=_id',
          '[{"_id":1,"scenes":{"place":"here"}},{"_id":2,"scenes":{"place":"here"}},{"_id":3,"scenes":{"place":"there"}},{"_id":4,"scenes":null}]',
        ],
        [
          '/notes?select=_id,films(title)&order=_id',
          '[{"_id":1,"films":{"title":"Two"}},{"_id":2,"films":null}]',
        ],
        [
          '/films?select=_id,notes(_id)&order=_id',
          '[{"_id":1,"notes":[]},{"_id":2,"notes":[{"_id":1}]},{"_id":3,"notes":[]},{"_id":4,"notes":[]},{"_id":5,"notes":[]}]',
        ],
        ['/films?select=_id,directors!inner()&order=_id', '[{"_id":1},{"_id":2},{"_id":3}]'],
        [
          '/films?select=_id,actors!inner(name)&order=_id&actors.order=_id',
          '[{"_id":1,"actors":[{"name":"X"},{"name":"Y"}]},{"_id":2,"actors":[{"name":"Y"}]}]',
        ],
        [
          '/films?select=_id,...directors(dn:name,born)&order=_id',
          '[{"_id":1,"dn":"Ana","born":1950},{"_id":2,"dn":"Ana","born":1950},{"_id":3,"dn":"Bo","born":null},{"_id":4,"dn":null,"born":null},{"_id":5,"dn":null,"born":null}]',
        ],
        [
          '/directors?select=name,...films(_id,title)&films.order=_id&order=_id',
          '[{"name":"Ana","_id":[1,2],"title":["One","Two"]},{"name":"Bo","_id":[3],"title":["Three"]},{"name":"Cy","_id":[],"title":[]}]',
        ],
        [
          '/directors?select=name,...films(_id,...actors(an:name))&films.order=_id&films.actors.order=_id&order=_id',
          '[{"name":"Ana","_id":[1,2],"an":[["X","Y"],["Y"]]},{"name":"Bo","_id":[3],"an":[[]]},{"name":"Cy","_id":[],"an":[]}]',
        ],
        [
          '/roles?select=part,...films(title,...directors(name))&order=_id',
          '[{"part":"p","title":"One","name":"Ana"},{"part":"q","title":"One","name":"Ana"},{"part":"r","title":"Two","name":"Ana"},{"part":null,"title":null,"name":null}]',
        ],
        [
          '/directors?select=name,films(_id)&films.limit=0&order=_id',
          '[{"name":"Ana","films":[]},{"name":"Bo","films":[]},{"name":"Cy","films":[]}]',
        ],
        [
          '/films?select=_id,directors(*)&order=_id&limit=1',
          '[{"_id":1,"directors":{"_id":1,"name":"Ana","born":1950}}]',
        ],
      ],
    ],
    [
      'aggregates',
      [
        ['/films?select=count()', '[{"count":5}]'],
        [
          '/films?select=year.count(),year.sum(),year.avg(),year.min(),year.max(),rating.sum(),rating.avg(),rating.min(),rating.max(),price.sum(),price.avg(),seen.sum(),seen.avg()',
          '[{"count":3,"sum":6007,"avg":2002.3333333333333333,"min":2001,"max":2003,"sum":"NaN","avg":"NaN","min":2,"max":"NaN","sum":4.00,"avg":2.0000000000000000,"sum":9007199254740994,"avg":4503599627370497.0000}]',
        ],
        [
          '/films?select=year,count()&order=year',
          '[{"year":2001,"count":1},{"year":2003,"count":2},{"year":null,"count":2}]',
        ],
        [
          '/films?select=year,count()&order=count.desc,year&limit=2',
          '[{"year":2003,"count":2},{"year":null,"count":2}]',
        ],
        [
          '/films?select=count(),directors(name)&order=count',
          '[{"count":1,"directors":{"name":"Bo"}},{"count":2,"directors":{"name":"Ana"}},{"count":2,"directors":null}]',
        ],
        [
          '/films?select=year.max(),...directors(name)&order=directors(name)',
          '[{"max":2003,"name":"Ana"},{"max":null,"name":"Bo"},{"max":2003,"name":null}]',
        ],
        [
          '/films?select=director_id,...directors(born.sum(),count())&order=director_id',
          '[{"director_id":1,"sum":3900,"count":2},{"director_id":2,"sum":null,"count":1},{"director_id":null,"sum":null,"count":0}]',
        ],
        [
          '/directors?select=name,films(count(),year.sum())&order=_id',
          '[{"name":"Ana","films":[{"count":2,"sum":4004}]},{"name":"Bo","films":[{"count":1,"sum":null}]},{"name":"Cy","films":[{"count":0,"sum":null}]}]',
        ],
        [
          '/directors?select=name,films(year,count())&films.order=year&order=_id',
          '[{"name":"Ana","films":[{"year":2001,"count":1},{"year":2003,"count":1}]},{"name":"Bo","films":[{"year":null,"count":1}]},{"name":"Cy","films":[]}]',
        ],
        ['/empty?select=count(),n.sum(),n.avg()', '[{"count":0,"sum":null,"avg":null}]'],
        ['/empty?select=count()&offset=1', '[]'],
        ['/empty?select=n,count()', '[]'],
        // a column of dates holds a text, too
        [
          '/visits?select=at::text.min(),at::text.max()',
          '[{"min":"2024-01-02 03:04:05.6+00","max":"not yet"}]',
        ],
        ['/films?select=year.sum()::text,count()::text', '[{"sum":"6007","count":"5"}]'],
        [
          '/films?select=title,rating::text,price::int.sum(),count()&order=title&limit=2',
          '[{"title":"Four","rating":"2","sum":null,"count":1},{"title":"One","rating":"7.5","sum":2,"count":1}]',
        ],
      ],
    ],
    [
      'filters',
      [
        ['/films?select=_id&year=gt.2001&order=_id', '[{"_id":2},{"_id":5}]'],
        ['/films?select=_id&rating=gt.3&order=_id', '[{"_id":1},{"_id":2}]'],
        [
          '/films?select=_id,director_id&director_id=eq.1&order=_id.desc',
          '[{"_id":2,"director_id":1},{"_id":1,"director_id":1}]',
        ],
        [
          '/directors?select=name,films(_id)&films.year=eq.2003&order=_id',
          '[{"name":"Ana","films":[{"_id":2}]},{"name":"Bo","films":[]},{"name":"Cy","films":[]}]',
        ],
        [
          '/directors?select=name,films!inner(_id)&films.year=eq.2003&order=_id',
          '[{"name":"Ana","films":[{"_id":2}]}]',
        ],
        ['/directors?select=name,films()&films=is.null&order=_id', '[{"name":"Cy"}]'],
        [
          '/directors?select=name,films()&films=not.is.null&films.title=eq.Three',
          '[{"name":"Bo"}]',
        ],
        [
          '/directors?select=name,films()&or=(films.is.null,name.eq.Ana)&order=_id',
          '[{"name":"Ana"},{"name":"Cy"}]',
        ],
        ['/films?select=_id,actors()&actors.name=eq.X&actors=not.is.null', '[{"_id":1}]'],
        [
          '/films?select=_id,actors(name)&actors.name=eq.X&order=_id&limit=2',
          '[{"_id":1,"actors":[{"name":"X"}]},{"_id":2,"actors":[]}]',
        ],
        [
          '/directors?select=name,films(count())&films.year=eq.2003&order=_id',
          '[{"name":"Ana","films":[{"count":1}]},{"name":"Bo","films":[{"count":0}]},{"name":"Cy","films":[{"count":0}]}]',
        ],
        [
          '/films?select=_id,awards(name)&awards.order=name&order=_id&limit=2',
          '[{"_id":1,"awards":[{"name":"gold"},{"name":"silver"}]},{"_id":2,"awards":[]}]',
        ],
        [
          '/awards?select=name,films(_id)&films.order=_id&order=_id',
          '[{"name":"gold","films":[{"_id":1}]},{"name":"silver","films":[{"_id":1},{"_id":5}]},{"name":"tin","films":[]}]',
        ],
        [
          '/films?select=data->a->b->>0,count()&order=count&limit=1&year=eq.2001',
          '[{"b":"10","count":1}]',
        ],
        [
          '/films?select=data->>a,count()&_id=lte.2',
          '[{"a":"{\\"b\\": [10, 20]}","count":1},{"a":"[1]","count":1}]',
        ],
      ],
    ],
  ])('%s', (_, cases) => {
    test.each(cases)('%s', async (path, expected) => {
      const { body } = await read(path)
      expect(body).toBe(expected)
    })
  })

  test.each<[string, string, number]>([
    ['/films?select=_id&limit=1', 'exact', 5],
    ['/films?select=_id&limit=1&year=eq.2003', 'exact', 2],
    ['/films?select=year,count()&limit=1', 'exact', 5],
    ['/films?select=_id&limit=1&offset=9', 'exact', 5],
    ['/films?select=_id&limit=0', 'exact', 5],
    ['/films?select=_id&limit=1&year=eq.1', 'exact', 0],
    ['/films?select=_id&limit=1', 'planned', 5],
    ['/films?select=_id&limit=1', 'estimated', 5],
    ['/films?select=_id&limit=1&year=eq.2003', 'planned', 2],
    ['/directors?select=_id,films!inner(_id)&films.limit=0&limit=1', 'exact', 2],
    ['/directors?select=_id,films()&films=is.null&limit=1', 'exact', 1],
    ['/films?select=_id,actors!inner()&actors.name=eq.X&limit=0', 'exact', 1],
  ])('%s has a total by %s of %i', async (path, count, total) => {
    const answer = await read(path, { headers: { prefer: `count=${count}` } })
    expect(answer.total).toBe(total)
  })

  describe('under policies', () => {
    const all = ['films', 'directors', 'actors', 'roles']
    const policy = (relation: string, using: string) => {
      return { name: using, role: 'clerk', relation, actions: 'select', using }
    }
    const registry = {
      grants: [{ role: 'clerk', relation: all, actions: 'select' }],
      policies: [
        policy('directors', 'born=gt.{{claims.born}}'),
        policy('films', 'directors.name=neq.nobody'),
        policy('roles', 'part=in.(p,q)'),
      ],
    }
    test.each<[string, unknown, string]>([
      ['/directors?select=name', { born: 1900 }, '[{"name":"Ana"}]'],
      ['/directors?select=name', {}, '[]'],
      ['/films?select=_id&order=_id', {}, '[{"_id":1},{"_id":2},{"_id":3}]'],
      [
        '/actors?select=name,films(_id,directors(name))&order=_id',
        { born: 1900 },
        '[{"name":"X","films":[{"_id":1,"directors":{"name":"Ana"}}]},{"name":"Y","films":[{"_id":1,"directors":{"name":"Ana"}}]},{"name":"Z","films":[]}]',
      ],
      ['/directors?select=count()', { born: 1999 }, '[{"count":0}]'],
      ['/films?select=_id,directors!inner()', { born: 1900 }, '[{"_id":1},{"_id":2}]'],
    ])('%s for %o', async (path, claims, expected) => {
      const { body } = await runMongodbPlan(
        database.db,
        snapshot,
        ruledRead(snapshot, registry, path, claims),
      )
      expect(body).toBe(expected)
    })

    test('a reference leads on where its column is granted', async () => {
      const columns = (relation: string, ...names: readonly string[]) => {
        return { role: 'clerk', relation, columns: names, actions: 'select' }
      }
      const grants = [columns('notes', '_id', 'on'), columns('films', '_id')]
      const embed = '/notes?select=_id,films(_id)&order=_id'
      const { body } = await runMongodbPlan(
        database.db,
        snapshot,
        ruledRead(snapshot, { grants }, embed),
      )
      expect(body).toBe('[{"_id":1,"films":{"_id":2}},{"_id":2,"films":null}]')
    })
  })

  describe('as far as they go', () => {
    test('lookups inside each other', async () => {
      const names = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'directors' : 'films'))
      const nested = names.reduceRight((inner, name) => `${name}(${inner})`, '_id')
      const { body } = await read(`/films?select=${nested}&_id=eq.3`)
      expect(body.match(/directors/g)).toHaveLength(10)
    })

    // a pipeline has 1,000 stages at most: of these, embeds take less than what a request may ask for
    test('embeds beside each other', async () => {
      const beside = Array.from({ length: 190 }, (_, n) => `e${n}:directors(_id)`)
      const { body } = await read(`/films?select=${beside}&_id=eq.3`)
      expect(body.match(/"_id":2/g)).toHaveLength(190)
    })

    test('arrows', async () => {
      const steps = (step: string) => Array.from({ length: 40 }, () => step).join('')
      const { body } = await read(
        `/films?select=a:data${steps('->a')},b:data${steps('->0')}&_id=eq.1`,
      )
      expect(body).toBe('[{"a":null,"b":null}]')
    })

    test('order terms', async () => {
      const terms = Array.from({ length: 16 }, (_, n) => `data->k${n}`)
      const { rows } = await read(`/films?select=_id&order=${terms}`)
      expect(rows).toBe(5)
    })
  })
})
