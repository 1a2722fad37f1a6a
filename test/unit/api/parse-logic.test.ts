import { expect, test } from 'vitest'
import type { SlotValue } from '../../../src/api/api-request.ts'
import { logicTree } from '../../../src/api/parse-logic.ts'
import { parseText } from '../../../src/api/scanner.ts'

function tree(text: string): readonly [unknown, readonly SlotValue[]] {
  const values: SlotValue[] = []
  return [parseText(logicTree, text, (it) => it, values).value, values]
}

const eq = (name: string, value: number, negated = false) => ({
  kind: 'filter',
  field: { name, jsonPath: [] },
  negated,
  operation: { kind: 'comparison', operator: 'eq', value },
})

test('operators nest and negate at every level', () => {
  expect(tree('not.and(a.eq.1,not.or(b.not.eq.2,c.eq.3))')).toEqual([
    {
      kind: 'logic',
      operator: 'and',
      negated: true,
      operands: [
        eq('a', 0),
        {
          kind: 'logic',
          operator: 'or',
          negated: true,
          operands: [eq('b', 1, true), eq('c', 2)],
        },
      ],
    },
    ['1', '2', '3'],
  ])
})

test.each<[string, SlotValue]>([
  ['or(a.eq."x,y)")', 'x,y)'],
  ['or(a.cs.{1,2})', '{1,2}'],
  ['or(a.in.(1,"2,3"))', ['1', '2,3']],
  ['or(a.eq.x y )', 'x y '],
  ['or(a.fts(english).b)', 'b'],
  ['or(a.eq(any).{1,2})', '{1,2}'],
])('%s holds the value', (text, value) => {
  expect(tree(text)[1]).toEqual([value])
})

test('blanks are allowed around parentheses and commas', () => {
  const [parsed, values] = tree('and( and ( id.in.( 1, 2 ) , id.eq.3 ) , or ( id.eq.2 ) )')
  expect(parsed).toMatchObject({ operands: [{ operator: 'and' }, { operator: 'or' }] })
  expect(values).toEqual([['1', ' 2 '], '3 ', '2 '])
})

test('columns may have JSON paths and quotes', () => {
  expect(tree('and(data->a->>0.eq.1,"a.b".is.null)')[0]).toMatchObject({
    operands: [
      { field: { name: 'data', jsonPath: [{ key: 'a' }, { key: '0', isIndex: true }] } },
      { field: { name: 'a.b' }, operation: { kind: 'is', value: 'null' } },
    ],
  })
})

test('a column may be called like an operator', () => {
  expect(tree('and(and.eq.1,or.eq.2,not.eq.3)')[0]).toMatchObject({
    operands: [{ field: { name: 'and' } }, { field: { name: 'or' } }, { field: { name: 'not' } }],
  })
})
