import { BehaviorSubject, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { type PushFeedDeps, watchPushFeed } from '../../../src/sources/watch-push-feed.ts'
import { createFakeFeed, type FakeServer } from './fake-feed.ts'
import { createRecording } from './record-source.ts'

const config: Config = {
  ...defaultConfig('postgres'),
  dbChannel: 'pgrst',
  dbChannelEnabled: true,
  dbConfig: true,
}

function createListener(override: Partial<PushFeedDeps> = {}, server: Partial<FakeServer> = {}) {
  const recording = createRecording()
  const { clock } = recording
  const fake = createFakeFeed(clock, server)
  const failures: unknown[] = []
  const config$ = new BehaviorSubject(config)
  const aliveSubject = new Subject<void>()
  const unheardSubject = new Subject<void>()
  const subscription = recording.record(
    watchPushFeed({
      feed: fake.feed,
      config$,
      alive$: aliveSubject,
      unheard$: unheardSubject,
      health: recording.health,
      observe: recording.observe,
      onFailure: (failure) => failures.push(failure),
      scheduler: clock.scheduler,
      random: () => 0,
      ...override,
    }),
  )
  return {
    ...recording,
    ...fake,
    failures,
    config$,
    aliveSubject,
    unheardSubject,
    subscription,
    tell: (scope: 'schema' | 'config' | 'both') => fake.last().handlers.onChange(scope),
    lose: (cause: string) => fake.last().handlers.onLost(cause),
    async connect() {
      await clock.advance(50)
      recording.told()
    },
    /** 40 connections of others, one each 100 ms. */
    async othersConnect() {
      for (let made = 0; made < 40; made += 1) {
        await clock.advance(100)
        aliveSubject.next()
      }
    },
  }
}

describe('a feed', () => {
  test('is up when it listens and its proof came back, and then asks for a check', async () => {
    const { clock, told, health, last } = createListener()
    await clock.advance(50)
    expect(told()).toEqual([
      '6 listening on pgrst at /tmp:5432',
      '6 up notify',
      '6 listener-connected schema check',
    ])
    expect(last().channel).toBe('pgrst')
    expect(health.list()).toMatchObject([{ name: 'notify', state: 'up' }])
  })

  test.each([
    ['schema', ['notification schema', 'notify schema check']],
    ['both', ['notification schema', 'notify both check']],
    ['config', ['notification config', 'notify config check']],
  ] as const)('that tells of a change of %s is %j', async (scope, expected) => {
    const { connect, tell, told } = createListener()
    await connect()
    tell(scope)
    expect(told()).toEqual(expected.map((text) => `50 ${text}`))
  })

  test('asks for a check where new data was seen, of which nobody was told', async () => {
    const { connect, last, told } = createListener()
    await connect()
    last().handlers.onSeen()
    expect(told()).toEqual(['50 sample schema check'])
  })

  test('tells of what asks for nothing, cut where it is long, and asks for nothing itself', async () => {
    const { connect, last, told, observations } = createListener()
    await connect()
    last().handlers.onUnknown('reload everything')
    last().handlers.onUnknown('x'.repeat(8000), 'dbrest_schema')
    expect(told().filter((text) => text.includes('notify '))).toEqual([])
    expect(observations.filter(({ kind }) => kind === 'notification-unknown')).toEqual([
      { kind: 'notification-unknown', channel: 'pgrst', payload: 'reload everything', times: 1 },
      {
        kind: 'notification-unknown',
        channel: 'dbrest_schema',
        payload: 'x'.repeat(100),
        times: 1,
      },
    ])
  })

  test('that is stormed tells of the first at once, and of the others in one each moment', async () => {
    const { clock, connect, tell, told, last, observations } = createListener()
    await connect()
    for (let at = 0; at < 720; at += 1) {
      for (let i = 0; i < 10; i += 1) tell('schema')
      last().handlers.onPeer({ kind: 'moved' }, 'another')
      last().handlers.onUnknown(`no ${at}`)
      await clock.advance(1)
    }
    await clock.advance(200)
    const times = observations.flatMap((each) =>
      each.kind === 'notification' || each.kind === 'notification-unknown' ? [each.times] : [],
    )
    expect(times).toEqual([1, 1, 3999, 399, 3200, 320])
    expect(times.reduce((sum, each) => sum + each)).toBe(720 * 11)
    expect(told().filter((text) => !text.includes('notification'))).toEqual([
      '50 notify schema check',
      '50 fleet schema check',
      '450 notify schema check',
      '450 fleet schema check',
      '800 notify schema check',
      '800 fleet schema check',
    ])
  })

  test('that asks for full loads without end brings one in half a minute, though its connections break', async () => {
    const { clock, connect, told, last, lose } = createListener()
    await connect()
    for (let second = 0; second < 70; second += 1) {
      last().handlers.onPeer({ kind: 'reload', scope: 'schema' }, 'another')
      if (second === 20) lose('gone')
      await clock.advance(1000)
    }
    await clock.advance(60_000)
    const asked = told().filter((text) => text.includes(' fleet '))
    expect(asked.filter((text) => text.endsWith(' full'))).toEqual([
      '50 fleet schema full',
      '30050 fleet schema full',
      '60050 fleet schema full',
      '90050 fleet schema full',
    ])
    // each word is looked at when it comes
    expect(asked.filter((text) => text.endsWith(' check'))).toHaveLength(69)
  })

  test('holds nothing back that another moment or another channel tells', async () => {
    const { clock, connect, tell, told, last } = createListener()
    await connect()
    tell('schema')
    tell('config')
    last().handlers.onChange('schema', 'dbrest_schema')
    await clock.advance(50)
    tell('schema')
    expect(told().filter((text) => text.includes('notify'))).toEqual([
      '50 notify schema check',
      '50 notify config check',
      '50 notify schema check',
      '100 notify schema check',
    ])
  })

  test('tells what it holds back before its connection is lost', async () => {
    const { connect, tell, told, lose } = createListener()
    await connect()
    for (let i = 0; i < 3; i += 1) tell('schema')
    lose('gone')
    expect(told()).toEqual([
      '50 notification schema',
      '50 notify schema check',
      '50 notification schema',
      '50 notify schema check',
      '50 failed: gone',
      '50 down notify: gone',
      '50 retry in 1000',
    ])
  })

  test('hears changes from the moment it listens, before it is proven', async () => {
    const { clock, server, tell, told } = createListener()
    server.delivers = false
    await clock.advance(10)
    tell('both')
    expect(told()).toEqual(['10 notification schema', '10 notify both check'])
  })

  test('proves its life again and again, silently', async () => {
    const { clock, connect, proofs, told, connections } = createListener()
    await connect()
    await clock.advance(35_000)
    expect(proofs).toEqual(['5 1', '10005 1', '20005 1', '30005 1'])
    expect(told()).toEqual([])
    expect(connections).toHaveLength(1)
  })

  test('is unproven while its first proof is late', async () => {
    const { clock, server, health, connections } = createListener()
    const states: string[] = []
    health.state$('notify').subscribe((state) => states.push(`${clock.now()} ${state}`))
    server.proofMs = 3000
    await clock.advance(4000)
    expect(states).toEqual(['0 down', '1005 unproven', '3005 up'])
    await clock.advance(20_000)
    expect(states).toHaveLength(3)
    expect(connections).toHaveLength(1)
  })

  test('that proves itself in time was never unproven', async () => {
    const { clock, health } = createListener()
    const states: string[] = []
    health.state$('notify').subscribe((state) => states.push(`${clock.now()} ${state}`))
    await clock.advance(50)
    expect(health.list()).toMatchObject([{ cause: null }])
    await clock.advance(2000)
    expect(states).toEqual(['0 down', '6 up'])
  })

  test('closes its connection when nobody is subscribed any more', async () => {
    const { clock, connect, subscription, last, told } = createListener()
    await connect()
    subscription.unsubscribe()
    expect(last().isClosed).toBe(true)
    await clock.advance(100_000)
    expect(told()).toEqual([])
    expect(clock.scheduler.actions).toEqual([])
  })

  test('that is left while it connects closes what it has opened', async () => {
    const { clock, subscription, last } = createListener()
    await clock.advance(3)
    subscription.unsubscribe()
    expect(last().isClosed).toBe(true)
  })
})

describe('a loss', () => {
  test('is told, the connection closed, the next one made after a second, and a check asked for', async () => {
    const { clock, connect, lose, told, connections, failures, health } = createListener()
    await connect()
    lose('FATAL:  terminating connection due to administrator command')
    expect(connections[0]?.isClosed).toBe(true)
    expect(health.list()).toMatchObject([
      { state: 'down', cause: 'FATAL:  terminating connection due to administrator command' },
    ])
    await clock.advance(2000)
    expect(told()).toEqual([
      '50 failed: FATAL:  terminating connection due to administrator command',
      '50 down notify: FATAL:  terminating connection due to administrator command',
      '50 retry in 1000',
      '1056 listening on pgrst at /tmp:5432',
      '1056 up notify',
      '1056 listener-connected both check',
    ])
    expect(failures).toHaveLength(1)
  })

  test('without db-config makes a check of the schema alone', async () => {
    const { clock, config$, connect, lose, told } = createListener()
    config$.next({ ...config, dbConfig: false })
    await connect()
    lose('gone')
    await clock.advance(2000)
    expect(told().at(-1)).toBe('1056 listener-connected schema check')
  })

  test('of a server that stays away is tried again after 1, 2, 4 … 32 s; success begins anew', async () => {
    const { clock, server, connect, lose, told } = createListener()
    await connect()
    server.refusal = new Error('connection refused')
    lose('gone')
    await clock.advance(100_000)
    expect(told().filter((text) => text.includes('retry'))).toEqual([
      '50 retry in 1000',
      '1055 retry in 2000',
      '3060 retry in 4000',
      '7065 retry in 8000',
      '15070 retry in 16000',
      '31075 retry in 32000',
      '63080 retry in 32000',
      '95085 retry in 32000',
    ])
    server.refusal = null
    await clock.advance(40_000)
    lose('gone again')
    expect(told().slice(-1)).toEqual(['140050 retry in 1000'])
  })

  test('is tried again as soon as the database is there for anyone', async () => {
    const { clock, server, connect, lose, told, aliveSubject } = createListener()
    await connect()
    server.refusal = new Error('connection refused')
    lose('gone')
    // tried at 1050, 3055 and 7060: the next one is due at 15065
    await clock.advance(10_000)
    told()
    server.refusal = null
    aliveSubject.next()
    aliveSubject.next()
    await clock.advance(10_000)
    expect(told()).toEqual([
      '10056 listening on pgrst at /tmp:5432',
      '10056 up notify',
      '10056 listener-connected both check',
    ])
  })

  test('of a feed with a way of its own ends nothing else, and is not hurried by others', async () => {
    const { server, connect, lose, told, failures, othersConnect } = createListener(
      {},
      { hasOwnWay: true },
    )
    await connect()
    server.refusal = new BackendFailure({ kind: 'connection', details: 'no' }, 'no', {
      isFatal: true,
    })
    lose('gone')
    await othersConnect()
    expect(told().filter((text) => text.includes('retry'))).toEqual([
      '50 retry in 1000',
      '1055 retry in 2000',
      '3060 retry in 4000',
    ])
    expect(failures).toEqual([])
  })

  test('is not tried again within the first second, whoever is let in', async () => {
    const { server, connect, lose, told, othersConnect } = createListener()
    await connect()
    server.refusal = new Error('the one for writing is away')
    lose('gone')
    await othersConnect()
    expect(told().filter((text) => text.includes('retry'))).toEqual([
      '50 retry in 1000',
      '1055 retry in 2000',
      '2060 retry in 4000',
      '3065 retry in 8000',
    ])
  })

  test('waits with jitter, told without', async () => {
    const { clock, server, told } = createListener({ random: () => 0.9 })
    server.refusal = new Error('no')
    await clock.advance(1200)
    expect(told()).toEqual([
      '5 failed: no',
      '5 down notify: no',
      '5 retry in 1000',
      '1100 failed: no',
      '1100 retry in 2000',
    ])
  })
})

describe('a feed that is not what it seems', () => {
  test('is given up when its proof does not come back', async () => {
    const { clock, server, connect, told, connections, health } = createListener()
    await connect()
    server.delivers = false
    await clock.advance(15_000)
    expect(told()).toEqual([
      '15005 failed: nothing came back within 5000 ms',
      '15005 down notify: nothing came back within 5000 ms',
      '15005 retry in 1000',
    ])
    expect(connections[0]?.isClosed).toBe(true)
    expect(health.list()).toMatchObject([{ state: 'down' }])
  })

  test('behind a pooler that swallows notices never counts as up, and the pauses grow', async () => {
    const { clock, server, told } = createListener()
    server.delivers = false
    await clock.advance(40_000)
    const lines = told()
    expect(lines.filter((text) => text.includes('retry'))).toEqual([
      '5005 retry in 1000',
      '11010 retry in 2000',
      '18015 retry in 4000',
      '27020 retry in 8000',
    ])
    expect(lines.filter((text) => /up|listening|listener-connected/.test(text))).toEqual([])
  })

  test('behind such a pooler is unproven, which is no failure of the database', async () => {
    const { clock, server, told, health, failures, aliveSubject } = createListener()
    server.delivers = false
    await clock.advance(5500)
    expect(told()).toEqual(['5005 failed: nothing came back within 5000 ms', '5005 retry in 1000'])
    const cause = 'nothing came back within 5000 ms'
    expect(health.list()).toMatchObject([{ state: 'unproven', cause }])
    expect(failures).toEqual([])
    await clock.advance(1000)
    expect(health.list()).toMatchObject([{ state: 'unproven', cause }])
    // that others are let in is nothing new: the pauses stay
    await clock.advance(5500)
    aliveSubject.next()
    await clock.advance(1900)
    expect(told()).toEqual([
      '11010 failed: nothing came back within 5000 ms',
      '11010 retry in 2000',
    ])
    server.refusal = new Error('refused')
    await clock.advance(10_000)
    expect(health.list()).toMatchObject([{ state: 'down', cause: 'refused' }])
  })

  test('proves itself at once when a change was found that it did not tell of', async () => {
    const { clock, connect, proofs, told, unheardSubject } = createListener()
    await connect()
    unheardSubject.next()
    await clock.advance(2000)
    expect(proofs).toEqual(['5 1', '50 1'])
    expect(told()).toEqual([])
  })

  test('that is doubted has a second to prove itself', async () => {
    const { clock, server, connect, told, unheardSubject, health } = createListener()
    await connect()
    server.delivers = false
    for (let found = 0; found < 5; found += 1) {
      unheardSubject.next()
      await clock.advance(300)
    }
    expect(told()).toEqual([
      '1050 failed: nothing came back within 1000 ms',
      '1050 down notify: nothing came back within 1000 ms',
      '1050 retry in 1000',
    ])
    expect(health.list()).toMatchObject([{ state: 'down' }])
  })

  test('that is doubted while a proof is under way has no more than a second left', async () => {
    const { clock, server, connect, told, unheardSubject } = createListener()
    await connect()
    server.delivers = false
    // the proof began at 10005
    await clock.advance(10_450)
    unheardSubject.next()
    await clock.advance(2000)
    expect(told()[0]).toBe('11500 failed: nothing came back within 1000 ms')
  })

  test('is given up when the proof cannot be sent', async () => {
    const { clock, server, connect, told } = createListener()
    await connect()
    server.proofFailure = new Error('cannot execute NOTIFY during recovery')
    await clock.advance(10_000)
    expect(told()[0]).toBe('10006 failed: cannot execute NOTIFY during recovery')
  })

  test('is given up when it is not ready in time', async () => {
    const { clock, told, last, proofs } = createListener({}, { readyMs: 1_000_000 })
    await clock.advance(10_500)
    expect(told()[0]).toBe('10000 failed: the server did not answer within 10000 ms')
    expect(last().isClosed).toBe(true)
    expect(proofs).toEqual([])
  })

  test('hears nothing more from a connection that was given up', async () => {
    const { clock, server, connect, last, told } = createListener()
    await connect()
    server.delivers = false
    const { handlers } = last()
    await clock.advance(15_000)
    told()
    handlers.onChange('both')
    handlers.onLost('gone')
    expect(told()).toEqual([])
  })
})

describe('a feed under a configuration', () => {
  test('that switches it off closes its connection, and listens again when it is switched on', async () => {
    const { clock, config$, connect, last, told, health } = createListener()
    await connect()
    config$.next({ ...config$.value, dbChannelEnabled: false })
    expect(last().isClosed).toBe(true)
    expect(health.list()).toMatchObject([{ state: 'off' }])
    await clock.advance(100_000)
    expect(told()).toEqual([])
    config$.next({ ...config$.value, dbChannelEnabled: true })
    await clock.advance(100)
    expect(told()).toEqual([
      '100056 listening on pgrst at /tmp:5432',
      '100056 up notify',
      '100056 listener-connected both check',
    ])
  })

  test('that has it off from the start opens nothing', async () => {
    const config$ = new BehaviorSubject({ ...config, dbChannelEnabled: false })
    const { clock, connections, health } = createListener({ config$ })
    await clock.advance(1000)
    expect(connections).toEqual([])
    expect(health.list()).toMatchObject([{ state: 'off' }])
  })

  test('that changes in other things keeps its connection', async () => {
    const { clock, config$, connect, connections } = createListener()
    await connect()
    config$.next({ ...config$.value, dbConfig: false })
    await clock.advance(1000)
    expect(connections).toHaveLength(1)
  })

  test('that names another channel listens to it on a connection of its own', async () => {
    const { clock, config$, connect, connections, last } = createListener()
    await connect()
    config$.next({ ...config$.value, dbChannel: 'other' })
    await clock.advance(100)
    expect(connections[0]?.isClosed).toBe(true)
    expect(last().channel).toBe('other')
  })
})

describe('reads that lag behind', () => {
  test('are checked again and again until they have caught up with what was told', async () => {
    const { clock, server, connect, tell, told } = createListener()
    await connect()
    server.position = '0/1'
    server.reachedAt = 850
    tell('both')
    await clock.advance(5000)
    expect(told()).toEqual([
      '50 notification schema',
      '50 notify both check',
      '226 notify schema check',
      '426 notify schema check',
      '826 notify schema check',
      '1626 notify both check',
    ])
  })

  test('end with what each change was for; changes that come meanwhile share the next round', async () => {
    const { clock, server, connect, tell, told } = createListener()
    await connect()
    await clock.advance(100)
    server.position = '0/1'
    server.reachedAt = 300
    tell('config')
    await clock.advance(20)
    for (let sent = 0; sent < 100; sent += 1) tell('schema')
    await clock.advance(5000)
    expect(told()).toEqual([
      '150 notification config',
      '150 notify config check',
      '170 notification schema',
      '170 notify schema check',
      '220 notification schema',
      '220 notify schema check',
      '270 notify schema check',
      '470 notify config check',
      '590 notify schema check',
    ])
  })

  test('are checked after a reconnection as well', async () => {
    const { clock, server, told } = createListener()
    server.position = '0/1'
    server.reachedAt = 50
    await clock.advance(1000)
    expect(told().slice(-2)).toEqual([
      '6 listener-connected schema check',
      '126 listener-connected schema check',
    ])
  })

  test('whose position cannot be told are asked about again', async () => {
    const { clock, server, connect, tell, told } = createListener()
    await connect()
    server.position = '0/1'
    server.positionFailures = 2
    tell('both')
    await clock.advance(5000)
    expect(told().slice(2)).toEqual(['3226 notify both check'])
  })

  test('end with the subscription', async () => {
    const { clock, server, connect, tell, told, subscription } = createListener()
    await connect()
    server.position = '0/1'
    server.reachedAt = 1_000_000
    tell('both')
    await clock.advance(1000)
    subscription.unsubscribe()
    told()
    await clock.advance(10_000)
    expect(told()).toEqual([])
    expect(clock.scheduler.actions).toEqual([])
  })
})
