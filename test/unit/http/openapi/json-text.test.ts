import { expect, test } from 'vitest'
import { joinMembers, jsonMembers, jsonObject } from '../../../../src/http/openapi/json-text.ts'

test('members keep their order, and those without a text are left out', () => {
  const text = jsonObject([
    ['b', '1'],
    ['10', 'null'],
    ['gone', null],
    ['9', '"x"'],
  ])
  expect(text).toBe('{"b":1,"10":null,"9":"x"}')
})

test('names are escaped', () => {
  expect(jsonObject([['a"b\n', '{}']])).toBe('{"a\\"b\\n":{}}')
})

test('an object of nothing, and of parts that hold nothing, is empty', () => {
  expect(jsonObject([])).toBe('{}')
  expect(joinMembers(['', jsonMembers([['a', null]])])).toBe('{}')
  expect(joinMembers(['', '"a":1', '', '"b":2,"c":3'])).toBe('{"a":1,"b":2,"c":3}')
})
