import { BehaviorSubject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type {
  ListenChannels,
  ListenHandlers,
  ListeningConnection,
} from '../../../src/sources/listening-connection.ts'
import {
  type PostgresNotifyDeps,
  watchPostgresNotify,
} from '../../../src/sources/watch-postgres-notify.ts'
import { createRecording } from './record-source.ts'

interface FakeConnection {
  readonly channels: ListenChannels
  readonly handlers: ListenHandlers
  isClosed: boolean
}

/** A server that listens, answers and loses connections as its variables say. */
function createListener(override: Partial<PostgresNotifyDeps> = {}, describeMs = 2) {
  const recording = createRecording()
  const { clock } = recording
  const server = {
    /** Why nobody can connect. */
    refusal: null as Error | null,
    readyMs: 3,
    notifyFailure: null as Error | null,
    /** NOTIFYs reach their listeners. */
    delivers: true,
    position: null as string | null,
    positionFailures: 0,
    replayedAt: 0,
  }
  const connections: FakeConnection[] = []
  const failures: unknown[] = []
  const probes: string[] = []
  const config$ = new BehaviorSubject({
    dbChannel: 'pgrst',
    dbChannelEnabled: true,
    dbConfig: true,
  })

  const open = (
    _config: Readonly<Record<string, unknown>>,
    channels: ListenChannels,
    handlers: ListenHandlers,
  ): ListeningConnection => {
    const connection = { channels, handlers, isClosed: false }
    connections.push(connection)
    return {
      ready: clock.delay(server.readyMs),
      close: () => {
        connection.isClosed = true
      },
    }
  }

  const source$ = watchPostgresNotify({
    feed: {
      connection: () => ({ host: '/tmp' }),
      describe: async () => {
        await clock.delay(describeMs)
        if (server.refusal !== null) throw server.refusal
        return { address: '/tmp:5432', version: 'PostgreSQL 18.1' }
      },
      notify: async (channel, payload) => {
        probes.push(`${clock.now()} ${payload}`)
        await clock.delay(1)
        if (server.notifyFailure !== null) throw server.notifyFailure
        if (!server.delivers) return
        for (const { channels, handlers, isClosed } of connections) {
          if (!isClosed && channels.probe === channel) handlers.onProbe(payload)
        }
      },
      primaryPosition: async () => {
        if (server.positionFailures > 0) {
          server.positionFailures -= 1
          throw new Error('no answer')
        }
        return server.position
      },
      hasReplayed: async () => clock.now() >= server.replayedAt,
    },
    open,
    config$,
    health: recording.health,
    observe: recording.observe,
    onFailure: (failure) => failures.push(failure),
    scheduler: clock.scheduler,
    random: () => 0,
    probeChannel: 'dbrest_probe_1',
    ...override,
  })
  const subscription = recording.record(source$)
  const last = () => {
    const connection = connections.at(-1)
    if (connection === undefined) throw new Error('nothing was opened')
    return connection
  }
  return {
    ...recording,
    server,
    connections,
    failures,
    probes,
    config$,
    source$,
    subscription,
    last,
    notify: (payload: string) => last().handlers.onSignal(payload),
    lose: (cause: string) => last().handlers.onLost(cause),
    async connect() {
      await clock.advance(50)
      recording.told()
    },
  }
}

describe('a listener', () => {
  test('is up when it listens and its own notification came back, and then asks for a check', async () => {
    const { clock, told, health, last } = createListener()
    await clock.advance(50)
    expect(told()).toEqual([
      '6 listening on pgrst at /tmp:5432',
      '6 up notify',
      '6 listener-connected schema check',
    ])
    expect(last().channels).toEqual({ signal: 'pgrst', probe: 'dbrest_probe_1' })
    expect(health.list()).toMatchObject([{ name: 'notify', state: 'up' }])
  })

  test.each([
    ['', true, ['notification schema', 'notify both load']],
    ['reload schema', true, ['notification schema', 'notify both load']],
    ['', false, ['notification schema', 'notify schema load']],
    ['reload schema', false, ['notification schema', 'notify schema load']],
    ['reload config', true, ['notification config', 'notify config load']],
    ['reload config', false, ['notification config', 'notify config load']],
    ['reload', true, []],
    ['Reload schema', true, []],
    ['"reload schema"', true, []],
    ['{}', true, []],
  ])('of payload %j with db-config %s tells %j', async (payload, dbConfig, expected) => {
    const { config$, connect, notify, told } = createListener()
    config$.next({ dbChannel: 'pgrst', dbChannelEnabled: true, dbConfig })
    await connect()
    notify(payload)
    expect(told()).toEqual(expected.map((text) => `50 ${text}`))
  })

  test('hears notices from the moment it listens, before it is proven', async () => {
    const { clock, server, notify, told } = createListener()
    server.delivers = false
    await clock.advance(10)
    notify('reload schema')
    expect(told()).toEqual(['10 notification schema', '10 notify both load'])
  })

  test('proves its life again and again, silently', async () => {
    const { clock, connect, probes, told, connections } = createListener()
    await connect()
    await clock.advance(35_000)
    expect(probes).toEqual(['5 0', '10005 1', '20005 2', '30005 3'])
    expect(told()).toEqual([])
    expect(connections).toHaveLength(1)
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
    config$.next({ dbChannel: 'pgrst', dbChannelEnabled: true, dbConfig: false })
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
      '1052 retry in 2000',
      '3054 retry in 4000',
      '7056 retry in 8000',
      '15058 retry in 16000',
      '31060 retry in 32000',
      '63062 retry in 32000',
      '95064 retry in 32000',
    ])
    server.refusal = null
    await clock.advance(40_000)
    lose('gone again')
    expect(told().slice(-1)).toEqual(['140050 retry in 1000'])
  })

  test('waits with jitter, told without', async () => {
    const { clock, server, told } = createListener({ random: () => 0.9 })
    server.refusal = new Error('no')
    await clock.advance(1200)
    expect(told()).toEqual([
      '2 failed: no',
      '2 down notify: no',
      '2 retry in 1000',
      '1094 failed: no',
      '1094 retry in 2000',
    ])
  })
})

