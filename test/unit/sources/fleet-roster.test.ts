/** Who else was heard on the database, and for how long that is remembered. */
import { expect, test } from 'vitest'
import { createFleetRoster } from '../../../src/sources/fleet-roster.ts'

function setUp() {
  let nowMs = 0
  const roster = createFleetRoster({ now: () => nowMs })
  return {
    ...roster,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

test('counts each process once, for two minutes after its last word', () => {
  const { heard, status, pass } = setUp()
  expect(status()).toEqual({ others: 0, lastHeardAt: null })
  heard('a')
  heard('b')
  pass(60_000)
  heard('a')
  expect(status()).toEqual({ others: 2, lastHeardAt: '1970-01-01T00:01:00.000Z' })
  pass(60_001)
  expect(status().others).toBe(1)
  pass(60_000)
  expect(status()).toEqual({ others: 0, lastHeardAt: '1970-01-01T00:01:00.000Z' })
})

test('keeps so many names and no more', () => {
  const { heard, status } = setUp()
  for (let name = 0; name < 10_000; name += 1) heard(String(name))
  expect(status().others).toBe(200)
})
