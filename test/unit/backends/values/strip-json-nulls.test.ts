import { describe, expect, test } from 'vitest'
import { stripJsonNulls } from '../../../../src/backends/values/strip-json-nulls.ts'

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
