import { describe, expect, test } from 'vitest'
import type { SelectItem } from '../../../src/api/api-request.ts'
import { selectItems } from '../../../src/api/parse-select.ts'
import { parseText } from '../../../src/api/scanner.ts'

function select(text: string): readonly SelectItem[] {
  return parseText(selectItems, text, (it) => it).value
}

function field(name: string, rest: object = {}): object {
  return { kind: 'field', field: { name, jsonPath: [] }, ...rest }
}

function embed(target: string, items: readonly object[], rest: object = {}): object {
  return { kind: 'embed', isSpread: false, target, select: items, ...rest }
}

const key = (name: string) => ({ arrow: '->', key: name, isIndex: false })
const textKey = (name: string) => ({ arrow: '->>', key: name, isIndex: false })
const index = (digits: string) => ({ arrow: '->', key: digits, isIndex: true })
const textIndex = (digits: string) => ({ arrow: '->>', key: digits, isIndex: true })

function path(name: string, steps: readonly object[], rest: object = {}): object {
  return { kind: 'field', field: { name, jsonPath: steps }, ...rest }
}

describe('names', () => {
  test.each([
    ['', []],
    ['*', [field('*')]],
    ['id,name', [field('id'), field('name')]],
    [' id , name ', [field('id'), field('name')]],
    ['Unit Price', [field('Unit Price')]],
    ['with-dash', [field('with-dash')]],
    ['123', [field('123')]],
    ['$a_b', [field('$a_b')]],
    ['موارد', [field('موارد')]],
    ['"a.b,c(d)"', [field('a.b,c(d)')]],
    ['" lead and trail "', [field(' lead and trail ')]],
    [String.raw`"quote\"back\\slash"`, [field(String.raw`quote"back\slash`)]],
    ['*,id', [field('*'), field('id')]],
    ['count', [field('count')]],
  ])('%s', (text, expected) => {
    expect(select(text)).toEqual(expected)
  })
})

describe('aliases and casts', () => {
  test.each([
    ['a:id', [field('id', { alias: 'a' })]],
    ['a: id', [field('id', { alias: 'a' })]],
    ['"my alias":id', [field('id', { alias: 'my alias' })]],
    ['id::text', [field('id', { cast: 'text' })]],
    ['a:id::double precision', [field('id', { alias: 'a', cast: 'double precision' })]],
  ])('%s', (text, expected) => {
    expect(select(text)).toEqual(expected)
  })
})

describe('JSON paths', () => {
  test.each([
    ['data->a->>b', [path('data', [key('a'), textKey('b')])]],
    ['data->0->>-1', [path('data', [index('0'), textIndex('-1')])]],
    ['data->"a.b"->>"c d"', [path('data', [key('a.b'), textKey('c d')])]],
    ['data->!@#$%^&*_a', [path('data', [key('!@#$%^&*_a')])]],
    ['data->a-b', [path('data', [key('a-b')])]],
    ['data->78xy', [path('data', [key('78xy')])]],
    ['x:data->0::int', [path('data', [index('0')], { alias: 'x', cast: 'int' })]],
  ])('%s', (text, expected) => {
    expect(select(text)).toEqual(expected)
  })
})

describe('aggregates', () => {
  test.each([
    ['count()', [field('*', { aggregate: 'count' })]],
    ['n:count()::text', [field('*', { alias: 'n', aggregate: 'count', aggregateCast: 'text' })]],
    ['id.count()', [field('id', { aggregate: 'count' })]],
    ['a:id.max()', [field('id', { alias: 'a', aggregate: 'max' })]],
    [
      'id::int.min()::text',
      [field('id', { cast: 'int', aggregate: 'min', aggregateCast: 'text' })],
    ],
    ['data->n.sum()', [path('data', [key('n')], { aggregate: 'sum' })]],
    ['id.avg(),name', [field('id', { aggregate: 'avg' }), field('name')]],
  ])('%s', (text, expected) => {
    expect(select(text)).toEqual(expected)
  })
})

describe('embeds', () => {
  test.each([
    ['rel(id)', [embed('rel', [field('id')])]],
    ['rel()', [embed('rel', [])]],
    ['a:rel(*)', [embed('rel', [field('*')], { alias: 'a' })]],
    ['rel!hint(*)', [embed('rel', [field('*')], { hint: 'hint' })]],
    ['rel!inner(*)', [embed('rel', [field('*')], { join: 'inner' })]],
    ['rel!left(*)', [embed('rel', [field('*')], { join: 'left' })]],
    [
      'a:rel!hint!inner(id)',
      [embed('rel', [field('id')], { alias: 'a', hint: 'hint', join: 'inner' })],
    ],
    ['rel!inner!hint(id)', [embed('rel', [field('id')], { hint: 'hint', join: 'inner' })]],
    ['id,rel( id , b(*))', [field('id'), embed('rel', [field('id'), embed('b', [field('*')])])]],
    ['...rel(id)', [embed('rel', [field('id')], { isSpread: true })]],
    [
      'x,...rel!hint!left(y,...z(*))',
      [
        field('x'),
        embed('rel', [field('y'), embed('z', [field('*')], { isSpread: true })], {
          isSpread: true,
          hint: 'hint',
          join: 'left',
        }),
      ],
    ],
    ['rel(count())', [embed('rel', [field('*', { aggregate: 'count' })])]],
  ])('%s', (text, expected) => {
    expect(select(text)).toEqual(expected)
  })
})

test('what begins like no item at all is an empty select', () => {
  expect(select('...rel')).toEqual([])
  expect(select('!')).toEqual([])
})

test('text behind a closed list is ignored', () => {
  expect(select('rel(id)garbage')).toEqual([embed('rel', [field('id')])])
})

test.each(['rel(', 'rel(id', 'count(id)', 'id,', 'a:b:c', 'id name(', 'rel(id) ', 'rel!a!b!c(id)'])(
  'refuses %s',
  (text) => {
    expect(() => select(text)).toThrow()
  },
)
