/** What the primary says to workers and in which order, and what it does when one ends. */
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CheckOutcome } from '../../../src/cache/stale-check.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { handOutConnections } from '../../../src/workers/hand-out-connections.ts'
import { superviseWorkers } from '../../../src/workers/supervise-workers.ts'
import type { FromWorker, ToWorker } from '../../../src/workers/worker-messages.ts'
import type { WorkerEvents } from '../../../src/workers/worker-process.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Lets what was promised come true, without any time. */
const settle = () => vi.advanceTimersByTimeAsync(0)

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settled) => {
    resolve = settled
  })
  return { promise, resolve }
}

interface FakeProcess extends WorkerEvents {
  readonly pid: number
  readonly told: ToWorker[]
  /** The connections that it was handed, by number. */
  readonly handed: Map<number, Socket>
  isReached: boolean
  /** It answers nothing that it is asked. */
  isHung: boolean
  isKilled: boolean
}

function setUp({ count = 2 } = {}) {
  const processes: FakeProcess[] = []
  const observed: Observation[] = []
  const checks: ReturnType<typeof deferred<CheckOutcome>>[] = []
  const generation = { config: defaultConfig('sqlite'), snapshot: null }
  const made: ReturnType<typeof deferred<readonly ToWorker[]>>[] = []
  let number = 1
  const handout = handOutConnections()
  /** Whether it has room for another process. */
  const system = { isFull: false }
  const messageOf = (follows: number | null): ToWorker => ({
    kind: 'generation',
    number,
    follows,
    config: null,
    snapshot: null,
  })
  const workers = superviseWorkers({
    count,
    spend: (key, cost) => ({ limit: key.length, remaining: cost, retryInMs: null }),
    start(events) {
      if (system.isFull) throw new Error('spawn ENOMEM')
      const process: FakeProcess = {
        ...events,
        pid: 100 + processes.length,
        told: [],
        handed: new Map(),
        isReached: true,
        isHung: false,
        isKilled: false,
      }
      processes.push(process)
      return {
        pid: process.pid,
        async send(message) {
          if (message.kind !== 'ping') process.told.push(message)
          else if (!process.isHung) process.said({ kind: 'pong' })
        },
        async handOver(id, connection) {
          process.handed.set(id, connection)
          return process.isReached
        },
        kill() {
          process.isKilled = true
        },
      }
    },
    publisher: {
      whole: async () => [messageOf(null)],
      next() {
        number += 1
        const making = deferred<readonly ToWorker[]>()
        made.push(making)
        return making.promise
      },
    },
    handout,
    current: () => generation,
    proofBasis: () => null,
    checkSchema() {
      const check = deferred<CheckOutcome>()
      checks.push(check)
      return check.promise
    },
    onLost: () => undefined,
    onAlive: () => undefined,
    onFatal: () => undefined,
    observe: (observation) => observed.push(observation),
    now: Date.now,
  })
  const at = (place: number): FakeProcess => {
    const process = processes[place]
    if (process === undefined) throw new Error(`no process was started as number ${place}`)
    return process
  }
  /** From its start to where it takes requests. */
  const begin = async (place: number) => {
    at(place).said({ kind: 'up' })
    at(place).said({ kind: 'ready' })
    await settle()
    at(place).said({ kind: 'listening' })
  }
  const kinds = (place: number) => at(place).told.map(({ kind }) => kind)
  const silences = () => observed.filter(({ kind }) => kind === 'worker-unresponsive')
  const ends = () => observed.filter(({ kind }) => kind === 'worker-ended')
  const nextGeneration = () => messageOf(number - 1)
  return {
    workers,
    handout,
    system,
    processes,
    checks,
    made,
    generation,
    at,
    begin,
    kinds,
    silences,
    ends,
    nextGeneration,
  }
}

const check: FromWorker = { kind: 'check', id: 7, origin: 'stale-name', request: null }

describe('a worker', () => {
  test('is told to begin, then of all there is, then to listen', async () => {
    const { workers, begin, kinds } = setUp()
    await Promise.all([begin(0), begin(1)])
    expect(kinds(0)).toEqual(['begin', 'proof-basis', 'generation'])
    void workers.listen()
    expect(kinds(0).at(-1)).toBe('listen')
  })

  test('has the answer to a check behind the generation that was published before it', async () => {
    const { workers, at, begin, kinds, checks, made, generation, nextGeneration } = setUp()
    await Promise.all([begin(0), begin(1)])
    at(0).said(check)
    workers.publish(generation)
    checks[0]?.resolve('moved')
    await settle()
    expect(kinds(0).at(-1)).toBe('generation')
    expect(at(0).told).not.toContainEqual(expect.objectContaining({ kind: 'checked' }))
    made[0]?.resolve([nextGeneration()])
    await settle()
    expect(at(0).told.slice(-2)).toEqual([
      nextGeneration(),
      { kind: 'checked', id: 7, outcome: 'moved' },
    ])
    expect(kinds(1).at(-1)).toBe('generation')
  })

  test('that missed something gets everything', async () => {
    const { at, begin, kinds } = setUp({ count: 1 })
    await begin(0)
    at(0).said({ kind: 'behind' })
    await settle()
    expect(kinds(0)).toEqual(['begin', 'proof-basis', 'generation', 'generation'])
  })
})

