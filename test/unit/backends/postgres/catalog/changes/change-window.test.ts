import { expect, test } from 'vitest'
import { ChangeWindow } from '../../../../../../src/backends/postgres/catalog/changes/change-window.ts'
import { KeySet } from '../../../../../../src/backends/postgres/catalog/changes/key-set.ts'
import {
  type CatalogChanges,
  type CountedKind,
  countedKinds,
  type FreshRow,
} from '../../../../../../src/backends/postgres/catalog/changes/read-changes.ts'

const keysOf = (...keys: readonly number[]) =>
  new KeySet(
    Float64Array.from(keys),
    Float64Array.from(keys, (key) => key * 10),
  )

/** Keys of relations and rules; there is nothing of the rest. */
const keySets = (relations: readonly number[], rules: readonly number[]) =>
  new Map<CountedKind, KeySet>(
    countedKinds.map((kind) => {
      if (kind === 'relation') return [kind, keysOf(...relations)]
      return [kind, keysOf(...(kind === 'rule' ? rules : []))]
    }),
  )

const fresh = (kind: string, key: number, version: number, mark = key * 10): FreshRow => ({
  key,
  mark,
  extra: 0,
  identity: `${kind} ${key} ${version}`,
})

function changes(
  held: Partial<Record<CountedKind, number>>,
  rows: Partial<Record<CountedKind | 'column', readonly FreshRow[]>> = {},
  more: Partial<CatalogChanges> = {},
): CatalogChanges {
  return {
    identity: 'here',
    incarnation: 'one',
    settings: 'none',
    xmin: 100n,
    xmax: 100n,
    held: new Map(countedKinds.map((kind) => [kind, held[kind] ?? 0])),
    fresh: new Map(
      (['relation', 'rule', 'column'] as const).map((kind) => [kind, rows[kind] ?? []]),
    ),
    ...more,
  }
}

const counts = { relation: 2, rule: 1 }
const begin = () => new ChangeWindow(changes(counts), keySets([1, 2], [7]), new Map())

test('a row that is fresh is told once, as long as it stays the same version', () => {
  const window = begin()
  const look = changes(counts, { rule: [fresh('rule', 7, 1)] })
  const told = { kind: 'rule', key: 7, owner: 70, extra: 0, change: 'changed' }
  expect(window.advance(window.compare(look), new Map())).toEqual([told])
  expect(window.advance(window.compare(look), new Map())).toEqual([])
  const newer = changes(counts, { rule: [fresh('rule', 7, 2)] })
  expect(window.advance(window.compare(newer), new Map())).toEqual([told])
})

test('a new version of a row that says the same is no change', () => {
  const window = begin()
  const same = changes(counts, { relation: [fresh('relation', 1, 1)] })
  expect(window.advance(window.compare(same), new Map())).toEqual([])
  const other = changes(counts, { relation: [fresh('relation', 1, 2, 5)] })
  expect(window.advance(window.compare(other), new Map())).toMatchObject([
    { kind: 'relation', key: 1, owner: 0, change: 'changed' },
  ])
})

test('a row that went is found by counting, though another came in its place', () => {
  const window = begin()
  const look = window.compare(changes(counts, { rule: [fresh('rule', 9, 1)] }))
  expect(look.miscounted).toEqual(['rule'])
  expect(window.advance(look, new Map([['rule', keysOf(9)]]))).toEqual([
    { kind: 'rule', key: 9, owner: 90, extra: 0, change: 'came' },
    { kind: 'rule', key: 7, owner: 70, extra: 0, change: 'went' },
  ])
  expect(window.compare(changes(counts)).miscounted).toEqual([])
})

test('rows that are not counted are told by their version alone', () => {
  const window = begin()
  const look = window.compare(changes(counts, { column: [fresh('column', 70, 1, 1)] }))
  expect(look.miscounted).toEqual([])
  expect(window.advance(look, new Map())).toMatchObject([{ kind: 'column', owner: 1 }])
})

test.each<readonly [string, Partial<CatalogChanges>]>([
  ['another server', { incarnation: 'two' }],
  ['one that went back in time', { xmax: 99n }],
  ['one that is 2^31 transactions on', { xmax: 101n + 2n ** 31n }],
])('nothing can be told of %s', (_, more) => {
  expect(begin().isLostOn(changes(counts, {}, more))).toBe(true)
  expect(begin().isLostOn(changes(counts))).toBe(false)
})

test('keys that the window began without are asked for, unless they are supplied', () => {
  const withoutRules = () => {
    const keys = keySets([1, 2], [])
    keys.delete('rule')
    return new ChangeWindow(changes(counts), keys, new Map())
  }
  const nothing = changes(counts)
  const late = withoutRules()
  const look = late.compare(nothing)
  expect(look.miscounted).toEqual(['rule'])
  expect(late.advance(look, new Map([['rule', keysOf(7)]]))).toEqual([])
  expect(late.compare(nothing).miscounted).toEqual([])

  const supplied = withoutRules()
  supplied.supply('rule', () => keysOf(7))
  supplied.supply('rule', () => keysOf())
  expect(supplied.compare(nothing).miscounted).toEqual([])
  const gone = supplied.compare(changes({ relation: 2, rule: 0 }))
  expect(supplied.advance(gone, new Map([['rule', keysOf()]]))).toEqual([
    { kind: 'rule', key: 7, owner: 70, extra: 0, change: 'went' },
  ])
})

test('rows that are fresh where the window begins are no news', () => {
  const first = changes(counts, { rule: [fresh('rule', 7, 1)] })
  const window = new ChangeWindow(first, keySets([1, 2], [7]), first.fresh)
  expect(window.compare(first).news).toEqual([])
  const newer = changes(counts, { rule: [fresh('rule', 7, 2)] })
  expect(window.compare(newer).news).toHaveLength(1)
})
