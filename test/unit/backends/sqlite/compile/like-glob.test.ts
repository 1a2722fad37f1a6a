import { describe, expect, test } from 'vitest'
import { likeToGlob } from '../../../../../src/backends/sqlite/compile/like-glob.ts'

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