test('a worker that cannot be reached is handed no more, and another one gets the connection', async () => {
  const { handout, at, begin } = setUp()
  await Promise.all([begin(0), begin(1)])
  at(0).isReached = false
  const connections = [new Socket(), new Socket()]
  for (const connection of connections) {
    handout.take(connection)
    await settle()
    at(1).said({ kind: 'took', id: Math.max(...at(1).handed.keys()) })
  }
  expect([...at(0).handed.values()]).toEqual([connections[0]])
  expect([...at(1).handed.values()]).toEqual(connections)
})

describe('a worker that hangs', () => {
  const states = ({ workers }: ReturnType<typeof setUp>) => workers.list().map(({ state }) => state)

  test('is told of after 10 s, and handed no connections', async () => {
    const set = setUp()
    await Promise.all([set.begin(0), set.begin(1)])
    set.at(0).isHung = true
    // it is asked within 2 s
    await vi.advanceTimersByTimeAsync(11_999)
    expect(states(set)).toEqual(['listening', 'listening'])
    await vi.advanceTimersByTimeAsync(1)
    expect(states(set)).toEqual(['unresponsive', 'listening'])
    expect(set.silences()).toEqual([{ kind: 'worker-unresponsive', worker: 1, pid: 100 }])
    for (const connection of [new Socket(), new Socket()]) {
      set.handout.take(connection)
      set.at(1).said({ kind: 'took', id: Math.max(...set.at(1).handed.keys()) })
    }
    expect([set.at(0).handed.size, set.at(1).handed.size]).toEqual([0, 2])
  })

  test('is used again once it answers', async () => {
    const set = setUp({ count: 1 })
    await set.begin(0)
    const [first, second] = [new Socket(), new Socket()]
    set.handout.take(first)
    set.handout.take(second)
    set.at(0).isHung = true
    await vi.advanceTimersByTimeAsync(31_000)
    expect(states(set)).toEqual(['unresponsive'])
    set.at(0).isHung = false
    set.at(0).said({ kind: 'pong' })
    expect(states(set)).toEqual(['listening'])
    // it has not said yet what became of the one before
    expect([...set.at(0).handed.values()]).toEqual([first])
    set.at(0).said({ kind: 'took', id: 1 })
    expect([...set.at(0).handed.values()]).toEqual([first, second])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(set.silences()).toHaveLength(1)
    expect(set.at(0).isKilled).toBe(false)
  })

  test('is killed after 30 s, and replaced', async () => {
    const set = setUp({ count: 1 })
    await set.begin(0)
    set.at(0).isHung = true
    await vi.advanceTimersByTimeAsync(31_999)
    expect(set.at(0).isKilled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(set.at(0).isKilled).toBe(true)
    set.at(0).ended('by SIGKILL')
    expect(set.ends()).toMatchObject([{ how: 'by SIGKILL: it did not respond', restartInMs: 0 }])
    await vi.advanceTimersByTimeAsync(0)
    await set.begin(1)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(states(set)).toEqual(['listening'])
    expect(set.silences()).toHaveLength(1)
  })
})

describe('a worker that ends', () => {
  test('is replaced at once, and after pauses that grow when it ends soon again', async () => {
    const { workers, processes, at, begin, ends } = setUp({ count: 2 })
    await Promise.all([begin(0), begin(1)])
    await vi.advanceTimersByTimeAsync(60_000)
    for (const [place, restartInMs] of [0, 0, 1000, 2000, 4000].entries()) {
      const process = at(place === 0 ? 0 : place + 1)
      process.ended('by SIGKILL')
      expect(ends().at(-1)).toMatchObject({ worker: 1, restartInMs, how: 'by SIGKILL' })
      expect(workers.list()).toMatchObject([
        { state: 'waiting', pid: null },
        { state: 'listening' },
      ])
      if (restartInMs > 0) {
        await vi.advanceTimersByTimeAsync(restartInMs - 1)
        expect(processes).toHaveLength(place + 2)
      }
      await vi.advanceTimersByTimeAsync(1)
      expect(processes).toHaveLength(place + 3)
      await begin(place + 2)
    }
    expect(workers.list()).toMatchObject([{ ended: 5 }, { ended: 0 }])
    // one that has lived for a while begins anew
    await vi.advanceTimersByTimeAsync(10_000)
    at(6).ended('with code 1')
    expect(ends().at(-1)).toMatchObject({ restartInMs: 0 })
  })

  test('is replaced when the system has room for a process again', async () => {
    const { workers, processes, system, at, begin, ends } = setUp({ count: 1 })
    await begin(0)
    await vi.advanceTimersByTimeAsync(60_000)
    system.isFull = true
    at(0).ended('by SIGKILL')
    await vi.advanceTimersByTimeAsync(10)
    const how = 'before it began: spawn ENOMEM'
    expect(ends()).toMatchObject([
      { worker: 1, how: 'by SIGKILL', restartInMs: 0 },
      { worker: 1, how, restartInMs: 0 },
      { worker: 1, how, restartInMs: 1000 },
    ])
    expect(workers.list()).toMatchObject([{ state: 'waiting', pid: null }])
    system.isFull = false
    await vi.advanceTimersByTimeAsync(1000)
    expect(processes).toHaveLength(2)
    await begin(1)
    expect(workers.list()).toMatchObject([{ state: 'listening', pid: 101 }])
  })

  test('leaves what it had counted, without the state that it was in', async () => {
    const { workers, at, begin } = setUp({ count: 1 })
    await begin(0)
    const metric = (name: string, type: string, value: number) => ({
      name,
      help: 'of a test',
      type,
      aggregator: 'sum',
      values: [{ value, labels: {} }],
    })
    const told = () => at(0).told.at(-1)
    const counting = workers.families()
    await settle()
    const asked = told()
    const id = asked?.kind === 'count' ? asked.id : 0
    const families: unknown = [metric('answers', 'counter', 3), metric('busy', 'gauge', 1)]
    at(0).said(Object({ kind: 'counted', id, families }))
    expect(JSON.stringify(await counting)).toContain('busy')
    at(0).ended('by SIGKILL')
    await vi.advanceTimersByTimeAsync(1)
    const left = JSON.stringify(await workers.families())
    expect(left).toContain('"answers"')
    expect(left).not.toContain('busy')
  })

  test('has what it tells unasked at its end among the counts', async () => {
    const { workers, at, begin } = setUp({ count: 1 })
    await begin(0)
    const answers = (value: number) => ({
      name: 'answers',
      help: 'of a test',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value, labels: {} }],
    })
    for (const [place, value] of [3, 4].entries()) {
      const families: unknown = [answers(value)]
      at(place).said({ kind: 'leaving' })
      at(place).said(Object({ kind: 'counted', id: null, families }))
      at(place).ended('with code 0')
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(JSON.stringify(await workers.families())).toContain('"value":7')
  })

  test('before it first took requests fails the start with its reason', async () => {
    const { workers, at, begin } = setUp()
    await begin(1)
    const listening = workers.listen()
    at(0).said({ kind: 'failed', message: 'there is no such file' })
    await expect(listening).rejects.toThrow('there is no such file')
  })
})

