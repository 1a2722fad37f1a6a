import { BSON, type Document } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { Operation, SlotValue } from '../../../../../src/api/api-request.ts'
import {
  compileConditions,
  compileRules,
} from '../../../../../src/backends/mongodb/compile/compile-mongodb-filter.ts'
import type { FieldPlace } from '../../../../../src/backends/mongodb/compile/field-place.ts'
import { refusalOf } from '../../../../../src/backends/mongodb/compile/mongodb-refusal.ts'
import type { Condition, RuleCondition } from '../../../../../src/plan/plan.ts'
import { policySlot } from '../../../../../src/plan/request-values.ts'
import { type KindName, mongodbPlace, typed } from '../../../../support/mongodb-place.ts'
import { field, request as requestOf, root, where } from '../../../../support/plan-builders.ts'

const hex = '507f1f77bcf86cd799439011'

const kinds = {
  i: 'int',
  d: 'double',
  n: 'decimal',
  t: 'string',
  b: 'bool',
  bytes: 'binary',
  blobs: 'binary[]',
  prices: 'decimal[]',
  at: 'date',
  day: 'dateText',
  id: 'objectId',
  tags: 'string[]',
  data: 'document',
  code: 'other',
  mix: 'mixed',
  a: 'any',
  'x.y': 'int',
} as const satisfies Readonly<Record<string, KindName>>

const place = mongodbPlace(kinds)
const wrapped: FieldPlace = { ...place, prefix: 'd', isFirstStage: false }

/** `i=gt.5` as it is in a plan, and as it is sent. */
function filterOf(column: string, operation: Operation, value: SlotValue, at = place) {
  const [name = ''] = column.split('->')
  const kind = Object.entries(kinds).find(([key]) => key === name)?.[1] ?? 'any'
  const path = field(column)
  return (negated: boolean): Document => {
    const condition = where(typed(path, kind), operation, negated)
    return compileConditions([condition], at, noEmbeds)(requestOf({ values: [value] }))
  }
}

function noEmbeds(): never {
  throw new Error('no embeds here')
}

function comparison(
  operator: Extract<Operation, { kind: 'comparison' }>['operator'],
  quantifier?: 'any' | 'all',
): Operation {
  const plain = { kind: 'comparison', operator, value: 0 } as const
  return quantifier === undefined ? plain : { ...plain, quantifier }
}

function simple(operator: Extract<Operation, { kind: 'simple' }>['operator']): Operation {
  return { kind: 'simple', operator, value: 0 }
}

/** As the server would get it, so that types of numbers show. */
function shown(document: Document): unknown {
  return BSON.EJSON.serialize(document, { relaxed: false })
}

const A = { $not: { $type: 'array' } }
const nothing = (path: string) => ({ [path]: { $eq: null, ...A } })
const int = (value: number) => ({ $numberInt: String(value) })
const long = (value: number) => ({ $numberLong: String(value) })
const double = (value: string) => ({ $numberDouble: value })
const decimal = (value: string) => ({ $numberDecimal: value })
const none = { $nor: [{}] }

interface Row {
  readonly name: string
  readonly column: string
  readonly operation: Operation
  readonly value?: SlotValue
  readonly isTrue: unknown
  /** Where it is not: neither that nor null. */
  readonly isFalse?: unknown
}

