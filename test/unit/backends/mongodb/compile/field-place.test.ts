import { describe, expect, test } from 'vitest'
import {
  coveringPath,
  expressionOf,
  fieldFacts,
  kindOf,
  memberOf,
  queryPath,
  storedName,
  textOf,
} from '../../../../../src/backends/mongodb/compile/field-place.ts'
import {
  notImplemented,
  refusalOf,
} from '../../../../../src/backends/mongodb/compile/mongodb-refusal.ts'
import { mongodbPlace } from '../../../../support/mongodb-place.ts'
import { field } from '../../../../support/plan-builders.ts'

const top = mongodbPlace(
  { id: 'objectId', data: 'document', tags: 'string[]', 'a.b': 'int' },
  { stored: { id: '_id' } },
)
const wrapped = { ...top, prefix: 'd' }
const open = mongodbPlace({}, { isClosed: false })

describe('paths of the query language', () => {
  test.each([
    ['a column at the top', top, 'data', 'data'],
    ['a column of a wrapped document', wrapped, 'data', 'd.data'],
    ['a column that is stored under another name', wrapped, 'id', 'd._id'],
    ['a name with a dot has none', wrapped, 'a.b', null],
    ['a name with a dollar has none', open, '$where', null],
    ['an index-like name has none', open, '0', null],
    ['a JSON path has none', top, 'data->a', null],
  ])('%s', (_, place, path, expected) => {
    expect(queryPath(place, field(path))).toBe(expected)
  })

  test.each([
    ['data->a->>b', 'd.data.a.b'],
    ['data->0', null],
    ['data->$a', null],
    ['data->a.b', null],
  ])('the documents of %s are found by %s', (path, expected) => {
    expect(coveringPath(wrapped, field(path))).toBe(expected)
  })
})

describe('expressions', () => {
  test.each([
    ['a plain column', wrapped, 'data', '$d.data'],
    [
      'a name with a dot',
      wrapped,
      'a.b',
      { $getField: { field: { $literal: 'a.b' }, input: '$d' } },
    ],
    [
      'a name with a dollar at the top',
      open,
      '$where',
      { $getField: { field: { $literal: '$where' }, input: '$$ROOT' } },
    ],
    ['a name that no field has', open, 'a\0b', '$$REMOVE'],
    [
      'keys of objects',
      top,
      'data->a->>$b',
      {
        $getField: {
          field: { $literal: '$b' },
          input: { $getField: { field: { $literal: 'a' }, input: '$data' } },
        },
      },
    ],
    [
      'an index from the end',
      top,
      'data->-1',
      {
        $let: {
          vars: { list: '$data' },
          in: {
            $cond: [{ $isArray: ['$$list'] }, { $arrayElemAt: ['$$list', -1] }, '$$REMOVE'],
          },
        },
      },
    ],
  ])('%s', (_, place, path, expected) => {
    expect(expressionOf(place, field(path))).toEqual(expected)
  })

  test('a path grows by the same with each index', () => {
    const sizes = [1, 2, 3].map((steps) => {
      return JSON.stringify(expressionOf(top, field(`data${'->0'.repeat(steps)}`))).length
    })
    const [one = 0, two = 0, three = 0] = sizes
    expect(three - two).toBe(two - one)
  })

  test.each([
    ['a column that is not there', 'nope', { sqlState: '42703' }],
    ['an arrow behind ->>', 'data->>a->b', { sqlState: '42883' }],
    ['an index beyond 32 bits', 'data->4294967296', { sqlState: '22003' }],
  ])('refused: %s', (_, path, failure) => {
    expect(refusal(() => expressionOf(top, field(path)))).toMatchObject({
      kind: 'database',
      failure,
    })
  })

  test('refused: a key that no text of PostgreSQL can be, which a column may be called', () => {
    expect(refusal(() => expressionOf(top, field('data->a\0')))).toEqual({
      kind: 'database',
      failure: expect.objectContaining({ sqlState: '22021' }),
    })
    expect(expressionOf(open, field('a\0'))).toBe('$$REMOVE')
  })

  test('refused: a path that is deeper than servers read', () => {
    expect(refusal(() => expressionOf(top, field(`data${'->a'.repeat(41)}`)))).toMatchObject({
      kind: 'too-complex',
    })
  })
})

test.each([
  ['id', 'objectId'],
  ['data', 'document'],
  ['data->a', 'any'],
  ['data->>a', 'string'],
] as const)('%s holds %s', (path, expected) => {
  expect(kindOf(top, field(path))).toBe(expected)
})

test('a column by its facts and its name in the documents', () => {
  expect(fieldFacts(top, field('id'))?.field).toBe('_id')
  expect(fieldFacts(open, field('seen'))).toBeNull()
  expect(storedName(top, field('id'))).toBe('_id')
  expect(storedName(open, field('seen'))).toBe('seen')
})

test('a text is made of the value that an expression has, which is asked for once', () => {
  const text = JSON.stringify(textOf(memberOf('$data', 'a')))
  expect(text.split('$getField')).toHaveLength(2)
  expect(text).toContain('"onNull":null')
})

test('what is not implemented is no failure of the database', () => {
  expect(refusal(() => notImplemented('flying'))).toEqual({
    kind: 'not-implemented',
    feature: 'flying',
  })
})

function refusal(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return refusalOf(error)
  }
}
