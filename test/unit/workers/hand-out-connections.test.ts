/** Which worker is handed which connection, and what becomes of those that nobody takes. */
import { Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { handOutConnections, type Taker } from '../../../src/workers/hand-out-connections.ts'

function setUp() {
  const handout = handOutConnections()
  const worker = () => {
    const offered: { readonly id: number; readonly connection: Socket }[] = []
    const taker: Taker = { offer: (id, connection) => void offered.push({ id, connection }) }
    return { taker, offered, connections: () => offered.map(({ connection }) => connection) }
  }
  const lastOf = ({ offered }: ReturnType<typeof worker>) => offered.at(-1)?.id ?? 0
  return { handout, worker, lastOf }
}

const connections = () => Array.from({ length: 4 }, () => new Socket())

describe('connections', () => {
  test('go to one worker after the other', () => {
    const { handout, worker, lastOf } = setUp()
    const [one, two] = [worker(), worker()]
    handout.join(one.taker)
    handout.join(two.taker)
    const all = connections()
    for (const connection of all) {
      handout.take(connection)
      for (const each of [one, two]) handout.took(each.taker, lastOf(each))
    }
    expect([one.connections(), two.connections()]).toEqual([
      [all[0], all[2]],
      [all[1], all[3]],
    ])
    expect(all.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true])
  })

  test('pass over a worker that has not taken the last one', () => {
    const { handout, worker, lastOf } = setUp()
    const [one, two] = [worker(), worker()]
    handout.join(one.taker)
    handout.join(two.taker)
    for (const connection of connections()) {
      handout.take(connection)
      handout.took(two.taker, lastOf(two))
    }
    expect([one.offered.length, two.offered.length]).toEqual([1, 3])
    expect(one.connections()[0]?.destroyed).toBe(false)
  })

  test('wait until there is a worker', () => {
    const { handout, worker, lastOf } = setUp()
    const all = connections()
    for (const connection of all) handout.take(connection)
    const one = worker()
    handout.join(one.taker)
    for (const _ of all) handout.took(one.taker, lastOf(one))
    expect(one.connections()).toEqual(all)
  })

  test('that a worker refuses go to another one, before those that came later', () => {
    const { handout, worker, lastOf } = setUp()
    const [one, two] = [worker(), worker()]
    handout.join(one.taker)
    const [first, second] = connections()
    if (first === undefined || second === undefined) throw new Error('two are made')
    handout.take(first)
    handout.take(second)
    handout.leave(one.taker, false)
    handout.refused(one.taker, lastOf(one))
    expect(first.destroyed).toBe(false)
    handout.join(two.taker)
    handout.took(two.taker, lastOf(two))
    expect([one.connections(), two.connections()]).toEqual([[first], [first, second]])
  })

  test('that were handed to a worker which ended are closed, and no others', () => {
    const { handout, worker } = setUp()
    const one = worker()
    handout.join(one.taker)
    const [first, second] = connections()
    if (first === undefined || second === undefined) throw new Error('two are made')
    handout.take(first)
    handout.take(second)
    handout.leave(one.taker, true)
    expect([first.destroyed, second.destroyed]).toEqual([true, false])
    const two = worker()
    handout.join(two.taker)
    expect(two.connections()).toEqual([second])
    // what is said late of one that was given up changes nothing
    handout.took(one.taker, 1)
    expect(second.destroyed).toBe(false)
  })

  test('that a worker was not reached with go to another one, and later ones to it again', () => {
    const { handout, worker, lastOf } = setUp()
    const [one, two] = [worker(), worker()]
    handout.join(one.taker)
    handout.join(two.taker)
    const [first, second] = connections()
    if (first === undefined || second === undefined) throw new Error('two are made')
    handout.take(first)
    handout.refused(one.taker, lastOf(one))
    handout.take(second)
    expect([one.connections(), two.connections()]).toEqual([[first, second], [first]])
  })
})

describe('at the end, connections', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('that wait are closed when there is no worker, like those that come later', async () => {
    const { handout } = setUp()
    const [first, second] = connections()
    if (first === undefined || second === undefined) throw new Error('two are made')
    handout.take(first)
    await handout.close(1000)
    handout.take(second)
    expect([first.destroyed, second.destroyed]).toEqual([true, true])
  })

  test('that wait are handed out first', async () => {
    const { handout, worker, lastOf } = setUp()
    const one = worker()
    handout.join(one.taker)
    const all = connections()
    for (const connection of all) handout.take(connection)
    const closing = handout.close(1000)
    for (const _ of all) {
      expect(all.filter(({ destroyed }) => destroyed)).toHaveLength(one.offered.length - 1)
      handout.took(one.taker, lastOf(one))
    }
    await closing
    expect(one.connections()).toEqual(all)
  })

  test('that nobody takes are closed after the time there is, or when a second call cuts it', async () => {
    vi.useFakeTimers()
    for (const isCut of [false, true]) {
      const { handout, worker } = setUp()
      const one = worker()
      handout.join(one.taker)
      const [handed, waiting] = connections()
      if (handed === undefined || waiting === undefined) throw new Error('two are made')
      handout.take(handed)
      handout.take(waiting)
      const closing = handout.close(1000)
      await vi.advanceTimersByTimeAsync(999)
      expect(waiting.destroyed).toBe(false)
      const cutting = isCut ? handout.close(0) : null
      await vi.advanceTimersByTimeAsync(isCut ? 0 : 1)
      expect(waiting.destroyed).toBe(true)
      await Promise.all([closing, cutting])
      // the worker may still take it
      expect(handed.destroyed).toBe(false)
    }
  })
})
