/**
 * What writes are compiled to: the filter, the documents and changes, and what of it runs as one
 * command. In the updates that are printed, a map is a document whose names come from clients.
 */
import { Int32, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import {
  type BoundWrite,
  bindWrite,
} from '../../../../../src/backends/mongodb/compile/bound-write.ts'
import {
  type CompiledWrite,
  createMongodbWriteCompiler,
} from '../../../../../src/backends/mongodb/compile/compile-mongodb-write.ts'
import { refusalOf } from '../../../../../src/backends/mongodb/compile/mongodb-refusal.ts'
import { updateOf } from '../../../../../src/backends/mongodb/compile/payload-row.ts'
import { wayOf } from '../../../../../src/backends/mongodb/execute/write-way.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { mutateOf, type RequestParts, requestOf } from '../../../../support/plan-of.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: { _id: 'int', title: 'string', year: 'int', email: 'string' },
    notes: { _id: 'any', text: 'string' },
    log: { _id: 'int', n: 'int' },
    shown: { _id: 'int', n: 'int' },
    series: { _id: 'int', n: 'int' },
    words: { _id: 'string', n: 'int' },
    things: { _id: 'binary', price: 'decimal', n: 'int' },
    reviews: { _id: 'int', stars: 'int', written: 'dateText', body: 'string', log_id: 'int' },
  },
  foreignKeys: ['reviews(log_id) -> log(_id)'],
  open: ['notes'],
  fields: {
    'films.title': { rejectsNull: true },
    'films.email': { field: 'mail' },
    'reviews.stars': { defaultJson: '3' },
    'reviews.written': { defaultJson: '"2024-1-1"' },
  },
  facts: {
    films: {
      uniqueIndexes: [
        { name: '_id_', columns: ['_id'] },
        { name: 'mail_1', columns: ['email'] },
        { name: 'both', columns: ['title', 'year'] },
      ],
    },
    notes: { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
    log: { isCapped: true, uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
    reviews: { uniqueIndexes: [{ name: 'body_1', columns: ['body'] }] },
    shown: { kind: 'view' },
    series: { kind: 'time-series' },
    words: { hasCollation: true, uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
    things: {
      uniqueIndexes: [
        { name: '_id_', columns: ['_id'] },
        { name: 'price_1', columns: ['price'] },
      ],
    },
  },
})

function compiled(line: string, parts: RequestParts = {}) {
  const plan = mutateOf(snapshot, line, parts)
  const request = requestOf(snapshot, line, parts)
  const write = createMongodbWriteCompiler()(plan, snapshot)
  if (!write.ok) throw new Error(JSON.stringify(write.error))
  const bound = bindWrite(write.value, request)
  return { plan, request, write: write.value, bound }
}

function sent(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestParts {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
}

interface Asked {
  readonly columns?: string
  readonly missing?: string
}

const first = ({ bound }: { readonly bound: BoundWrite }) => {
  const [row] = bound.rows
  if (row === undefined) throw new Error('no row')
  return row
}

describe('documents', () => {
  test('a row is a document, with its id in front and in the order that was sent', () => {
    const { document } = first(compiled('POST /films', sent({ year: 1979, email: 'a', _id: 7 })))
    expect([...Object(document)]).toEqual([
      ['_id', new Int32(7)],
      ['year', new Int32(1979)],
      ['mail', 'a'],
    ])
  })

  test('a row without an id is given one', () => {
    const { id, document } = first(compiled('POST /notes', sent({ text: 'a' })))
    expect(id).toBeInstanceOf(ObjectId)
    expect(Object(document).get('_id')).toBe(id)
  })

  test.each([
    [
      'stand in for what is not sent',
      { body: 'x' },
      {},
      { body: 'x', stars: 3, written: '2024-01-01' },
    ],
    ['give way to a null', { stars: null }, {}, { stars: null, written: '2024-01-01' }],
    ['and to a column that is named', {}, { columns: 'stars' }, { written: '2024-01-01' }],
    [
      'unless it is to have its default',
      {},
      { columns: 'stars', missing: 'default' },
      { stars: 3, written: '2024-01-01' },
    ],
  ])('defaults %s', (_title, row, { columns, missing }: Asked, expected) => {
    const line = `POST /reviews${columns === undefined ? '' : `?columns=_id,${columns}`}`
    const preferences = missing === undefined ? {} : { prefer: `missing=${missing}` }
    const { document } = first(compiled(line, sent({ _id: 1, ...row }, preferences)))
    const { _id, ...others } = Object.fromEntries(Object(document))
    expect(JSON.parse(JSON.stringify(others))).toEqual(expected)
  })

  test('a new document without an id is refused where an ObjectId is none', () => {
    const missing = 'null value in column "_id" of relation "reviews" violates not-null constraint'
    expect(refusedWith('POST /reviews', sent({ stars: 1 }))).toMatchObject({
      failure: { sqlState: '23502', message: missing },
    })
    const merge = sent({ body: 'x' }, { prefer: 'resolution=merge-duplicates' })
    const { missingId } = first(compiled('POST /reviews?on_conflict=body', merge))
    expect(missingId).toMatchObject({ sqlState: '23502' })
  })

  test('operands are read before the payload is, and before an id is missed', () => {
    const whole = sent({ stars: 'x' }, { prefer: 'return=representation' })
    const shown = '/reviews?select=stars,log(n)&log.n=eq.some'
    expect(refusedWith(`POST ${shown}`, whole)).toMatchObject({
      failure: { message: 'invalid input syntax for type integer: "some"' },
    })
    const filtered = sent({ stars: 'x' })
    expect(refusedWith('PATCH /reviews?written=eq.never', filtered)).toMatchObject({
      failure: { sqlState: '22007' },
    })
  })

  test('a null is left out where the validator lets none in', () => {
    const { document } = first(compiled('POST /films', sent({ _id: 7, title: null, year: null })))
    expect([...Object(document)]).toEqual([
      ['_id', new Int32(7)],
      ['year', null],
    ])
  })
})

describe('changes', () => {
  const changeOf = (line: string, body: unknown) => updateOf(first(compiled(line, sent(body))).row)

  test.each([
    ['a value', '/films', { title: 'x' }, { $set: new Map([['title', 'x']]) }],
    ['an operator as value', '/notes', { text: '$a' }, { $set: new Map([['text', '$a']]) }],
    ['a null', '/films', { year: null }, { $set: new Map([['year', null]]) }],
    ['a null that is not let in', '/films', { title: null }, { $unset: new Map([['title', '']]) }],
    [
      'a value that is not there',
      '/films?columns=year,title',
      { title: 'x' },
      { $set: new Map([['title', 'x']]), $unset: new Map([['year', '']]) },
    ],
    [
      'a name that is no path',
      '/notes',
      { 'a.b': '$c' },
      [
        {
          $replaceWith: {
            $setField: { field: { $literal: 'a.b' }, input: '$$ROOT', value: { $literal: '$c' } },
          },
        },
      ],
    ],
    [
      'a name like an operator, without a value',
      '/notes?columns=$set',
      {},
      [
        {
          $replaceWith: {
            $setField: { field: { $literal: '$set' }, input: '$$ROOT', value: '$$REMOVE' },
          },
        },
      ],
    ],
  ])('%s', (_, target, body, expected) => {
    expect(changeOf(`PATCH ${target}`, body)).toEqual(expected)
  })

  test('nothing', () => {
    expect(changeOf('PATCH /films', {})).toBeNull()
  })
})

describe('filters', () => {
  test('a write without a condition has an empty one', () => {
    expect(compiled('DELETE /films').bound.filter).toEqual({})
  })

  test('a write with a condition never has', () => {
    const { filter, targets } = compiled('DELETE /films?title=eq.x').bound
    expect(filter).not.toEqual({})
    expect(targets).toEqual([{ $match: filter }])
  })

  test.each([
    ['a value that is none of its type', 'year=eq.x', '22P02'],
    ['one of several', 'title=eq.x&year=eq.x', '22P02'],
    ['in a logic tree', 'or=(title.eq.x,year.eq.x)', '22P02'],
    ['an operator that the type lacks', 'year=cs.{1}', '42883'],
  ])('%s refuses the request', (_, query, sqlState) => {
    expect(refusedWith(`DELETE /films?${query}`)).toMatchObject({ failure: { sqlState } })
  })
})

function refusedWith(line: string, parts: RequestParts = {}) {
  const plan = mutateOf(snapshot, line, parts)
  const write = createMongodbWriteCompiler()(plan, snapshot)
  if (!write.ok) return write.error
  try {
    bindWrite(write.value, requestOf(snapshot, line, parts))
    return null
  } catch (error) {
    return refusalOf(error)
  }
}

test.each([
  ['POST /shown', sent({ n: 1 }), 'writing to a view'],
  ['PATCH /shown', sent({ n: 1 }), 'writing to a view'],
  ['DELETE /shown', {}, 'writing to a view'],
  ['PATCH /log', sent({ n: 1 }), 'updating a capped collection'],
  ['DELETE /log', {}, 'deleting from a capped collection'],
  ['PATCH /series', sent({ n: 1 }), 'updating a time series'],
  ['PUT /series?_id=eq.1', sent({ _id: 1 }), 'upserting into a time series'],
  ['PUT /log?_id=eq.1', sent({ _id: 1 }), 'upserting into a capped collection'],
  [
    'POST /words',
    sent({ _id: 'a' }, { prefer: 'resolution=merge-duplicates' }),
    'upserting by texts in a collection that has a collation',
  ],
])('%s is refused', (line, parts, feature) => {
  expect(refusedWith(line, parts)).toEqual({ kind: 'not-implemented', feature })
})

test('a column that is not there is not returned, even where no rows are shown', () => {
  const parts = sent({ _id: 1 }, { prefer: 'return=headers-only' })
  expect(refusedWith('POST /films?select=x', parts)).toMatchObject({
    failure: { sqlState: '42703', message: 'column films.x does not exist' },
  })
})

describe('the target of a conflict', () => {
  const merge = { prefer: 'resolution=merge-duplicates' }

  test.each([
    ['the id', 'POST /films', ['_id']],
    ['a unique index', 'POST /films?on_conflict=email', ['mail']],
    [
      'an index over several, in any order',
      'POST /films?on_conflict=year,title',
      ['title', 'year'],
    ],
  ])('is %s', (_, line, fields) => {
    expect(compiled(line, sent({ _id: 1, title: 'x' }, merge)).write.conflict).toMatchObject({
      resolution: 'merge',
      fields,
    })
  })

  test('is refused where no index has exactly these columns', () => {
    const parts = sent({ _id: 1 }, merge)
    expect(refusedWith('POST /films?on_conflict=title', parts)).toMatchObject({
      failure: { sqlState: '42P10' },
    })
  })
})

describe('a PUT', () => {
  test.each([
    ['/films?_id=eq.7', { _id: 7 }, 1],
    ['/films?_id=eq.7', { _id: 8 }, 0],
    ['/films?_id=eq.7', [{ _id: 8 }, { _id: 7 }], 1],
    ['/notes?_id=eq.7', { _id: 7 }, 1],
    ['/notes?_id=eq.7', { _id: '7' }, 1],
    ['/notes?_id=eq.7', { _id: 7.5 }, 0],
  ])('%s with %j writes %i', (target, body, rows) => {
    expect(compiled(`PUT ${target}`, sent(body)).bound.rows).toHaveLength(rows)
  })

  test('is not for a key that its column cannot store', () => {
    expect(refusedWith('PUT /films?_id=eq.99999999999', sent({ _id: 7 }))).toMatchObject({
      failure: {
        sqlState: '22003',
        message: 'value "99999999999" is out of range for type integer',
      },
    })
  })
})

describe('how a write is run', () => {
  const way = (
    line: string,
    parts: RequestParts = {},
    more: Partial<CompiledWrite> = {},
    isCompared = false,
  ) => {
    const { plan, request, write, bound } = compiled(line, parts)
    const { preferences } = request
    const commits = preferences.tx !== 'rollback'
    return wayOf({ plan, preferences, write: { ...write, ...more }, bound, commits, isCompared })
  }
  const prefer = (text: string) => ({ prefer: text })

  test.each([
    ['POST /films', sent({ _id: 1 })],
    ['POST /films', sent({ _id: 1 }, prefer('return=headers-only'))],
    ['POST /films', sent([])],
    ['POST /films', sent({ _id: 1 }, prefer('resolution=merge-duplicates'))],
    ['POST /notes', sent({ _id: 1 }, prefer('resolution=ignore-duplicates'))],
    ['PUT /films?_id=eq.1', sent({ _id: 1 })],
    ['PATCH /films?_id=eq.1', sent({ year: 1 })],
    ['PATCH /films?email=eq.a&year=gt.1', sent({ year: 1 })],
    ['DELETE /films?_id=eq.1', {}],
    ['DELETE /films?title=eq.a&year=eq.1', {}],
    ['DELETE /films?_id=eq.1', { headers: prefer('handling=strict,max-affected=1') }],
  ])('%s by one command: %j', (line, parts) => {
    expect(way(line, parts)).toEqual({ kind: 'command' })
  })

  test.each([
    ['POST /films', sent([{ _id: 1 }, { _id: 2 }])],
    ['POST /films', sent({ _id: 1 }, prefer('return=representation'))],
    ['POST /films', sent({ _id: 1 }, prefer('tx=rollback'))],
    ['POST /films', sent([{ _id: 1 }, { _id: 2 }], prefer('resolution=merge-duplicates'))],
    ['POST /films', sent({ _id: 1 }, prefer('resolution=merge-duplicates,return=headers-only'))],
    ['PUT /notes?_id=eq.1', sent({ _id: 1, 'a.b': 1 })],
    ['PATCH /films?year=eq.1', sent({ year: 1 })],
    ['PATCH /films', sent({ year: 1 })],
    // a text that may stand for several values may name several rows
    ['PATCH /notes?_id=eq.1', sent({ text: 'a' })],
    ['PATCH /films?or=(_id.eq.1,_id.eq.2)', sent({ year: 1 })],
    ['PATCH /films?_id=not.eq.1', sent({ year: 1 })],
    ['PATCH /films?_id=eq.1', sent({ year: 1 }, prefer('return=representation'))],
    ['DELETE /films?title=eq.a', {}],
    ['DELETE /films?_id=eq.1', { headers: prefer('handling=strict,max-affected=0') }],
  ])('%s in a transaction: %j', (line, parts) => {
    expect(way(line, parts)).toEqual({ kind: 'transaction' })
  })

  test('PATCH of a row that is compared first in a transaction, and not without', () => {
    const patch = ['PATCH /films?_id=eq.1', sent({ year: 1 })] as const
    expect(way(...patch, {}, true)).toEqual({ kind: 'transaction' })
    expect(way(...patch, { hasTransactions: false }, true)).toEqual({
      kind: 'refused',
      feature: 'If-Match where there are no transactions',
    })
  })

  test.each([
    ['POST /films', sent({ _id: 1 }, prefer('tx=rollback')), 'tx=rollback'],
    [
      'POST /films',
      sent([{ _id: 1 }, { _id: 2 }], prefer('resolution=merge-duplicates')),
      'several rows',
    ],
    ['POST /notes', sent({ _id: 1, $a: 1 }, prefer('resolution=merge-duplicates')), 'dollar signs'],
    ['POST /log', sent([{ _id: 1 }, { _id: 2 }]), 'several rows'],
  ])('%s not without transactions: %j', (line, parts, feature) => {
    expect(way(line, parts, { hasTransactions: false })).toEqual({
      kind: 'refused',
      feature: expect.stringContaining(feature),
    })
  })

  test('several commands, where there are no transactions', () => {
    const parts = sent([{ _id: 1 }, { _id: 2 }])
    expect(way('POST /films', parts, { hasTransactions: false })).toEqual({ kind: 'commands' })
  })
})
