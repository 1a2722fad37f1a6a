import { describe, expect, test } from 'vitest'
import { csvRow } from '../../../../src/backends/values/csv-row.ts'
import { relates } from '../../../../src/backends/values/json-containment.ts'
import { stripJsonNulls } from '../../../../src/backends/values/strip-json-nulls.ts'

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

describe('stripJsonNulls', () => {
  test.each([
    ['{"a":null}', '{}'],
    ['{"a":1,"b":null,"c":"null"}', '{"a":1,"c":"null"}'],
    ['[{"a":null,"b":2},null]', '[{"b":2},null]'],
    ['{"a":{"b":null,"c":[{"d":null}]}}', '{"a":{"c":[{}]}}'],
    [
      '{ "a" : 9007199254740993.10 , "b\\"}" : "x,:\\\\" }',
      '{"a":9007199254740993.10,"b\\"}":"x,:\\\\"}',
    ],
    ['[]', '[]'],
    ['null', 'null'],
    ['{"null":null,"x":{"null":1}}', '{"x":{"null":1}}'],
    ['[[],{},[null,{"a":null}]]', '[[],{},[null,{}]]'],
  ])('turns %s into %s', (json, stripped) => {
    expect(stripJsonNulls(json)).toBe(stripped)
  })
})

describe('csvRow', () => {
  test.each([
    [['a', 'b'], 'a,b'],
    [[null, ''], ',""'],
    [['a b', 'c,d', 'e"f', 'g\\h', '(i)', 'j\n'], '"a b","c,d","e""f","g\\\\h","(i)","j\n"'],
    [[1, 2.5], '1,2.5'],
    [[], ''],
  ])('writes %j as %s', (fields, row) => {
    expect(csvRow(fields)).toBe(row)
  })
})