const rows: readonly Row[] = [
  {
    name: 'eq',
    column: 't',
    operation: comparison('eq'),
    value: 'a',
    isTrue: { t: { $eq: 'a', ...A } },
    isFalse: { $nor: [{ t: { $eq: 'a', ...A } }, nothing('t')] },
  },
  {
    name: 'neq is true where eq is false',
    column: 't',
    operation: simple('neq'),
    value: 'a',
    isTrue: { $nor: [{ t: { $eq: 'a', ...A } }, nothing('t')] },
    isFalse: { t: { $eq: 'a', ...A } },
  },
  {
    name: 'gt of integers',
    column: 'i',
    operation: comparison('gt'),
    value: '5',
    isTrue: { i: { $gt: long(5), ...A } },
  },
  {
    name: 'gte of doubles: NaN is greatest',
    column: 'd',
    operation: comparison('gte'),
    value: '5',
    isTrue: {
      $or: [{ d: { $gte: double('5.0'), ...A } }, { d: { $eq: double('NaN'), ...A } }],
    },
  },
  {
    name: 'lt of NaN: all other numbers',
    column: 'd',
    operation: comparison('lt'),
    value: 'NaN',
    isTrue: { d: { $type: 'number', $ne: double('NaN'), ...A } },
  },
  {
    name: 'gt of NaN: none',
    column: 'd',
    operation: comparison('gt'),
    value: 'NaN',
    isTrue: none,
  },
  {
    name: 'eq of a fraction in a numeric column, where it may be a double',
    column: 'n',
    operation: comparison('eq'),
    value: '0.1',
    isTrue: { n: { $in: [decimal('0.1'), double('0.1')], ...A } },
  },
  {
    name: 'lt of a fraction in a numeric column',
    column: 'n',
    operation: comparison('lt'),
    value: '0.1',
    isTrue: {
      $or: [
        { n: { $lt: double('0.1'), $type: 'double', ...A } },
        { n: { $lt: decimal('0.1'), $type: ['int', 'long', 'decimal'], ...A } },
      ],
    },
  },
  {
    name: 'eq where several kinds were seen',
    column: 'mix',
    operation: comparison('eq'),
    value: '5',
    isTrue: { mix: { $in: ['5', int(5)], ...A } },
  },
  {
    name: 'eq where nothing is known',
    column: 'a',
    operation: comparison('eq'),
    value: hex,
    isTrue: { a: { $in: [hex, { $oid: hex }], ...A } },
  },
  {
    name: 'the order where nothing is known: within each type',
    column: 'a',
    operation: comparison('lte'),
    value: '5',
    isTrue: { $or: [{ a: { $lte: '5', ...A } }, { a: { $lte: int(5), ...A } }] },
  },
  {
    name: 'in',
    column: 'i',
    operation: { kind: 'in', value: 0 },
    value: ['1', '2'],
    isTrue: { i: { $in: [long(1), long(2)], ...A } },
  },
  {
    name: 'in.(): false of all rows',
    column: 'i',
    operation: { kind: 'in', value: 0 },
    value: [''],
    isTrue: none,
    isFalse: {},
  },
  {
    name: 'eq(any)',
    column: 'i',
    operation: comparison('eq', 'any'),
    value: '{1,2}',
    isTrue: { i: { $in: [long(1), long(2)], ...A } },
  },
  {
    name: 'eq(any) with a null: false of no row',
    column: 'i',
    operation: comparison('eq', 'any'),
    value: '{1,NULL}',
    isTrue: { i: { $eq: long(1), ...A } },
    isFalse: none,
  },
  {
    name: 'gt(all)',
    column: 'i',
    operation: comparison('gt', 'all'),
    value: '{1,2}',
    isTrue: { $and: [{ i: { $gt: long(1), ...A } }, { i: { $gt: long(2), ...A } }] },
  },
  {
    name: 'gt(all) with a null: true of no row',
    column: 'i',
    operation: comparison('gt', 'all'),
    value: '{1,NULL}',
    isTrue: none,
    isFalse: { $nor: [{ i: { $gt: long(1), ...A } }, nothing('i')] },
  },
  {
    name: 'eq(all) of nothing: true of all rows',
    column: 'i',
    operation: comparison('eq', 'all'),
    value: '{}',
    isTrue: {},
    isFalse: none,
  },
  {
    name: 'is.null',
    column: 't',
    operation: { kind: 'is', value: 'null' },
    isTrue: nothing('t'),
    isFalse: { $nor: [nothing('t')] },
  },
  {
    name: 'is.not_null',
    column: 't',
    operation: { kind: 'is', value: 'not_null' },
    isTrue: { $nor: [nothing('t')] },
    isFalse: nothing('t'),
  },
  {
    name: 'is.true: false of nulls',
    column: 'b',
    operation: { kind: 'is', value: 'true' },
    isTrue: { b: { $eq: true, ...A } },
    isFalse: { $nor: [{ b: { $eq: true, ...A } }] },
  },
  {
    name: 'isdistinct: true of nulls',
    column: 't',
    operation: { kind: 'isdistinct', value: 0 },
    value: 'a',
    isTrue: { $nor: [{ t: { $eq: 'a', ...A } }] },
    isFalse: { t: { $eq: 'a', ...A } },
  },
  {
    name: 'like with a prefix: an index serves',
    column: 't',
    operation: comparison('like'),
    value: 'a.b*',
    isTrue: { t: { $regex: '^a\\.b', $options: 's', ...A } },
  },
  {
    name: 'like of a whole text, its last newline too',
    column: 't',
    operation: comparison('like'),
    value: 'a_\\%',
    isTrue: { t: { $regex: '^a.%\\z', $options: 's', ...A } },
  },
  {
    name: 'ilike',
    column: 't',
    operation: comparison('ilike'),
    value: '%b%c',
    isTrue: { t: { $regex: '^(?>.*?b).*c\\z', $options: 'is', ...A } },
  },
  {
    name: 'like of an ObjectId: of its digits',
    column: 'id',
    operation: comparison('like'),
    value: '50%',
    isTrue: {
      $and: [
        { id: { $type: 'objectId', ...A } },
        {
          $expr: {
            $let: {
              vars: {
                text: {
                  $cond: [{ $eq: [{ $type: '$id' }, 'objectId'] }, { $toString: '$id' }, null],
                },
              },
              in: {
                $cond: [
                  { $eq: [{ $type: '$$text' }, 'string'] },
                  {
                    $regexMatch: { input: '$$text', regex: { $literal: '^50' }, options: 's' },
                  },
                  false,
                ],
              },
            },
          },
        },
      ],
    },
  },
  {
    name: 'match',
    column: 't',
    operation: comparison('match'),
    value: '^[[:alpha:]]+$',
    isTrue: { t: { $regex: '^[\\p{L}]+\\z', $options: 's', ...A } },
  },
  {
    name: 'imatch',
    column: 't',
    operation: comparison('imatch'),
    value: 'a|\\u00e9',
    isTrue: { t: { $regex: 'a|\\x{00e9}', $options: 'is', ...A } },
  },
  {
    name: 'eq of arrays',
    column: 'tags',
    operation: comparison('eq'),
    value: '{a,NULL}',
    isTrue: {
      $and: [
        { tags: { $in: [['a', null]] } },
        { $expr: { $in: ['$tags', { $literal: [['a', null]] }] } },
      ],
    },
  },
  {
    name: 'cs of arrays',
    column: 'tags',
    operation: simple('cs'),
    value: '{a,b}',
    isTrue: { tags: { $type: 'array', $all: ['a', 'b'] } },
  },
  {
    name: 'cs of nothing',
    column: 'tags',
    operation: simple('cs'),
    value: '{}',
    isTrue: { tags: { $type: 'array' } },
  },
  {
    name: 'cs of a null',
    column: 'tags',
    operation: simple('cs'),
    value: '{a,NULL}',
    isTrue: none,
  },
  {
    name: 'cd of arrays',
    column: 'tags',
    operation: simple('cd'),
    value: '["a"]',
    isTrue: { tags: { $type: 'array', $not: { $elemMatch: { $nin: ['a'] } } } },
  },
  {
    name: 'ov of arrays',
    column: 'tags',
    operation: simple('ov'),
    value: '{a,b}',
    isTrue: { tags: { $elemMatch: { $in: ['a', 'b'] } } },
  },
  {
    name: 'eq of a JSON scalar',
    column: 'data',
    operation: comparison('eq'),
    value: '5',
    isTrue: { data: { $eq: int(5), ...A } },
  },
  {
    name: 'eq of a JSON object: whatever the order of its keys',
    column: 'data',
    operation: comparison('eq'),
    value: '{"a":1,"$b":"x"}',
    isTrue: {
      $expr: {
        $cond: [
          { $eq: [{ $type: '$data' }, 'object'] },
          {
            $and: [
              { $eq: [{ $size: { $objectToArray: '$data' } }, int(2)] },
              {
                $eq: [
                  { $getField: { field: { $literal: 'a' }, input: '$data' } },
                  { $literal: int(1) },
                ],
              },
              {
                $eq: [
                  { $getField: { field: { $literal: '$b' }, input: '$data' } },
                  { $literal: 'x' },
                ],
              },
            ],
          },
          false,
        ],
      },
    },
  },
  {
    name: 'cs of JSON',
    column: 'data',
    operation: simple('cs'),
    value: '{"a":[1]}',
    isTrue: {
      $expr: {
        $cond: [
          { $eq: [{ $type: '$data' }, 'object'] },
          {
            $and: [
              {
                $let: {
                  vars: { v1: { $getField: { field: { $literal: 'a' }, input: '$data' } } },
                  in: {
                    $cond: [
                      { $isArray: ['$$v1'] },
                      {
                        $and: [
                          {
                            $anyElementTrue: [
                              {
                                $map: {
                                  input: '$$v1',
                                  as: 'i1',
                                  in: { $eq: ['$$i1', { $literal: int(1) }] },
                                },
                              },
                            ],
                          },
                        ],
                      },
                      false,
                    ],
                  },
                },
              },
            ],
          },
          false,
        ],
      },
    },
  },
]