describe('a listener that is not what it seems', () => {
  test('is given up when its own notification does not come back', async () => {
    const { clock, server, connect, told, connections, health } = createListener()
    await connect()
    server.delivers = false
    await clock.advance(15_000)
    expect(told()).toEqual([
      '15005 failed: a notification of our own did not come back within 5000 ms',
      '15005 down notify: a notification of our own did not come back within 5000 ms',
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

  test('is given up when NOTIFY itself fails', async () => {
    const { clock, server, connect, told } = createListener()
    await connect()
    server.notifyFailure = new Error('cannot execute NOTIFY during recovery')
    await clock.advance(10_000)
    expect(told()[0]).toBe('10006 failed: cannot execute NOTIFY during recovery')
  })

  test('is given up when the server does not answer LISTEN', async () => {
    const { clock, server, told, last } = createListener()
    server.readyMs = 1_000_000
    await clock.advance(6000)
    expect(told()[0]).toBe('5002 failed: the server did not answer LISTEN within 5000 ms')
    expect(last().isClosed).toBe(true)
  })

  test('is given up when nobody tells where the primary is', async () => {
    const { clock, told, connections } = createListener({}, 1_000_000)
    await clock.advance(6000)
    expect(told()[0]).toBe('5000 failed: the server did not answer within 5000 ms')
    expect(connections).toEqual([])
  })

  test('does not take the proof of an earlier connection for its own', async () => {
    const { clock, server, connect, lose, last, told } = createListener()
    await connect()
    server.delivers = false
    lose('gone')
    await clock.advance(1010)
    last().handlers.onProbe('17')
    await clock.advance(5000)
    expect(told().some((text) => text.includes('listening'))).toBe(false)
  })
})

describe('db-channel-enabled', () => {
  test('switched off closes the connection, switched on listens again', async () => {
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

  test('off from the start opens nothing', async () => {
    const { clock, config$, connections, subscription, record, source$ } = createListener()
    subscription.unsubscribe()
    config$.next({ ...config$.value, dbChannelEnabled: false })
    record(source$)
    await clock.advance(1000)
    expect(connections).toEqual([])
  })

  test('other changes of the configuration leave the connection alone', async () => {
    const { clock, config$, connect, connections } = createListener()
    await connect()
    config$.next({ ...config$.value, dbConfig: false })
    await clock.advance(1000)
    expect(connections).toHaveLength(1)
  })

  test('another channel is listened to on a connection of its own', async () => {
    const { clock, config$, connect, connections, last } = createListener()
    await connect()
    config$.next({ ...config$.value, dbChannel: 'other' })
    await clock.advance(100)
    expect(connections[0]?.isClosed).toBe(true)
    expect(last().channels.signal).toBe('other')
  })
})

describe('reads on a replica', () => {
  test('are checked again and again until it has replayed what was notified', async () => {
    const { clock, server, connect, notify, told } = createListener()
    await connect()
    server.position = '0/1'
    server.replayedAt = 850
    notify('reload schema')
    await clock.advance(5000)
    expect(told()).toEqual([
      '50 notification schema',
      '50 notify both load',
      '206 notify schema check',
      '406 notify schema check',
      '806 notify schema check',
      '1606 notify both check',
    ])
  })

  test('end with what each notice was for; notices that come meanwhile share the next round', async () => {
    const { clock, server, config$, connect, notify, told } = createListener()
    config$.next({ ...config$.value, dbConfig: false })
    await connect()
    await clock.advance(100)
    server.position = '0/1'
    server.replayedAt = 300
    notify('reload config')
    await clock.advance(20)
    for (let sent = 0; sent < 100; sent += 1) notify('reload schema')
    await clock.advance(5000)
    const [first, second, ...rest] = told()
    const storm = rest.splice(0, 200)
    expect(new Set(storm)).toEqual(new Set(['170 notification schema', '170 notify schema load']))
    expect([first, second, ...rest]).toEqual([
      '150 notification config',
      '150 notify config load',
      '250 notify schema check',
      '450 notify config check',
      '550 notify schema check',
    ])
  })

  test('are checked after a reconnection as well', async () => {
    const { clock, server, told } = createListener()
    server.position = '0/1'
    server.replayedAt = 50
    await clock.advance(1000)
    expect(told().slice(-2)).toEqual([
      '6 listener-connected schema check',
      '106 listener-connected schema check',
    ])
  })

  test('whose position cannot be told are asked about again', async () => {
    const { clock, server, connect, notify, told } = createListener()
    await connect()
    server.position = '0/1'
    server.positionFailures = 2
    notify('reload schema')
    await clock.advance(5000)
    expect(told().slice(2)).toEqual(['3206 notify both check'])
  })

  test('end with the subscription', async () => {
    const { clock, server, connect, notify, told, subscription } = createListener()
    await connect()
    server.position = '0/1'
    server.replayedAt = 1_000_000
    notify('reload schema')
    await clock.advance(1000)
    subscription.unsubscribe()
    told()
    await clock.advance(10_000)
    expect(told()).toEqual([])
    expect(clock.scheduler.actions).toEqual([])
  })
})
