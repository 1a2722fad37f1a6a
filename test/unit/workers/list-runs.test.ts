/** How one list is made of another: what stays is not sent again. */
import { describe, expect, test } from 'vitest'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'
import { listRuns } from '../../../src/workers/list-runs.ts'

const members = (...names: readonly string[]) => names.map((name) => ({ name }))
const letters = members(...'abcdefghij')
const fresh = { name: 'new' }

function runs(previous: readonly unknown[], next: readonly unknown[]) {
  return runAtOnce(listRuns(previous, next))
}

/** The list that the runs make of the first one. */
function made(previous: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  return runs(previous, next).flatMap((run) =>
    run.kind === 'keep' ? previous.slice(run.from, run.to) : run.items,
  )
}

describe('the runs of a list', () => {
  test.each<[string, readonly unknown[], readonly unknown[], number]>([
    ['the same', letters, letters, 0],
    ['a copy in depth', letters, structuredClone(letters), 0],
    ['one more in the middle', letters, letters.toSpliced(5, 0, fresh), 1],
    ['one more in a copy', letters, structuredClone(letters.toSpliced(5, 0, fresh)), 1],
    ['one at the front', letters, [fresh, ...letters], 1],
    ['one less', letters, letters.toSpliced(3, 1), 0],
    ['another one in a place', letters, letters.toSpliced(3, 1, fresh), 1],
    [
      'others in two places of a copy',
      letters,
      structuredClone(letters.with(1, fresh).with(8, fresh)),
      2,
    ],
    ['another order', letters, letters.toReversed(), 0],
    ['one twice', letters, [...letters, ...letters.slice(0, 1)], 0],
    ['from nothing', [], letters, 10],
    ['to nothing', letters, [], 0],
  ])('%s', (_, previous, next, added) => {
    expect(made(previous, next)).toEqual(next)
    const sent = runs(previous, next).flatMap((run) => (run.kind === 'add' ? run.items : []))
    expect(sent).toHaveLength(added)
  })

  test('many that have gone in a row are passed over, where the others are the very same', () => {
    const many = members(...Array.from({ length: 500 }, (_, at) => `m${at}`))
    expect(runs(many, many.toSpliced(100, 300))).toEqual([
      { kind: 'keep', from: 0, to: 100 },
      { kind: 'keep', from: 400, to: 500 },
    ])
  })
})
