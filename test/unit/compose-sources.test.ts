/** Which sources a server has: after the feed of its database, and after its configuration. */
import { EventEmitter } from 'node:events'
import { BehaviorSubject, of, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { createGenerationStore } from '../../src/cache/generation-store.ts'
import { FeedUnavailable, type PushFeed, type SchemaFeed } from '../../src/cache/schema-feed.ts'
import { composeSources } from '../../src/compose-sources.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../src/schema/schema-options.ts'
import { catalog } from './schema/sample-catalog.ts'
import { createFakeFeed } from './sources/fake-feed.ts'
import { createRecording } from './sources/record-source.ts'

function compose(
  kind: SchemaFeed['kind'],
  override: Partial<Config> = {},
  feed: Partial<PushFeed> = {},
) {
  const recording = createRecording()
  const { clock } = recording
  const fake = createFakeFeed(clock)
  const config: Config = {
    ...defaultConfig('postgres'),
    dbChannel: 'pgrst',
    dbChannelEnabled: true,
    dbConfig: true,
    dbSchemaPollInterval: 0,
    ...override,
  }
  const database = { version: 'A', failure: null as Error | null }
  const asked: string[] = []
  const failures: unknown[] = []
  const snapshot = buildSnapshot(
    { ...catalog({}), schemaVersion: 'A' },
    schemaOptions(config),
    1,
    new Date(0),
  )
  const reloads = new EventEmitter()
  const lostSubject = new Subject<void>()
  const aliveSubject = new Subject<void>()
  const unheardSubject = new Subject<void>()
  const configSubject = new BehaviorSubject(config)
  const heard: string[] = []
  const subscription = recording.record(
    composeSources({
      database: {
        feed: kind === 'push' ? { ...fake.feed, ...feed } : { kind: 'poll' },
        async schemaVersion() {
          asked.push(`${clock.now()}`)
          if (database.failure !== null) throw database.failure
          return database.version
        },
      },
      store: createGenerationStore({ config, snapshot }),
      config$: configSubject,
      readFile: async () => Buffer.from('{}'),
      reloads,
      lost$: lostSubject,
      alive$: aliveSubject,
      unheard$: unheardSubject,
      started$: of('at once'),
      onFailure: (failure) => failures.push(failure),
      health: recording.health,
      fleetRoster: { heard: (name) => heard.push(name) },
      observe: recording.observe,
      scheduler: clock.scheduler,
      random: () => 0,
    }),
  )
  return {
    ...recording,
    ...fake,
    database,
    asked,
    failures,
    reloads,
    lostSubject,
    aliveSubject,
    unheardSubject,
    subscription,
    change: (part: Partial<Config>) => configSubject.next({ ...configSubject.value, ...part }),
    heard,
    states: () => recording.health.list().map(({ name, state }) => `${name} ${state}`),
    async settle() {
      await clock.advance(100)
      recording.told()
    },
  }
}

describe.each(['push', 'poll'] as const)('a database that can %s', (kind) => {
  test('has signals of the process and lost connections', async () => {
    const { clock, told, settle, reloads, lostSubject } = compose(kind)
    await settle()
    reloads.emit('SIGUSR1')
    await clock.advance(5)
    reloads.emit('SIGUSR2')
    await clock.advance(5)
    lostSubject.next()
    expect(told()).toEqual([
      '100 signal both full',
      '105 signal config check',
      '110 connection-lost schema check',
    ])
  })

  test('is polled as often as the configuration says, from when it says so', async () => {
    const { clock, asked, settle, change, states } = compose(kind)
    await settle()
    await clock.advance(100_000)
    expect(asked).toEqual([])
    expect(states()).toContain('poll off')
    change({ dbSchemaPollInterval: 500 })
    await clock.advance(1100)
    expect(asked).toEqual(['100600', '101100'])
    expect(states()).toContain('poll up')
  })

  test('is asked for its version every two seconds where no channel is listened to', async () => {
    const { clock, asked, states } = compose(kind, {
      dbChannelEnabled: false,
      dbSchemaPollInterval: null,
    })
    await clock.advance(5000)
    expect(asked).toEqual(['2000', '4000'])
    expect(states()).toContain('poll up')
  })

  test('that cannot be asked for its version is told of by its poll', async () => {
    const { clock, database, told, failures } = compose(kind, { dbSchemaPollInterval: 500 })
    database.failure = new Error('gone')
    await clock.advance(1100)
    expect(told()).toContain('500 down poll: gone')
    expect(failures).toEqual([database.failure, database.failure])
  })

  test('has no sources once nobody listens', async () => {
    const { clock, subscription, settle, reloads, told, connections } = compose(kind)
    await settle()
    subscription.unsubscribe()
    reloads.emit('SIGUSR1')
    await clock.advance(100_000)
    expect(told()).toEqual([])
    expect(connections.every(({ isClosed }) => isClosed)).toBe(true)
    expect(clock.scheduler.actions).toEqual([])
  })
})

describe('a database that tells of changes', () => {
  test('is polled each two seconds, for what nobody announces', async () => {
    const { clock, asked, states } = compose('push', { dbSchemaPollInterval: null })
    await clock.advance(4500)
    expect(states()).toEqual(['notify up', 'poll up'])
    expect(asked).toHaveLength(2)
  })

  test('that tells of everything is polled while its channel is switched off, and no longer', async () => {
    const { clock, asked, change, states } = compose(
      'push',
      { dbSchemaPollInterval: null },
      { restMs: () => 0 },
    )
    await clock.advance(100)
    expect(states()).toEqual(['notify up', 'poll off'])
    change({ dbChannelEnabled: false })
    await clock.advance(5000)
    expect(asked).toEqual(['2100', '4100'])
    expect(states()).toEqual(['notify off', 'poll up'])
    change({ dbChannelEnabled: true })
    await clock.advance(10_000)
    expect(asked).toHaveLength(2)
  })

  test('is polled each second while its feed has not shown that it hears', async () => {
    const { clock, asked, server, states, failures } = compose('push', {
      dbSchemaPollInterval: null,
    })
    server.delivers = false
    await clock.advance(20_500)
    expect(states()).toEqual(['notify unproven', 'poll up'])
    expect(asked).toHaveLength(20)
    expect(failures).toEqual([])
    server.delivers = true
    await clock.advance(20_000)
    asked.length = 0
    await clock.advance(10_000)
    expect(states()).toEqual(['notify up', 'poll up'])
    expect(asked).toHaveLength(5)
  })

  test('is polled as where nothing tells of changes while it has no feed', async () => {
    const { clock, asked, server, told, states, failures } = compose('push', {
      dbSchemaPollInterval: null,
    })
    server.refusal = new FeedUnavailable('no streams here')
    await clock.advance(5000)
    expect(states()).toEqual(['notify off', 'poll up'])
    expect(asked).toEqual(['2005', '4005'])
    expect(told().filter((text) => text.includes('notify'))).toEqual([
      '5 absent notify: no streams here',
    ])
    expect(failures).toEqual([])
  })

  test('that has no feed is looked at again each minute, and once it is there for anyone', async () => {
    const { clock, server, told, connections, aliveSubject, states } = compose('push')
    server.refusal = new FeedUnavailable('no streams here')
    await clock.advance(130_000)
    expect(connections).toHaveLength(3)
    expect(told().filter((text) => text.includes('notify'))).toEqual([
      '5 absent notify: no streams here',
    ])
    server.refusal = null
    aliveSubject.next()
    await clock.advance(10)
    expect(states()).toEqual(['notify up', 'poll off'])
  })

  test('tries to listen again once it is there for anyone', async () => {
    const { clock, settle, server, last, aliveSubject, connections, states } = compose('push')
    await settle()
    server.refusal = new Error('connection refused')
    last().handlers.onLost('gone')
    // tried at 1100, 3105 and 7110: the next try is due at 15115
    await clock.advance(10_000)
    expect(connections).toHaveLength(4)
    server.refusal = null
    aliveSubject.next()
    await clock.advance(10)
    expect(states()[0]).toBe('notify up')
  })

  test('has its feed prove that it hears once a change was found that it did not tell of', async () => {
    const { clock, settle, server, unheardSubject, states } = compose('push')
    await settle()
    server.delivers = false
    unheardSubject.next()
    await clock.advance(1001)
    expect(states()[0]).toBe('notify down')
  })

  test('tells who else was heard on it', async () => {
    const { clock, last, heard } = compose('push')
    await clock.advance(50)
    last().handlers.onPeer({ kind: 'moved' }, 'another')
    expect(heard).toEqual(['another'])
  })

  test('is listened to, and not polled while it is', async () => {
    const { clock, told, last, asked, states } = compose('push')
    await clock.advance(100)
    last().handlers.onChange('schema')
    await clock.advance(10_000)
    expect(told()).toEqual([
      '0 up poll',
      '6 listening on pgrst at /tmp:5432',
      '6 up notify',
      '6 listener-connected schema check',
      '100 notification schema',
      '100 notify schema check',
    ])
    expect(asked).toEqual([])
    expect(states()).toEqual(['notify up', 'poll off'])
  })

  test.each([
    ['that is off otherwise', 0],
    ['that is slow otherwise', 60_000],
  ])('is polled each second while its feed is down, by a poll %s', async (_, interval) => {
    const { clock, settle, told, server, last, asked, failures, states } = compose('push', {
      dbSchemaPollInterval: interval,
    })
    await settle()
    server.refusal = new Error('connection refused')
    last().handlers.onLost('gone')
    await clock.advance(2500)
    expect(asked).toEqual(['1100', '2100'])
    expect(states()).toEqual(['notify down', 'poll up'])
    expect(failures).toHaveLength(2)
    expect(told()).toContain('1100 poll schema check')
    server.refusal = null
    await clock.advance(2500)
    const before = asked.length
    expect(states()[0]).toBe('notify up')
    await clock.advance(10_000)
    expect(asked).toHaveLength(before)
  })

  test('needs nobody to stand in for a feed that is switched off', async () => {
    const { clock, settle, change, asked, states, connections } = compose('push')
    await settle()
    change({ dbChannelEnabled: false })
    await clock.advance(100_000)
    expect(connections.map(({ isClosed }) => isClosed)).toEqual([true])
    expect(asked).toEqual([])
    expect(states()).toEqual(['notify off', 'poll off'])
  })
})

test('a database that has to be asked opens nothing, and tells of its poll alone', async () => {
  const { clock, told, states, connections, database } = compose('poll', {
    dbSchemaPollInterval: 500,
  })
  await clock.advance(1100)
  database.version = 'B'
  await clock.advance(500)
  expect(told()).toEqual(['0 up poll', '1500 poll schema check'])
  expect(states()).toEqual(['poll up'])
  expect(connections).toEqual([])
})
