import { describe, expect, test } from 'vitest'
import { parseArrayLiteral, toArrayLiteral } from '../../../../src/backends/values/array-literal.ts'

describe('array literals', () => {
  test.each([
    [['a', 'b'], '{"a","b"}'],
    [['say "hi"', 'back\\slash', 'a,b'], '{"say \\"hi\\"","back\\\\slash","a,b"}'],
    [['null', ''], '{"null",""}'],
    [['cut\0here'], '{"cut"}'],
    [[''], '{""}'],
    [[], '{}'],
  ])('%j is %s', (members, literal) => {
    expect(toArrayLiteral(members)).toBe(literal)
  })

  test.each([
    ['{}', []],
    [' { } ', []],
    ['{a,b}', ['a', 'b']],
    ['{ a , "b c" ,NULL,"null"}', ['a', 'b c', null, 'null']],
    ['{"a\\"b","c\\\\d",""}', ['a"b', 'c\\d', '']],
    ['{1,-2.5}', ['1', '-2.5']],
    ['{a b}', ['a b']],
  ])('%s is read as %j', (literal, members) => {
    expect(parseArrayLiteral(literal)).toEqual({ ok: true, value: members })
  })

  test.each(['', 'a', '{a', 'a}', '{a,}', '{,a}', '{{a},{b}}', '{"a}', '{a"b"}'])(
    '%j is none',
    (text) => {
      expect(parseArrayLiteral(text)).toMatchObject({
        ok: false,
        error: { sqlState: '22P02', message: `malformed array literal: "${text}"` },
      })
    },
  )

  test('what was written reads back', () => {
    const members = ['a', '', '"', '\\', ',', '{', ' b ', 'NULL']
    expect(parseArrayLiteral(toArrayLiteral(members))).toEqual({ ok: true, value: members })
  })
})
