/** Processes on one database, in virtual time: who looks, what they say, and what silence means. */
import { BehaviorSubject, of } from 'rxjs'
import { expect, test } from 'vitest'
import { createGenerationStore } from '../../../src/cache/generation-store.ts'
import type { FeedPeers } from '../../../src/cache/schema-feed.ts'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import { createFleet } from '../../../src/sources/fleet.ts'
import { createSourceHealth } from '../../../src/sources/source-health.ts'
import { watchSchemaVersion } from '../../../src/sources/watch-schema-version.ts'
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts'
import { catalog } from '../schema/sample-catalog.ts'

const config: Config = { ...defaultConfig('postgres'), dbSchemaLoadTimeout: 4000 }
const pollMs = 2000

/** One database, and who is connected to it. */
function createWorld(clock: VirtualClock) {
  const database = { version: 'A' }
  const words: string[] = []
  const hearers = new Map<string, (word: Parameters<FeedPeers['tell']>[0]) => void>()

  function start(name: string, { random = 0, view = 'here', pauseMs = pollMs } = {}) {
    const state = { hears: true, canTell: true }
    const looks: number[] = []
    const signals: string[] = []
    const snapshot = buildSnapshot(
      { ...catalog({}), schemaVersion: database.version },
      schemaOptions(config),
      1,
      new Date(0),
    )
    const store = createGenerationStore({ config, snapshot })
    const fleet = createFleet({
      peers: {
        view: () => Promise.resolve(view),
        async tell(word) {
          if (!state.canTell) throw new Error('gone')
          words.push(`${clock.now()} ${name} ${word.kind}`)
          for (const [who, hear] of hearers) if (who !== name) hear(word)
        },
      },
      isHearing: () => state.hears,
      random: () => random,
    })
    hearers.set(name, (word) => {
      if (word.kind === 'checked') fleet.peerLooked(word.view)
      else signals.push(`${clock.now()} ${word.kind}`)
    })
    const health = createSourceHealth({ now: () => clock.now(), observe: () => undefined })
    const subscription = watchSchemaVersion({
      reader: {
        async schemaVersion() {
          looks.push(clock.now())
          await clock.delay(1)
          return database.version
        },
      },
      store,
      intervalMs$: new BehaviorSubject(pauseMs),
      isNeeded$: new BehaviorSubject(false),
      started$: of('at once'),
      restMs: () => null,
      fleet,
      health,
      onFailure: () => undefined,
      scheduler: clock.scheduler,
    }).subscribe(({ origin }) => signals.push(`${clock.now()} ${origin}`))
    return {
      fleet,
      state,
      looks,
      signals,
      provenAt: () => Date.parse(health.list()[0]?.provenAt ?? ''),
      kill() {
        subscription.unsubscribe()
        hearers.delete(name)
      },
    }
  }
  return { database, words, start }
}

test('of two that look at the same one looks, and the other once that one is gone', async () => {
  const clock = createVirtualClock()
  const { start } = createWorld(clock)
  const follower = start('early')
  await clock.advance(700)
  // who looked last goes on
  const leader = start('late', { random: 0.99 })
  await clock.advance(20_000)
  // its own first look tells it what it looks at
  expect(follower.looks).toHaveLength(1)
  expect(leader.looks).toHaveLength(15)
  // what one says that it has seen proves nothing of the other
  const [look = 0] = follower.looks
  expect(follower.provenAt()).toBe(look + 1)
  const killedAt = clock.now()
  leader.kill()
  await clock.advance(pollMs)
  expect(Number(follower.looks[1]) - killedAt).toBeLessThanOrEqual(pollMs)
  await clock.advance(20_000)
  expect(follower.looks.length).toBeGreaterThan(12)
})

test('of many that begin at once one looks in the end', async () => {
  const clock = createVirtualClock()
  const { start } = createWorld(clock)
  const all = [0.1, 0.3, 0.5, 0.7, 0.9].map((random) => start(`of ${random}`, { random }))
  await clock.advance(10_000)
  for (const { looks } of all) looks.length = 0
  await clock.advance(40_000)
  // each alone would look thirty times; those who follow look for themselves each 20 s
  const looks = all.map((each) => each.looks.length)
  expect(looks.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(31 + 4 * 2)
})

test('who always hears that somebody has looked looks for itself now and then', async () => {
  const clock = createVirtualClock()
  const { start } = createWorld(clock)
  const one = start('one')
  await clock.advance(1500)
  expect(one.looks).toHaveLength(1)
  for (let second = 0; second < 125; second += 1) {
    one.fleet.peerLooked('here')
    await clock.advance(1000)
  }
  // ten pauses lie between two, whatever it hears
  expect(one.looks).toHaveLength(7)
})

test('where pauses are long, it is one of them or a minute', async () => {
  const clock = createVirtualClock()
  const { start } = createWorld(clock)
  const one = start('one', { pauseMs: 20_000 })
  const rare = start('rare', { pauseMs: 100_000 })
  await clock.advance(70_000)
  expect(rare.looks).toHaveLength(1)
  for (const { looks } of [one, rare]) looks.length = 0
  for (let second = 0; second < 300; second += 1) {
    for (const { fleet } of [one, rare]) fleet.peerLooked('here')
    await clock.advance(1000)
  }
  expect(one.looks).toHaveLength(5)
  expect(rare.looks).toHaveLength(3)
})

test('those who look at another server or another schema look for themselves', async () => {
  const clock = createVirtualClock()
  const { start } = createWorld(clock)
  const one = start('one')
  const other = start('other', { view: 'elsewhere' })
  await clock.advance(13_100)
  expect(one.looks).toHaveLength(10)
  expect(other.looks).toHaveLength(10)
})

test('who hears nothing looks for itself, and says nothing', async () => {
  const clock = createVirtualClock()
  const { start, words } = createWorld(clock)
  const deaf = start('deaf')
  deaf.state.hears = false
  start('hearing')
  await clock.advance(20_100)
  expect(deaf.looks).toHaveLength(10)
  expect(words.filter((word) => word.includes('deaf'))).toEqual([])
})

test('a change that one finds is told to all', async () => {
  const clock = createVirtualClock()
  const { start, database } = createWorld(clock)
  const follower = start('early')
  await clock.advance(700)
  const leader = start('late')
  await clock.advance(5000)
  database.version = 'B'
  await clock.advance(300)
  expect(leader.signals).toEqual(['5904 poll'])
  expect(follower.signals).toEqual(['5904 moved'])
})

test('what could not be said is said before anything else', async () => {
  const clock = createVirtualClock()
  const { start, words } = createWorld(clock)
  const one = start('one')
  one.state.canTell = false
  one.fleet.moved()
  await clock.advance(1600)
  expect(words).toEqual([])
  one.state.canTell = true
  await clock.advance(3100)
  expect(words.map((word) => word.slice(word.indexOf(' ') + 1))).toEqual([
    'one moved',
    'one checked',
  ])
})
