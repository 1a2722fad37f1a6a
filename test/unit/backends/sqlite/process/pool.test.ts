import { expect, test } from 'vitest'
import { createSqlitePool } from '../../../../../src/backends/sqlite/process/sqlite-pool.ts'
import {
  ProcessEnded,
  type SqliteProcess,
} from '../../../../../src/backends/sqlite/process/sqlite-process.ts'

/** Answers, or is held up for ever. */
function workingProcess(id: string, isHeldUp: boolean): SqliteProcess {
  return {
    id,
    hasEnded: false,
    ready: Promise.resolve(),
    ended: new Promise(() => {}),
    ask: () =>
      isHeldUp
        ? new Promise(() => {})
        : Promise.resolve({ reply: { kind: 'current' }, body: new Uint8Array() }),
    demote: () => false,
    kill: () => {},
  }
}

function stillbornProcess(): SqliteProcess {
  const ready = Promise.reject(new ProcessEnded('out of memory'))
  ready.catch(() => undefined)
  return {
    ...workingProcess('none', false),
    hasEnded: true,
    ready,
    ended: Promise.resolve('out of memory'),
  }
}

const limits = {
  max: 2,
  acquisitionTimeoutMs: 3000,
  maxIdleMs: 60_000,
  maxLifetimeMs: 60_000,
}

test('a request that waits is served by the reader that starts after one that could not', async () => {
  const toStart = [workingProcess('held up', true), stillbornProcess()]
  const pool = createSqlitePool({
    start: () => toStart.shift() ?? workingProcess('late', false),
    limits: () => limits,
    warm: 2,
    observe: () => undefined,
  })
  const { signal } = new AbortController()
  const request = { op: 'version' } as const
  void pool.run(request, 0, signal)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await pool.run(request, 0, signal)).toMatchObject({ kind: 'answered' })
})

test('while no process can be started, requests are told at once instead of waiting', async () => {
  let started = 0
  const pool = createSqlitePool({
    start: () => {
      started += 1
      return stillbornProcess()
    },
    limits: () => limits,
    warm: 2,
    observe: () => undefined,
  })
  const { signal } = new AbortController()
  const request = { op: 'version' } as const
  const first = await pool.run(request, 0, signal)
  expect(first).toEqual({ kind: 'lost', cause: 'out of memory', afterMs: null })
  const second = await pool.run(request, 0, signal)
  expect(second).toMatchObject({ kind: 'lost', afterMs: null })
  expect(started).toBe(2)
  expect(pool.stats().waiting).toBe(0)
})
