import { expect, test } from 'vitest'
import { orderTerms } from '../../../src/api/parse-order.ts'
import { parseText } from '../../../src/api/scanner.ts'

const name = { field: { name: 'name', jsonPath: [] } }

test.each([
  ['name', [name]],
  ['name.asc', [{ ...name, direction: 'asc' }]],
  ['name.desc.nullsfirst', [{ ...name, direction: 'desc', nulls: 'first' }]],
  ['name.nullslast', [{ ...name, nulls: 'last' }]],
  [
    'name.asc, name.desc',
    [
      { ...name, direction: 'asc' },
      { ...name, direction: 'desc' },
    ],
  ],
  [
    'data->a->>0.desc',
    [
      {
        field: {
          name: 'data',
          jsonPath: [
            { arrow: '->', key: 'a', isIndex: false },
            { arrow: '->>', key: '0', isIndex: true },
          ],
        },
        direction: 'desc',
      },
    ],
  ],
  ['rel(name)', [{ relation: 'rel', ...name }]],
  ['rel(name).desc.nullslast', [{ relation: 'rel', ...name, direction: 'desc', nulls: 'last' }]],
  ['name,rel(name),name', [name, { relation: 'rel', ...name }, name]],
  ['"a.b".asc', [{ field: { name: 'a.b', jsonPath: [] }, direction: 'asc' }]],
])('%s', (text, terms) => {
  expect(parseText(orderTerms, text, (it) => it).value).toEqual(terms)
})

test.each(['', 'name.', 'name.up', 'rel(name,id)', 'name.desc.asc', 'name,', 'name.asc , id'])(
  'refuses %s',
  (text) => {
    expect(() => parseText(orderTerms, text, (it) => it)).toThrow()
  },
)
