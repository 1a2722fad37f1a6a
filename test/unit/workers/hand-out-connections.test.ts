/** Which worker is handed which connection, and what becomes of those that nobody takes. */
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
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

  test('are closed at the end', () => {
    const { handout } = setUp()
    const [first, second] = connections()
    if (first === undefined || second === undefined) throw new Error('two are made')
    handout.take(first)
    handout.close()
    handout.take(second)
    expect([first.destroyed, second.destroyed]).toEqual([true, true])
  })
})