describe('the end', () => {
  test('is told to each worker, and is there when all have ended', async () => {
    const { workers, at, begin, ends, processes } = setUp()
    await Promise.all([begin(0), begin(1)])
    let isClosed = false
    const closing = workers.close(5000).then(() => {
      isClosed = true
    })
    expect([at(0).told.at(-1), at(1).told.at(-1)]).toEqual([
      { kind: 'stop', deadlineMs: 5000 },
      { kind: 'stop', deadlineMs: 5000 },
    ])
    at(0).ended('with code 0')
    await settle()
    expect(isClosed).toBe(false)
    at(1).ended('with code 0')
    await closing
    await vi.advanceTimersByTimeAsync(60_000)
    expect(processes).toHaveLength(2)
    expect(ends()).toEqual([])
  })

  test('kills a worker that does not end in time', async () => {
    const { workers, at, begin } = setUp({ count: 1 })
    await begin(0)
    const closing = workers.close(5000)
    await vi.advanceTimersByTimeAsync(7999)
    expect(at(0).isKilled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(at(0).isKilled).toBe(true)
    at(0).ended('by SIGKILL')
    await closing
  })

  test('is not held up by a worker that waits to be started', async () => {
    const { workers, at, begin, processes } = setUp({ count: 1 })
    await begin(0)
    at(0).ended('by SIGKILL')
    await workers.close(5000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(processes).toHaveLength(1)
  })
})
