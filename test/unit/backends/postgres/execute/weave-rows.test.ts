import { describe, expect, test } from 'vitest'
import { bytesForRows, weaveRows } from '../../../../../src/backends/postgres/execute/weave-rows.ts'
import { runAtOnce } from '../../../../../src/core/run-in-slices.ts'
import { createRandom, type Random } from '../../../../fuzz/random.ts'

/** The woven text; null where the lists do not fit together. */
function woven(
  names: readonly string[],
  lists: readonly string[],
  rows: number,
  isStoredJson = false,
): string | null {
  const buffers = lists.map((list) => Buffer.from(list))
  const listed = names.map((name) => ({ name, isStoredJson }))
  const out = Buffer.alloc(bytesForRows(listed, buffers, rows))
  return runAtOnce(weaveRows(listed, buffers, rows, out))?.toString() ?? null
}

function randomText(random: Random): string {
  const signs = ['"', '\\', ',', ' ', '\n', ']', '[', '{', '}', ':', 'a', 'é', '\u2028', '😀']
  return random.times(0, 6, () => random.pick(signs)).join('')
}

function randomValue(random: Random, depth: number): unknown {
  switch (random.int(0, depth === 0 ? 3 : 5)) {
    case 0:
      return randomText(random)
    case 1:
      return random.int(-1000, 1000) / 8
    case 2:
      return random.pick([true, false])
    case 3:
      return null
    case 4:
      return random.times(0, 3, () => randomValue(random, depth - 1))
    default:
      return { [randomText(random)]: randomValue(random, depth - 1) }
  }
}

describe('weaving lists of columns into rows', () => {
  test('prints as PostgreSQL prints rows', () => {
    expect(woven(['id', 'say "hi"'], ['[1, 2]', '["a", null]'], 2)).toBe(
      '[{"id":1,"say \\"hi\\"":"a"}, \n {"id":2,"say \\"hi\\"":null}]',
    )
  })

  test('keeps what is inside of values, blanks of stored JSON too', () => {
    const values = [' {"a" : "]}," } ', '[[1, 2], ["\\\\"]]', '"\\""', '-1.5e+10']
    expect(woven(['v'], [`[${values.join(', ')}]`], 4)).toBe(
      `[${values.map((value) => `{"v":${value}}`).join(', \n ')}]`,
    )
  })

  test('knows the line feed between objects and between lists', () => {
    expect(woven(['v'], ['[{"a":1}, \n {"a":2}]'], 2)).toBe('[{"v":{"a":1}}, \n {"v":{"a":2}}]')
  })

  test('keeps a line feed that stored JSON begins with', () => {
    expect(woven(['v'], ['[{"a":1}, \n {"a":2}]'], 2, true)).toBe(
      '[{"v":{"a":1}}, \n {"v":\n {"a":2}}]',
    )
  })

  test('any values', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = createRandom(seed)
      const names = random.times(1, 5, (at) => `${at}${randomText(random)}`)
      const rows = random.times(1, 40, () =>
        names.map(() => JSON.stringify(randomValue(random, 3))),
      )
      const lists = names.map((_, at) => `[${rows.map((row) => row[at]).join(', ')}]`)
      const objects = rows.map(
        (row) => `{${names.map((name, at) => `${JSON.stringify(name)}:${row[at]}`).join(',')}}`,
      )
      expect(woven(names, lists, rows.length), `seed ${seed}`).toBe(`[${objects.join(', \n ')}]`)
    }
  })

  test.each([
    ['too few values', ['[1, 2]', '[1]'], 2],
    ['too many values', ['[1, 2]', '[1, 2, 3]'], 2],
    ['no end of a text', ['["a]'], 1],
    ['no end behind a backslash', ['["a\\'], 1],
    ['no end of an object', ['[{"a":1]'], 1],
    ['an end too many', ['[1}]'], 1],
    ['no list', ['1'], 1],
    ['nothing', [''], 1],
  ])('says of what is no list of as many values that it is none: %s', (_, lists, rows) => {
    expect(woven(['a', 'b'].slice(0, lists.length), lists, rows)).toBeNull()
  })
})
