import { describe, expect, test } from 'vitest'
import { likeToGlob, likeToRegExp } from '../../../../src/backends/values/like-pattern.ts'
import { compilePosixPattern } from '../../../../src/backends/values/posix-pattern.ts'

describe('likeToGlob', () => {
  test.each([
    ['abc', 'abc'],
    ['a%b_c', 'a*b?c'],
    ['50\\%\\_\\\\', '50%_\\'],
    ['*?[]', '[*][?][[]]'],
    ['\\*', '[*]'],
    ['line\nbreak%', 'line\nbreak*'],
  ])('turns %j into %j', (like, glob) => {
    expect(likeToGlob(like)).toBe(glob)
  })
})

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

describe('compilePosixPattern', () => {
  test.each([
    ['^a', 'abc', true],
    ['B', 'abc', false],
    ['(?i)B', 'abc', true],
    ['[[:alpha:]]+[[:digit:]]', 'é1', true],
    ['^[^[:space:]]+$', 'a b', false],
    ['\\mone\\M', 'no one here', true],
    ['\\mone\\M', 'someone', false],
    ['a\\yb', 'ab', false],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[a\\-z]', '-', true],
    ['a.c', 'a\nc', true],
    ['(?n)a.c', 'a\nc', false],
    ['\\w', 'é', true],
    ['a\\#b', 'a#b', true],
    ['x{2}', 'xx', true],
  ])('%j on %j is %s', (pattern, text, matches) => {
    expect(compilePosixPattern(pattern, false)?.test(text)).toBe(matches)
  })

  test('ignores case when asked to', () => {
    expect(compilePosixPattern('^É', true)?.test('éa')).toBe(true)
  })

  test.each(['[', '(', '*', 'a{2', '[b-a]', '\\'])('%j is no pattern', (pattern) => {
    expect(compilePosixPattern(pattern, false)).toBeNull()
  })
})
