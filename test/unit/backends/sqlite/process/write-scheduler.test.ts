import { describe, expect, test } from 'vitest'
import type {
  WriteJob,
  WriteOutcome,
} from '../../../../../src/backends/sqlite/process/write-job.ts'
import {
  type WriterEvents,
  WriteScheduler,
} from '../../../../../src/backends/sqlite/process/write-scheduler.ts'

/** A writer whose batches end when the test says so. */
class PlayedWriter {
  readonly events: WriterEvents<string>
  /** What was sent since the last commit. */
  sent: { readonly id: number; readonly request: string }[] = []
  batches: (readonly { readonly id: number; readonly request: string }[])[] = []
  isKilled = false

  constructor(events: WriterEvents<string>) {
    this.events = events
  }

  get last(): readonly { readonly id: number; readonly request: string }[] {
    return this.batches.at(-1) ?? []
  }

  committing(): void {
    this.events.committing(this.last.map(({ id }) => id))
  }

  answerAll(): void {
    for (const { id, request } of this.last) this.events.replied(id, `${request}!`)
  }
}

function rig() {
  let now = 0
  const writers: PlayedWriter[] = []
  const outcomes = new Map<string, WriteOutcome<string>>()
  const scheduler = new WriteScheduler<string, string>({
    start(events) {
      const writer = new PlayedWriter(events)
      writers.push(writer)
      return {
        send: (id, request) => {
          writer.sent.push({ id, request })
        },
        commit() {
          writer.batches.push(writer.sent)
          writer.sent = []
        },
        kill() {
          writer.isKilled = true
        },
      }
    },
    acquisitionTimeoutMs: () => 10_000,
    now: () => now,
  })
  return {
    scheduler,
    outcomes,
    writers,
    writer(): PlayedWriter {
      const writer = writers.at(-1)
      if (writer === undefined) throw new Error('no writer was started')
      return writer
    },
    write(
      request: string,
      more: { readonly isLarge?: boolean; readonly timeoutMs?: number } = {},
    ): WriteJob<string, string> {
      return scheduler.submit({
        request,
        isLarge: false,
        timeoutMs: 0,
        ...more,
        onPlaced: () => undefined,
        onSettled: (outcome) => outcomes.set(request, outcome),
      })
    },
    pass(ms: number): void {
      now += ms
      scheduler.look()
    },
  }
}

function requests(batch: readonly { readonly request: string }[]): readonly string[] {
  return batch.map(({ request }) => request)
}

describe('writes', () => {
  test('that come while a batch runs are the next one', () => {
    const { write, writer } = rig()
    write('a')
    writer().events.ready()
    write('b')
    write('c')
    expect(writer().batches.map(requests)).toEqual([['a']])
    writer().committing()
    writer().answerAll()
    expect(writer().batches.map(requests)).toEqual([['a'], ['b', 'c']])
  })

  test('are one batch when they wait for the process', () => {
    const { write, writer, outcomes } = rig()
    for (const request of ['a', 'b', 'c']) write(request)
    writer().events.ready()
    writer().answerAll()
    expect([...outcomes]).toEqual([
      ['a', { kind: 'answered', reply: 'a!' }],
      ['b', { kind: 'answered', reply: 'b!' }],
      ['c', { kind: 'answered', reply: 'c!' }],
    ])
  })

  test('of many rows are alone, in their turn', () => {
    const { write, writer } = rig()
    write('a')
    write('large', { isLarge: true })
    write('b')
    write('c')
    writer().events.ready()
    for (let batch = 0; batch < 3; batch += 1) writer().answerAll()
    expect(writer().batches.map(requests)).toEqual([['a'], ['large'], ['b', 'c']])
  })

  test('are a hundred in a batch at most', () => {
    const { write, writer } = rig()
    for (let n = 0; n < 101; n += 1) write(String(n))
    writer().events.ready()
    writer().answerAll()
    expect(writer().batches.map((batch) => batch.length)).toEqual([100, 1])
  })

  test('that wait for too long are given up, and never run', () => {
    const { write, writer, outcomes, pass } = rig()
    write('a')
    writer().events.ready()
    write('b')
    pass(9_999)
    expect(outcomes.get('b')).toBeUndefined()
    pass(1)
    expect(outcomes.get('b')).toEqual({ kind: 'acquisition-timeout' })
    writer().answerAll()
    expect(writer().batches.map(requests)).toEqual([['a']])
  })

  test('whose client leaves while they wait never run', () => {
    const { scheduler, write, writer, outcomes } = rig()
    write('a')
    writer().events.ready()
    scheduler.abandon(write('b'))
    writer().answerAll()
    expect(outcomes.get('b')).toEqual({ kind: 'cancelled' })
    expect(writer().batches.map(requests)).toEqual([['a']])
  })
})

