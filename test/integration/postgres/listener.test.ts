import pg from 'pg'
import { asyncScheduler, BehaviorSubject, NEVER, Subject, type Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import type { Config } from '../../../src/config/config.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { createSourceHealth } from '../../../src/sources/source-health.ts'
import { watchPushFeed } from '../../../src/sources/watch-push-feed.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

interface ListenerOptions {
  readonly channel?: string
  readonly proofIntervalMs?: number
  readonly proofLimitMs?: number
}

interface Heard {
  readonly kind: string
  readonly text: string
}

interface Listener {
  readonly config$: BehaviorSubject<Config>
  readonly subscription: Subscription
  readonly heard: readonly Heard[]
  /** Waits for something to be heard that has not been waited for yet. */
  next(kind: string): Promise<Heard>
  state(): string | undefined
}

const opened: { subscription: Subscription; backend: Backend }[] = []
const waitLimitMs = 60_000

function textOf(observation: Observation): string {
  switch (observation.kind) {
    case 'listener-connected':
      return `${observation.serverVersion} on ${observation.address}, ${observation.channel}`
    case 'listener-failed':
      return observation.cause
    case 'listener-retry':
      return String(observation.retryInMs)
    case 'notification':
      return `${observation.scope} ${observation.times}`
    default:
      return ''
  }
}

function startListener(uri: string, options: ListenerOptions = {}): Listener {
  const config$ = new BehaviorSubject<Config>({
    ...loadTestConfig({ env: { PGRST_DB_URI: uri } }),
    dbChannel: options.channel ?? 'pgrst',
    dbConfig: false,
  })
  const aliveSubject = new Subject<void>()
  const backend = openPostgres({
    config: () => config$.value,
    env: {},
    observe: observeTraced,
    onUnreachable: () => undefined,
    onConnected: () => aliveSubject.next(),
  })
  if (backend.feed.kind !== 'push') throw new Error('PostgreSQL tells of changes')
  const heard: Heard[] = []
  const awaited = new Set<Heard>()
  let wake = () => {}
  const hear = (kind: string, text: string) => {
    heard.push({ kind, text })
    wake()
  }
  const observe = (observation: Observation) => hear(observation.kind, textOf(observation))
  const health = createSourceHealth({ now: Date.now, observe })
  const subscription = watchPushFeed({
    onFailure: () => undefined,
    feed: backend.feed,
    config$,
    alive$: aliveSubject,
    unheard$: NEVER,
    health,
    observe,
    scheduler: asyncScheduler,
    random: () => 0,
    proofIntervalMs: options.proofIntervalMs ?? 10_000,
    proofLimitMs: options.proofLimitMs ?? 5000,
  }).subscribe({
    next: ({ origin, scope, depth }) => hear('signal', `${origin} ${scope} ${depth}`),
    error: (failure) => hear('error', String(failure)),
  })
  opened.push({ subscription, backend })

  async function next(kind: string): Promise<Heard> {
    const end = Date.now() + waitLimitMs
    for (;;) {
      const found = heard.find((one) => one.kind === kind && !awaited.has(one))
      if (found !== undefined) {
        awaited.add(found)
        return found
      }
      const left = end - Date.now()
      if (left <= 0) throw new Error(`no ${kind}; heard: ${JSON.stringify(heard)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  return {
    config$,
    subscription,
    heard,
    next,
    state: () => health.list().find(({ name }) => name === 'notify')?.state,
  }
}

afterEach(async () => {
  for (const { subscription, backend } of opened.splice(0)) {
    subscription.unsubscribe()
    await backend.close()
  }
})

const listening = `select pid, query from pg_stat_activity
  where datname = current_database() and query like 'LISTEN%'`

describe.each(clusterVersions())('on PostgreSQL %s', (version) => {
  let db: TestDatabase

  beforeAll(async () => {
    db = await createTestDatabase('', version)
  })
  afterAll(() => db.drop())

  test('a notification is a signal, from before the first load on', async () => {
    const listener = startListener(db.uri())
    expect((await listener.next('listener-connected')).text).toMatch(
      new RegExp(`^PostgreSQL ${version}.* on 127\\.0\\.0\\.1:${db.port}, pgrst$`),
    )
    expect(listener.state()).toBe('up')
    expect((await listener.next('signal')).text).toBe('listener-connected schema check')
    await db.query("notify pgrst, 'reload schema'")
    expect((await listener.next('signal')).text).toBe('notify schema check')
    await db.query('notify pgrst')
    expect((await listener.next('signal')).text).toBe('notify schema check')
    await db.query("notify pgrst, 'nonsense'; notify pgrst, 'reload config'")
    expect((await listener.next('signal')).text).toBe('notify config check')
    expect(listener.heard.filter(({ kind }) => kind === 'notification')).toHaveLength(3)
  })

  test('LISTEN with the quoted channel is the last statement of the connection', async () => {
    const listener = startListener(db.uri())
    await listener.next('listener-connected')
    expect((await db.query(listening)).map(({ query }) => query)).toEqual(['LISTEN "pgrst"'])
  })

  test('a terminated backend is noticed, the next listens and asks for a check', async () => {
    const listener = startListener(db.uri())
    await listener.next('listener-connected')
    await listener.next('signal')
    await db.query(`select pg_terminate_backend(pid) from (${listening}) as own`)
    expect((await listener.next('listener-failed')).text).toBe(
      'FATAL:  terminating connection due to administrator command',
    )
    expect(listener.state()).toBe('down')
    expect((await listener.next('listener-retry')).text).toBe('1000')
    await listener.next('listener-connected')
    expect((await listener.next('signal')).text).toBe('listener-connected schema check')
    await db.query('notify pgrst')
    expect((await listener.next('signal')).text).toBe('notify schema check')
    expect(await db.query(listening)).toHaveLength(1)
  })

  test('a backend that has stopped is noticed by the proof of life', async () => {
    const listener = startListener(db.uri(), { proofIntervalMs: 200, proofLimitMs: 3000 })
    await listener.next('listener-connected')
    const [backend] = await db.query(listening)
    const pid = Number(backend?.['pid'])
    process.kill(pid, 'SIGSTOP')
    try {
      expect((await listener.next('listener-failed')).text).toBe(
        'a notification of our own did not come back within 3000 ms',
      )
      await listener.next('listener-connected')
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await db.query('notify pgrst')
    const signals = [await listener.next('signal'), await listener.next('signal')]
    signals.push(await listener.next('signal'))
    expect(signals.map(({ text }) => text)).toEqual([
      'listener-connected schema check',
      'listener-connected schema check',
      'notify schema check',
    ])
  })

  test.each([
    ['in mixed case', 'Pgrst_Test'],
    ['with quotes and blanks', 'my "own" channel'],
    ['called error', 'error'],
    ['that is a reserved word', 'select'],
  ])('a channel %s is listened to', async (_, channel) => {
    const listener = startListener(db.uri(), { channel })
    await listener.next('listener-connected')
    await listener.next('signal')
    await db.query(`select pg_notify('${channel}', 'reload schema')`)
    expect((await listener.next('signal')).text).toBe('notify schema check')
    const quoted = `LISTEN "${channel.replaceAll('"', '""')}"`
    expect((await db.query(listening)).map(({ query }) => query)).toEqual([quoted])
  })

  test('switched off the connection is gone, switched on it is back', async () => {
    const listener = startListener(db.uri())
    await listener.next('listener-connected')
    listener.config$.next({ ...listener.config$.value, dbChannelEnabled: false })
    await expect.poll(() => db.query(listening)).toEqual([])
    listener.config$.next({ ...listener.config$.value, dbChannelEnabled: true })
    await listener.next('listener-connected')
    expect(await db.query(listening)).toHaveLength(1)
    expect(listener.heard.filter(({ kind }) => kind === 'listener-failed')).toEqual([])
  })
})

describe('a server of its own', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.destroy())

  test.each(['stop', 'kill'] as const)(
    'that %ss and starts again is listened to again',
    async (end) => {
      const listener = startListener(cluster.uri())
      await listener.next('listener-connected')
      await listener.next('signal')
      await cluster[end]()
      await listener.next('listener-failed')
      // while it is away each attempt fails in libpq's words
      expect((await listener.next('listener-failed')).text).toMatch(
        /^connection to server at "127\.0\.0\.1", port \d+ failed: Connection refused/,
      )
      await cluster.start()
      await listener.next('listener-connected')
      expect((await listener.next('signal')).text).toBe('listener-connected schema check')
      await cluster.query('notify pgrst')
      expect((await listener.next('signal')).text).toBe('notify schema check')
    },
  )

  test('notices by the thousand all come, and few signals are made of them', async () => {
    const listener = startListener(cluster.uri())
    await listener.next('listener-connected')
    await listener.next('signal')
    const client = new pg.Client(cluster.uri())
    await client.connect()
    const began = performance.now()
    try {
      for (let sent = 0; sent < 1000; sent += 1) {
        await client.query(`notify pgrst, '${sent % 2 === 0 ? 'reload schema' : 'reload config'}'`)
      }
    } finally {
      await client.end()
    }
    const told = { schema: 0, config: 0 }
    while (told.schema + told.config < 1000) {
      const [scope, times] = (await listener.next('notification')).text.split(' ')
      expect((await listener.next('signal')).text).toBe(`notify ${scope} check`)
      told[scope === 'config' ? 'config' : 'schema'] += Number(times)
    }
    expect(told).toEqual({ schema: 500, config: 500 })
    // two for each 50 ms at the most
    const signals = listener.heard.filter(({ kind }) => kind === 'signal').length
    expect(signals).toBeLessThan(10 + (performance.now() - began) / 25)
  })
})

test('a host that cannot be found is told in the words of libpq', async () => {
  const listener = startListener('postgresql://no_host.invalid/postgres')
  expect((await listener.next('listener-failed')).text).toMatch(
    /^could not translate host name "no_host\.invalid" to address: /,
  )
  expect((await listener.next('listener-retry')).text).toBe('1000')
})
