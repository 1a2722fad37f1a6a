import { expect, test } from 'vitest'
import type { ReloadOutcome } from '../../../src/cache/reload-signal.ts'
import { isUnheardChange } from '../../../src/sources/unheard-change.ts'

const nothing = { added: [], removed: [], changed: [] }
const published: ReloadOutcome = {
  kind: 'published',
  snapshotVersion: 2,
  durationMs: 1,
  queuedMs: 0,
  changes: { ...nothing, added: ['api.films'] },
}

test.each([
  ['poll', true],
  ['stale-name', true],
  ['stale-hit', true],
  ['stale-mark', true],
  ['connection-lost', true],
  ['signal', true],
  ['admin', true],
  ['program', true],
  ['notify', false],
  ['change-stream', false],
  ['listener-connected', false],
  ['start', false],
  // of a load that may have been told of
  ['retry', false],
] as const)('a change that is found by %s was not heard of: %s', (origin, isUnheard) => {
  expect(isUnheardChange(origin, published)).toBe(isUnheard)
})

test.each<[string, ReloadOutcome]>([
  [
    'finds nothing',
    { kind: 'unchanged', foundBy: 'check', snapshotVersion: 2, durationMs: 1, queuedMs: 0 },
  ],
  ['loads what was there', { ...published, changes: nothing }],
  ['fails', { kind: 'failed', durationMs: 1, queuedMs: 0, cause: 'broken' }],
])('a reload that %s finds no change', (_, outcome) => {
  expect(isUnheardChange('admin', outcome)).toBe(false)
})
