import { describe, expect, test } from 'vitest'
import { likeToRegExp, translateLike } from '../../../../src/backends/values/like-pattern.ts'

describe('likeToRegExp', () => {
  test.each([
    ['ÉPS%', 'épsilon', true],
    ['_b', 'AB', true],
    ['_', '😀', true],
    ['a.c', 'abc', false],
    ['a\\%', 'A%', true],
    ['a\\%', 'ab', false],
    ['a%', 'x\na', false],
    ['%a', 'x\nA', true],
    ['(a|b)$', '(A|B)$', true],
    ['a-b/c^d$', 'A-B/C^D$', true],
    [' !"#$%&\'()*+,-./:;<=>?@[]^`{|}~', ' !"#$%&\'()*+,-./:;<=>?@[]^`{|}~', true],
  ])('%j on %j is %s', (like, text, matches) => {
    expect(likeToRegExp(like).test(text)).toBe(matches)
  })
})

test('another language writes the three parts in its own way', () => {
  const writer = { any: '<any>', one: '<one>', literal: (character: string) => `(${character})` }
  expect(translateLike('a%_\\%\\\\😀', writer)).toBe('(a)<any><one>(%)(\\)(😀)')
})
