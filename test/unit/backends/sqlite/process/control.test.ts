import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { createSqliteControl } from '../../../../../src/backends/sqlite/process/sqlite-control.ts'
import type { SqliteProcess } from '../../../../../src/backends/sqlite/process/sqlite-process.ts'

/** A process that answers at once; its kind of answer matters to nobody here. */
function answeringProcess(): SqliteProcess {
  return {
    id: '1',
    hasEnded: false,
    ready: Promise.resolve(),
    ended: Promise.resolve('killed'),
    ask: async () => ({ reply: { kind: 'current' }, body: new Uint8Array() }),
    demote: () => false,
    kill: () => {},
  }
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

describe('the control process', () => {
  test('keeps nothing of a question that was answered', async () => {
    const control = createSqliteControl(answeringProcess)
    const askMany = async () => {
      for (let count = 0; count < 5000; count += 1) {
        await control.ask({ op: 'version' }, new AbortController().signal)
        if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await askMany()
    const before = usedHeap()
    await askMany()
    // two kilobytes of each, where a signal is made that outlives its question
    expect((usedHeap() - before) / 5000).toBeLessThan(500)
  })
})
