/**
 * The order of a start: connect → listen → load.
 */
import { of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { SchemaFeed } from '../../../src/cache/schema-feed.ts'
import { createFirstLoad } from '../../../src/sources/first-load.ts'
import { createFakeFeed } from './fake-feed.ts'
import { createRecording } from './record-source.ts'

function begin(kind: SchemaFeed['kind']) {
  const recording = createRecording()
  const { feed } = createFakeFeed(recording.clock)
  const server = { failure: null as Error | null, asked: 0 }
  const firstLoad = createFirstLoad({
    database: {
      feed: kind === 'push' ? feed : { kind: 'poll' },
      async serverVersion() {
        server.asked += 1
        if (server.failure !== null) throw server.failure
        return 'Engine 1'
      },
      poolStats: () => ({ max: 10 }),
    },
    health: recording.health,
    observe: recording.observe,
  })
  const begun: string[] = []
  firstLoad.onceConnected(of('sources')).subscribe((text) => begun.push(text))
  const { signal } = new AbortController()
  let isReady = false
  const prepare = () => firstLoad.prepare(signal).then(() => (isReady = true))
  return { ...recording, server, begun, prepare, isReady: () => isReady }
}

describe('a first load', () => {
  test('connects, lets the sources begin, and waits until the feed is up', async () => {
    const { clock, health, server, begun, prepare, isReady } = begin('push')
    expect(begun).toEqual([])
    void prepare()
    await clock.settle()
    expect(begun).toEqual(['sources'])
    expect(isReady()).toBe(false)
    health.report('notify', 'down')
    await clock.settle()
    expect(isReady()).toBe(false)
    health.report('notify', 'up')
    await clock.settle()
    expect(isReady()).toBe(true)
    await prepare()
    expect(server.asked).toBe(1)
  })

  test.each([
    ['could not be opened', 'down', 'refused'],
    ['is switched off', 'off', undefined],
    ['is unproven', 'unproven', 'nothing came back'],
  ] as const)('does not wait for a feed that %s', async (_, state, cause) => {
    const { clock, health, prepare, isReady } = begin('push')
    void prepare()
    health.report('notify', state, cause)
    await clock.settle()
    expect(isReady()).toBe(true)
  })

  test('does not wait for the proof of a feed that listens', async () => {
    const { clock, health, prepare, isReady } = begin('push')
    void prepare()
    health.report('notify', 'down')
    health.connected('notify')
    await clock.settle()
    expect(isReady()).toBe(true)
  })

  test('waits for no feed where the database has to be asked', async () => {
    const { prepare, isReady } = begin('poll')
    await prepare()
    expect(isReady()).toBe(true)
  })

  test('that is refused a connection rejects, lets the sources begin, and connects anew', async () => {
    const { server, begun, prepare } = begin('poll')
    server.failure = new Error('refused')
    await expect(prepare()).rejects.toBe(server.failure)
    expect(begun).toEqual(['sources'])
    server.failure = null
    await prepare()
    expect(server.asked).toBe(2)
  })
})
