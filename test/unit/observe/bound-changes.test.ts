import { describe, expect, test } from 'vitest'
import { boundChanges, withMoreChanges } from '../../../src/observe/bound-changes.ts'
import type { ReloadChange } from '../../../src/observe/reload-record.ts'

const counts = { added: 10_000, removed: 3, changed: 0 }

function added(name: string, after: string | null = null): ReloadChange {
  return { kind: 'added', subject: 'relation', name, part: null, before: null, after }
}

describe('the changes that a record keeps', () => {
  test('are all counted, and the first of them listed, of which no more are made', () => {
    let made = 0
    function* changes(): Generator<ReloadChange> {
      for (;;) {
        made += 1
        yield added(`api.t${made}`)
      }
    }
    const bounded = boundChanges(counts, changes())
    expect(bounded).toMatchObject({ ...counts, isCut: true })
    expect(bounded.list).toHaveLength(200)
    expect(made).toBe(201)
  })

  test('have a bound in all, whatever their texts', () => {
    const long = 'x'.repeat(100_000)
    const bounded = boundChanges(
      counts,
      Array.from({ length: 150 }, () => added(long, long)),
    )
    expect(JSON.stringify(bounded).length).toBeLessThan(60_000)
    expect(bounded.isCut).toBe(true)
  })

  test('of two lists have the bound of one', () => {
    const bounded = boundChanges(
      counts,
      Array.from({ length: 150 }, (_, at) => added(`t${at}`)),
    )
    expect(bounded.isCut).toBe(false)
    const both = withMoreChanges(bounded, bounded)
    expect(both).toMatchObject({ added: 20_000, removed: 6, isCut: true })
    expect(both.list).toHaveLength(200)
  })
})