describe('where a filter is true, and where it is false', () => {
  test.each(rows)('$name', ({ column, operation, value = '', isTrue, isFalse }) => {
    const filter = filterOf(column, operation, value)
    expect(shown(filter(false))).toEqual(isTrue)
    const otherwise = isFalse ?? { $nor: [isTrue, nothing(column)] }
    expect(shown(filter(true))).toEqual(otherwise)
  })

  test('a wrapped document', () => {
    expect(filterOf('t', comparison('eq'), 'a', wrapped)(false)).toEqual({
      'd.t': { $eq: 'a', ...A },
    })
  })

  test('an _id is never an array in a collection, and may be in a view', () => {
    const collection = mongodbPlace({ _id: 'int' })
    const view: FieldPlace = { ...collection, facts: { ...collection.facts, kind: 'view' } }
    const filter = (at: FieldPlace) => shown(filterOf('_id', comparison('eq'), '5', at)(false))
    expect(filter(collection)).toEqual({ _id: { $eq: long(5) } })
    expect(filter(view)).toEqual({ _id: { $eq: long(5), ...A } })
  })

  test('a name with a dot is reached by an expression', () => {
    const value = {
      $ifNull: [{ $getField: { field: { $literal: 'x.y' }, input: '$d' } }, null],
    }
    const isTrue = { $expr: { $eq: [value, { $literal: long(5) }] } }
    const filter = filterOf('x.y', comparison('eq'), '5', wrapped)
    expect(shown(filter(false))).toEqual(isTrue)
    expect(shown(filter(true))).toEqual({ $nor: [isTrue, { $expr: { $eq: [value, null] } }] })
  })

  test('a text behind ->> is looked for by an index, and compared with exactly', () => {
    const filter = filterOf('data->>n', comparison('eq'), '5')(false)
    expect(shown(filter)).toMatchObject({
      $and: [{ 'data.n': { $in: ['5', int(5)] } }, { $expr: { $in: [{}, { $literal: ['5'] }] } }],
    })
  })

  test('null behind -> is a value: there is none where the path reaches nothing', () => {
    const isNull = filterOf('data->n', { kind: 'is', value: 'null' }, '')(false)
    expect(JSON.stringify(isNull)).toMatch(/^\{"\$expr":\{"\$not":\[\{"\$let"/)
  })
})

describe('logic', () => {
  const a = where(typed(field('t'), 'string'), comparison('eq'))
  const b = where(typed(field('i'), 'int'), { kind: 'comparison', operator: 'gt', value: 1 })
  const isA = { t: { $eq: 'x', ...A } }
  const isB = { i: { $gt: long(5), ...A } }
  const isNotA = { $nor: [isA, nothing('t')] }
  const isNotB = { $nor: [isB, nothing('i')] }

  function logic(
    operator: 'and' | 'or',
    operands: readonly Condition[],
    negated = false,
  ): Condition {
    return { kind: 'logic', operator, negated, operands }
  }

  function compiled(conditions: readonly Condition[]): unknown {
    const filter = compileConditions(conditions, place, noEmbeds)
    return shown(filter(requestOf({ values: ['x', '5'] })))
  }

  test.each([
    ['no conditions', [], {}],
    ['conditions', [a, b], { $and: [isA, isB] }],
    ['or', [logic('or', [a, b])], { $or: [isA, isB] }],
    ['not.and', [logic('and', [a, b], true)], { $or: [isNotA, isNotB] }],
    ['not.or', [logic('or', [a, b], true)], { $and: [isNotA, isNotB] }],
    ['not.and(not.or)', [logic('and', [logic('or', [a, b], true)], true)], { $or: [isA, isB] }],
  ])('%s', (_, conditions, expected) => {
    expect(compiled(conditions)).toEqual(expected)
  })

  test('negations inside each other do not make it larger', () => {
    const sizeOf = (levels: number) => {
      let condition: Condition = logic('or', [a, b])
      for (let level = 0; level < levels; level += 1) {
        condition = logic(level % 2 === 0 ? 'and' : 'or', [condition, a], true)
      }
      return JSON.stringify(compiled([condition])).length
    }
    expect(sizeOf(40) - sizeOf(38)).toBe(sizeOf(20) - sizeOf(18))
  })

  test('deeper than the server reads is refused', () => {
    let condition: Condition = logic('or', [a, b])
    for (let level = 0; level < 99; level += 1) {
      condition = logic(level % 2 === 0 ? 'and' : 'or', [condition, a])
    }
    expect(refusal(() => compiled([condition]))).toMatchObject({ kind: 'too-complex' })
  })

  test('embed=is.null is asked of the embed', () => {
    const found = (child: string, negated: boolean) => ({ [child]: negated ? 'some' : 'none' })
    const embed = (negated: boolean): Condition => ({ kind: 'embed-null', child: 'e', negated })
    const conditions = [embed(false), embed(true), logic('and', [embed(false)], true)]
    expect(compileConditions(conditions, place, found)(requestOf())).toEqual({
      $and: [{ e: 'none' }, { e: 'some' }, { e: 'some' }],
    })
  })
})

describe("a client's text", () => {
  const sent = ['$where', '$gt', '{"$gt":""}', '$$ROOT', 'a.b', '__proto__', '_bsontype']

  test.each(sent)('%s is an operand', (text) => {
    for (const column of ['t', 'a', 'x.y.z', 'data->>k', `data->>${text}`]) {
      const filter = filterOf(column, comparison('eq'), text, {
        ...place,
        relation: { ...place.relation, isClosed: false },
      })
      for (const document of [filter(false), filter(true)]) {
        expect(keysIn(document).filter((key) => !ownKey.test(key))).toEqual([])
      }
    }
  })

  test.each(['$where', '$set', '$$NOW', 'a.b', '{"$gt":""}', '7'])(
    '%s is the name of a field',
    (name) => {
      const open = mongodbPlace({}, { isClosed: false })
      const texts = [comparison('eq'), comparison('gt'), comparison('like')]
      const asked = [
        ...[...texts, simple('cs')].map((operation) => [name, operation] as const),
        ...texts.map((operation) => [`data->>${name}`, operation] as const),
        [`data->${name}`, simple('cs')],
        [`data->${name}`, comparison('eq')],
      ] as const
      for (const [path, operation] of asked) {
        const request = requestOf({ values: ['{"a":1}'] })
        const filter = compileConditions([where(field(path), operation)], open, noEmbeds)
        const spoken = wordsIn(filter(request))
        expect(spoken.length).toBeGreaterThan(0)
        expect(spoken.filter((word) => word.includes(name))).toEqual([])
      }
    },
  )

  /** Keys and texts that the server does not take literally. */
  function wordsIn(value: unknown): readonly string[] {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    if (Array.isArray(value)) return value.flatMap(wordsIn)
    return Object.entries(value).flatMap(([key, member]) =>
      key === '$literal' ? [key] : [key, ...wordsIn(member)],
    )
  }

  /** Operators and names that filters are made of, and plain columns. */
  const ownKey =
    /^(\$(and|or|nor|not|expr|eq|ne|in|gt|gte|lt|type|options|regex|all|let|cond|literal|getField|ifNull|convert|dateToString|concat|rtrim|regexMatch|isNumber|isArray|anyElementTrue|map|toString|size|elemMatch|objectToArray)|vars|value|in|field|input|to|onError|onNull|date|format|chars|text|regex|options|as|v0|t|a|__proto__|data\.\w+|\d+)$/

  function keysIn(value: unknown): readonly string[] {
    if (typeof value !== 'object' || value === null) return []
    // what is literal means nothing to the server
    return Object.entries(value).flatMap(([key, member]) =>
      key === '$literal' ? [key] : [key, ...keysIn(member)],
    )
  }
})

describe('refused', () => {
  test.each([
    ['like of numbers', 'i', comparison('like'), 'a', '42883'],
    ['like of dates that are texts', 'day', comparison('like'), 'a', '42883'],
    ['no date', 'day', comparison('eq'), 'sometime', '22007'],
    ['match of dates', 'at', comparison('match'), 'a', '42883'],
    ['ilike of documents', 'data', comparison('ilike'), 'a', '42883'],
    ['like behind ->', 'data->a', comparison('like'), 'a', '42883'],
    ['eq of what only MongoDB has', 'code', comparison('eq'), 'a', '42883'],
    ['cs of texts', 't', simple('cs'), '{a}', '42883'],
    ['is.true of texts', 't', { kind: 'is', value: 'true' }, '', '42804'],
    ['is.unknown of JSON', 'data->a', { kind: 'is', value: 'unknown' }, '', '42804'],
    ['a text that is no integer', 'i', comparison('eq'), 'abc', '22P02'],
    ['a list with a text that is no integer', 'i', { kind: 'in', value: 0 }, ['1', 'x'], '22P02'],
    ['a text that is no ObjectId', 'id', comparison('eq'), 'abc', '22P02'],
    ['a text that is no list', 'i', comparison('eq', 'any'), '1', '22P02'],
    ['a text that is no JSON', 'data', comparison('eq'), '{a', '22P02'],
    ['a NUL', 't', comparison('eq'), 'a\0', '22021'],
    ['a NUL in a pattern', 't', comparison('like'), 'a\0', '22021'],
    ['no regular expression', 't', comparison('match'), 'a(', '2201B'],
    ['a verb of the matcher', 't', comparison('match'), '(*ACCEPT)', '2201B'],
    ['deep JSON', 'data', simple('cs'), '['.repeat(20) + ']'.repeat(20), '54001'],
    ['a column that is not there', 'nope', comparison('eq'), 'a', '42703'],
  ] as const)('%s', (_, column, operation, value, sqlState) => {
    expect(refusal(() => filterOf(column, operation, value)(false))).toMatchObject({
      kind: 'database',
      failure: { sqlState },
    })
  })

  test.each([
    ['the order of bytes', 'bytes', comparison('gt'), '\\x61'],
    ['the order of bytes among others', 'mix', comparison('gt'), '\\x61'],
    ['the order of bytes behind an arrow', 'data->x', comparison('gt'), '"\\\\x61"'],
    ['the order of lists of bytes', 'blobs', comparison('gt'), '{"\\\\x61"}'],
    ['the order of lists of bytes around none', 'blobs', comparison('gt'), '{}'],
    ['the order of lists of fractions', 'prices', comparison('gt'), '{0.1}'],
    ['range operators', 'data', simple('sl'), '[1,2]'],
    ['the order of JSON lists', 'data', comparison('gt'), '[1]'],
    ['the order of JSON objects', 'data', comparison('lt'), '{}'],
    ['a long regular expression', 't', comparison('match'), 'a'.repeat(5000)],
    ['a long pattern', 't', comparison('like'), 'a'.repeat(17_000)],
    ['a long pattern among others', 't', comparison('like', 'any'), `{b,${'a'.repeat(17_000)}}`],
  ] as const)('%s', (_, column, operation, value) => {
    expect(refusal(() => filterOf(column, operation, value)(false))).toMatchObject({
      kind: 'not-implemented',
    })
  })

  test('a pattern as long as every version of the server reads', () => {
    expect(filterOf('t', comparison('like'), 'a'.repeat(16_381))(false)).not.toEqual({})
  })
})

describe('full-text search', () => {
  const searched = mongodbPlace({ t: 'string', u: 'string' }, { textIndexColumn: 't' })

  function search(
    operator: 'fts' | 'plfts' | 'phfts' | 'wfts',
    value: string,
    language?: string,
    at = searched,
    column = 't',
  ): Document {
    const operation: Operation = {
      kind: 'fts',
      operator,
      value: 0,
      ...(language === undefined ? {} : { language }),
    }
    const conditions = [where(typed(field(column), 'string'), operation)]
    return compileConditions(conditions, at, noEmbeds)(requestOf({ values: [value] }))
  }

  test.each([
    ['a word is looked for by its stem', 'fts', 'cat', { $search: 'cat' }],
    ['all words', 'plfts', 'fat cat', { $search: '"fat" "cat"' }],
    ['words in a row', 'phfts', 'fat cat', { $search: '"fat cat"' }],
    ['any word', 'wfts', 'fat or cat', { $search: 'fat cat' }],
    ['not a word', 'fts', 'fat & !cat', { $search: '"fat" -cat' }],
    ['what means something to the server is no word', 'wfts', '-"a', null],
  ] as const)('%s', (_, operator, value, expected) => {
    if (expected === null) {
      expect(refusal(() => search(operator, value))).toMatchObject({ kind: 'not-implemented' })
    } else {
      expect(search(operator, value)).toEqual({ $text: expected })
    }
  })

  test('its language', () => {
    expect(search('fts', 'cat', 'simple')).toEqual({ $text: { $search: 'cat', $language: 'none' } })
    expect(search('fts', 'cat', 'french')).toMatchObject({ $text: { $language: 'french' } })
    expect(refusal(() => search('fts', 'cat', 'klingon'))).toMatchObject({
      failure: { sqlState: '42704' },
    })
  })

  test('nothing to search for is nowhere', () => {
    expect(search('plfts', '  ')).toEqual(none)
  })

  const fts: Operation = { kind: 'fts', operator: 'fts', value: 0 }
  const found = where(typed(field('t'), 'string'), fts)
  test.each([
    ['a column without an index', () => search('fts', 'a', undefined, searched, 'u')],
    ['an embed', () => search('fts', 'a', undefined, { ...searched, isFirstStage: false })],
    ['a prefix', () => search('fts', 'a:*')],
    ['alternatives in a conjunction', () => search('fts', '(a | b) & c')],
    ['a negation', () => compileConditions([{ ...found, negated: true }], searched, noEmbeds)],
    ['a second search', () => compileConditions([found, found], searched, noEmbeds)],
    [
      'an alternative',
      () =>
        compileConditions(
          [{ kind: 'logic', operator: 'or', negated: false, operands: [found] }],
          searched,
          noEmbeds,
        ),
    ],
  ])('refused: %s', (_, run) => {
    expect(refusal(run)).toMatchObject({ kind: 'not-implemented' })
  })
})

describe('rules', () => {
  const slot = policySlot(0)
  const filter = where(typed(field('i'), 'int'), {
    kind: 'comparison',
    operator: 'eq',
    value: slot,
  })
  if (filter.kind !== 'filter') throw new Error('no filter')
  const known: RuleCondition = { kind: 'known', slot, filter }
  const distinct: RuleCondition = {
    ...known,
    filter: { ...filter, operation: { kind: 'isdistinct', value: slot } },
  }
  const not = (operand: RuleCondition): RuleCondition => ({
    kind: 'logic',
    operator: 'and',
    negated: true,
    operands: [operand],
  })
  const node = root('others')

  function rule(conditions: readonly RuleCondition[], value: string | null): unknown {
    const rows = { kind: 'policed', conditions, columns: null } as const
    const related = () => ({ found: { $ne: [] } })
    const compiled = compileRules(rows, place, related)
    return compiled === null ? null : shown(compiled({ ...requestOf(), policyValues: [value] }))
  }

  const isFive = { i: { $eq: long(5), ...A } }

  test('all rows', () => {
    expect(compileRules({ kind: 'all' }, place, () => ({}))).toBeNull()
    expect(rule([], '5')).toBeNull()
  })

  test.each([
    ['a known value', [known], '5', isFive],
    ['a negation of it', [not(known)], '5', { $nor: [isFive, nothing('i')] }],
    ['no value', [known], null, none],
    ['the negation of no value', [not(known)], null, none],
    ['a value that is none of its type', [known], 'abc', none],
    ['the negation of that', [not(known)], 'abc', none],
    ['isdistinct of no value', [distinct], null, none],
    ['never', [{ kind: 'never' }], '5', none],
    ['related rows', [{ kind: 'related', node }], '5', { found: { $ne: [] } }],
    ['no related rows', [not({ kind: 'related', node })], '5', { $nor: [{ found: { $ne: [] } }] }],
  ] as const)('%s', (_, conditions, value, expected) => {
    expect(rule(conditions, value)).toEqual(expected)
  })
})

function refusal(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return refusalOf(error)
  }
}