describe('a process that ends', () => {
  test('has stored nothing of what it did not commit: each runs again, alone', () => {
    const { write, writer, writers, outcomes } = rig()
    write('a')
    write('b')
    writer().events.ready()
    write('c')
    writer().events.ended('killed')
    expect(writers).toHaveLength(2)
    writer().events.ready()
    for (let batch = 0; batch < 3; batch += 1) writer().answerAll()
    expect(writer().batches.map(requests)).toEqual([['a'], ['b'], ['c']])
    expect([...outcomes.values()]).toEqual(
      ['a', 'b', 'c'].map((request) => ({ kind: 'answered', reply: `${request}!` })),
    )
  })

  test('leaves it unknown what it was committing, and that is never run again', () => {
    const { write, writer, writers, outcomes } = rig()
    write('a')
    write('b')
    writer().events.ready()
    writer().committing()
    const [first] = writer().last
    writer().events.replied(first?.id ?? 0, 'a!')
    writer().events.ended('killed')
    expect(outcomes.get('a')).toEqual({ kind: 'answered', reply: 'a!' })
    expect(outcomes.get('b')).toEqual({ kind: 'unknown', cause: 'killed' })
    expect(writers).toHaveLength(1)
  })

  test('of which some was committed has the rest run again', () => {
    const { write, writer, outcomes } = rig()
    write('a')
    write('b')
    writer().events.ready()
    const [first, second] = writer().last
    writer().events.committing([first?.id ?? 0])
    writer().events.ended('killed')
    expect(outcomes.get('a')).toMatchObject({ kind: 'unknown' })
    writer().events.ready()
    expect(requests(writer().last)).toEqual([second?.request])
  })

  test('three times under the same write is not given it again', () => {
    const { write, writer, writers, outcomes } = rig()
    write('bad')
    for (let n = 0; n < 3; n += 1) {
      writer().events.ready()
      writer().events.ended(`end ${n}`)
    }
    expect(outcomes.get('bad')).toEqual({ kind: 'lost', cause: 'end 2' })
    expect(writers).toHaveLength(3)
  })

  test('at its start fails what waits for it', () => {
    const { write, writer, writers, outcomes } = rig()
    write('a')
    writer().events.ended('no memory')
    expect(outcomes.get('a')).toEqual({ kind: 'lost', cause: 'no memory' })
    expect(writers).toHaveLength(1)
    write('b')
    expect(writers).toHaveLength(2)
  })
})

describe('a write past its time', () => {
  test('is ended, and it alone', () => {
    const { write, writer, outcomes, pass } = rig()
    write('slow', { timeoutMs: 100 })
    writer().events.ready()
    write('next')
    pass(99)
    expect(writer().isKilled).toBe(false)
    pass(1)
    expect(writer().isKilled).toBe(true)
    writer().events.ended('killed')
    expect(outcomes.get('slow')).toEqual({ kind: 'statement-timeout' })
    writer().events.ready()
    expect(requests(writer().last)).toEqual(['next'])
  })

  test('among others has all of them run again alone, each with its own time', () => {
    const { write, writer, outcomes, pass } = rig()
    write('slow', { timeoutMs: 100 })
    write('quick', { timeoutMs: 100 })
    writer().events.ready()
    pass(100)
    writer().events.ended('killed')
    writer().events.ready()
    expect(requests(writer().last)).toEqual(['slow'])
    pass(100)
    writer().events.ended('killed')
    writer().events.ready()
    writer().answerAll()
    expect(outcomes.get('slow')).toEqual({ kind: 'statement-timeout' })
    expect(outcomes.get('quick')).toEqual({ kind: 'answered', reply: 'quick!' })
  })

  test('is let be once it commits', () => {
    const { write, writer, outcomes, pass } = rig()
    write('slow', { timeoutMs: 100 })
    writer().events.ready()
    writer().committing()
    pass(1000)
    expect(writer().isKilled).toBe(false)
    writer().answerAll()
    expect(outcomes.get('slow')).toEqual({ kind: 'answered', reply: 'slow!' })
  })

  test('that began to commit before it was ended is unknown', () => {
    const { write, writer, outcomes, pass } = rig()
    write('slow', { timeoutMs: 100 })
    writer().events.ready()
    pass(100)
    writer().committing()
    writer().events.ended('killed')
    expect(outcomes.get('slow')).toEqual({ kind: 'unknown', cause: 'killed' })
  })

  test('whose client has left is ended soon, and not run again', () => {
    const { scheduler, write, writer, writers, pass } = rig()
    const job = write('a')
    writer().events.ready()
    scheduler.abandon(job)
    pass(99)
    expect(writer().isKilled).toBe(false)
    pass(1)
    expect(writer().isKilled).toBe(true)
    writer().events.ended('killed')
    expect(writers).toHaveLength(1)
  })
})

test('without a pause for seconds, other programs get a moment to write', () => {
  const { write, writer, pass } = rig()
  write('0')
  writer().events.ready()
  let sent = 1
  const busyFor = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      write(String(sent))
      sent += 1
      pass(10)
      writer().answerAll()
    }
  }
  busyFor(1990)
  expect(writer().batches.length).toBe(sent)
  busyFor(20)
  const before = writer().batches.length
  pass(80)
  expect(writer().batches.length).toBe(before)
  pass(30)
  expect(writer().batches.length).toBe(before + 1)
})

test('closing cancels what waits and ends the process', () => {
  const { scheduler, write, writer, outcomes } = rig()
  write('a')
  writer().events.ready()
  write('b')
  scheduler.close()
  expect(outcomes.get('b')).toEqual({ kind: 'cancelled' })
  expect(writer().isKilled).toBe(true)
  writer().events.ended('killed')
  expect(outcomes.get('a')).toEqual({ kind: 'cancelled' })
  write('c')
  expect(outcomes.get('c')).toEqual({ kind: 'cancelled' })
})
