import { expect, test } from 'vitest'
import { claimsWithRole } from '../../../src/auth/claims-with-role.ts'

test.each([
  ['{}', '{"role":"r"}'],
  [' {\n} \n', '{"role":"r"}'],
  ['{"a":1}', '{"a":1,"role":"r"}'],
  ['{"role":"r"}\n', '{"role":"r"}'],
  ['{"role":"other","a":[1,{"role":"kept"}]}', '{"a":[1,{"role":"kept"}],"role":"r"}'],
  ['{"a":1,"role":["x","y"],"b":2}', '{"a":1,"b":2,"role":"r"}'],
  [
    '{"id":9007199254740993,"n":1.50,"big":1e400}',
    '{"id":9007199254740993,"n":1.50,"big":1e400,"role":"r"}',
  ],
  [String.raw`{"a\"}":"{[,\\","b":"}"}`, String.raw`{"a\"}":"{[,\\","b":"}","role":"r"}`],
  [String.raw`{"r\u006fle":1,"x":2}`, '{"x":2,"role":"r"}'],
  ['{ "a" : { "b" : [ ] } , "c" : null }', '{"a" : { "b" : [ ] },"c" : null,"role":"r"}'],
])('%s becomes %s', (claims, expected) => {
  expect(claimsWithRole(claims, 'r')).toBe(expected)
  expect(() => JSON.parse(expected)).not.toThrow()
})

test('spells the role as JSON', () => {
  expect(JSON.parse(claimsWithRole('{"a":1}', 'ro"le\n☺'))).toEqual({ a: 1, role: 'ro"le\n☺' })
})
