import { describe, expect, test } from 'vitest'
import {
  parseContainmentOperand,
  relates,
} from '../../../../src/backends/values/json-containment.ts'

describe('parseContainmentOperand', () => {
  test.each([
    ['{"a":[1]}', { kind: 'document', value: { a: [1] } }],
    ['[1,"a"]', { kind: 'document', value: [1, 'a'] }],
    ['5', { kind: 'document', value: 5 }],
    ['null', { kind: 'document', value: null }],
    ['{}', { kind: 'members', texts: [] }],
    ['{a,null}', { kind: 'members', texts: ['a', null] }],
    ['{"a","b"}', { kind: 'members', texts: ['a', 'b'] }],
  ])('%s', (text, operand) => {
    expect(parseContainmentOperand(text)).toEqual({ ok: true, value: operand })
  })

  test.each([
    ['a', 'Array value must start with "{" or dimension information.'],
    ['{a', null],
  ])('%s is neither', (text, details) => {
    expect(parseContainmentOperand(text)).toMatchObject({
      ok: false,
      error: { sqlState: '22P02', message: `malformed array literal: "${text}"`, details },
    })
  })
})

describe('relates', () => {
  test.each([
    ['cs', [1, 2], [1], true],
    ['cs', [1, 2], 1, true],
    ['cs', [1, [2]], [2], false],
    ['cs', [[1, 2]], [[1]], true],
    ['cs', { a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }, true],
    ['cs', { a: 1 }, { a: '1' }, false],
    ['cs', { a: 1 }, {}, true],
    ['cs', { a: [1, 2] }, { a: 1 }, false],
    ['cs', 'x', 'x', true],
    ['cd', [1], [1, 2], true],
    ['cd', [3], [1, 2], false],
    ['ov', [1, 2], [2, 3], true],
    ['ov', [[1]], [[1], 2], true],
    ['ov', [1], ['1'], false],
    ['ov', { a: 1 }, { a: 1 }, false],
  ] as const)('%s of %j and the document %j is %s', (operator, document, value, expected) => {
    expect(relates(operator, document, { kind: 'document', value })).toBe(expected)
  })

  test.each([
    ['cs', ['a', 'b'], ['a'], true],
    ['cs', [1, 2], ['1'], true],
    ['cs', [true, null], ['true'], true],
    ['cs', ['a'], [null], false],
    ['cs', ['a'], [], true],
    ['cd', ['a'], ['a', 'b'], true],
    ['cd', ['a', null], ['a', null], false],
    ['cd', [], ['a'], true],
    ['ov', [1, 2], ['2', '3'], true],
    ['ov', [], ['2'], false],
    ['ov', [null], [null], false],
    ['cs', { a: 1 }, ['a'], false],
  ] as const)('%s of %j and the members %j is %s', (operator, document, texts, expected) => {
    expect(relates(operator, document, { kind: 'members', texts })).toBe(expected)
  })
})
