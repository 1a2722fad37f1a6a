import { describe, expect, test } from 'vitest'
import { compilePosixPattern } from '../../../../src/backends/values/posix-pattern.ts'

function matched(pattern: string, ignoresCase: boolean, text: string): boolean | null {
  const compiled = compilePosixPattern(pattern, ignoresCase)
  return compiled.ok ? compiled.value.test(text) : null
}

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
    expect(matched(pattern, false, text)).toBe(matches)
  })

  test('ignores case when asked to', () => {
    expect(matched('^É', true, 'éa')).toBe(true)
  })

  test.each(['[', '(', '*', 'a{2', '[b-a]', '\\'])('%j is no pattern', (pattern) => {
    expect(compilePosixPattern(pattern, false)).toMatchObject({
      ok: false,
      error: { sqlState: '2201B', message: `invalid regular expression: ${pattern}` },
    })
  })
})
