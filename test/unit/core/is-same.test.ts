import { describe, expect, test } from 'vitest'
import { isSame } from '../../../src/core/is-same.ts'

describe('are the same', () => {
  test.each<[unknown, unknown]>([
    [1, 1],
    [Number.NaN, Number.NaN],
    [
      { a: 1, b: [2, { c: null }] },
      { b: [2, { c: null }], a: 1 },
    ],
    [{ a: undefined }, { a: undefined }],
    [new Map([['a', { b: 1 }]]), new Map([['a', { b: 1 }]])],
    [new Set([1, 2]), new Set([2, 1])],
  ])('%j and %j', (a, b) => {
    expect([isSame(a, b), isSame(b, a)]).toEqual([true, true])
  })
})

describe('are not the same', () => {
  test.each<[unknown, unknown]>([
    [null, {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, {}],
    [{ a: undefined }, { b: 2 }],
    [
      { a: undefined, c: 1 },
      { b: 2, c: 1 },
    ],
    [[1, 2], [1]],
    [
      [1, 2],
      [2, 1],
    ],
    [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [new Set([1]), new Set([2])],
  ])('%j and %j', (a, b) => {
    expect([isSame(a, b), isSame(b, a)]).toEqual([false, false])
  })
})
