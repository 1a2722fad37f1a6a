import pg from 'pg'
import {
  asyncScheduler,
  BehaviorSubject,
  merge,
  NEVER,
  of,
  type SchedulerLike,
  Subject,
  VirtualTimeScheduler,
} from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { createSchemaVersionCheck } from '../../../src/cache/check-schema-version.ts'
import { createGenerationStore, type GenerationStore } from '../../../src/cache/generation-store.ts'
import { createReloadPipeline, type ReloadPipeline } from '../../../src/cache/reload-pipeline.ts'
import type { Config } from '../../../src/config/config.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { buildSnapshotInSlices } from '../../../src/schema/build-snapshot.ts'
import { diffSnapshotsInSlices } from '../../../src/schema/diff-snapshots.ts'
import { createSourceHealth, type SourceHealth } from '../../../src/sources/source-health.ts'
import { createStaleNameChecker, type StaleNameChecker } from '../../../src/sources/stale-names.ts'
import { watchPushFeed } from '../../../src/sources/watch-push-feed.ts'
import { watchSchemaVersion } from '../../../src/sources/watch-schema-version.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { observeTraced, traceHealth } from '../../support/trace-in-process.ts'

interface Server {
  readonly store: GenerationStore
  readonly pipeline: ReloadPipeline
  readonly stale: StaleNameChecker
  readonly health: SourceHealth
  readonly observations: readonly Observation[]
  columns(relation: string): readonly string[]
  close(): Promise<void>
}

const opened: Server[] = []
const slices = {
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  now: () => performance.now(),
}

/** The reload half of a server: a backend, its sources, the pipeline. */
async function startServer(
  uri: string,
  override: Partial<Config> = {},
  /** The pipeline's. */
  clock: SchedulerLike = asyncScheduler,
): Promise<Server> {
  const config: Config = {
    ...loadTestConfig({ env: { PGRST_DB_URI: uri } }),
    dbConfig: false,
    ...override,
  }
  const observations: Observation[] = []
  let listenerTells = () => {}
  const listenerTold = new Promise<void>((resolve) => {
    listenerTells = resolve
  })
  const observe = (observation: Observation) => {
    observations.push(observation)
    observeTraced(observation)
    if (/^listener-(connected|failed)$/.test(observation.kind)) listenerTells()
  }
  const aliveSubject = new Subject<void>()
  const backend = openPostgres({
    config: () => config,
    env: {},
    observe,
    onUnreachable: () => undefined,
    onConnected: () => aliveSubject.next(),
  })
  if (backend.feed.kind !== 'push') throw new Error('PostgreSQL tells of changes')
  const store = createGenerationStore({ config, snapshot: null })
  const health = createSourceHealth({ now: Date.now, observe })
  const config$ = new BehaviorSubject(config)
  const scheduler = asyncScheduler
  const notify$ = watchPushFeed({
    onFailure: () => undefined,
    feed: backend.feed,
    config$,
    alive$: aliveSubject,
    unheard$: NEVER,
    health,
    observe,
    scheduler,
    random: Math.random,
  })
  const poll$ = watchSchemaVersion({
    reader: backend,
    store,
    intervalMs$: new BehaviorSubject(config.dbSchemaPollInterval ?? 0),
    isNeeded$: new BehaviorSubject(false),
    started$: of('at once'),
    restMs: () => null,
    fleet: null,
    health,
    onFailure: () => undefined,
    scheduler,
  })
  const pipeline = createReloadPipeline({
    signals$: merge(notify$, poll$),
    alive$: aliveSubject,
    store,
    loadConfig: async () => ({ ok: true, value: config }),
    beforeLoad: async () => {
      if (!config.dbChannelEnabled) return
      // a listener that fails is no reason not to load: its check comes later
      await listenerTold
    },
    reader: backend,
    buildSnapshot: (...parts) => buildSnapshotInSlices(...parts, slices),
    diffSnapshots: (previous, next) => diffSnapshotsInSlices(previous, next, slices),
    onPublished: () => undefined,
    onReloaded: () => backend.recycle(),
    onEnded: () => undefined,
    onFailure: () => undefined,
    observe,
    scheduler: clock,
    random: Math.random,
    deadlineMs: () => config.dbSchemaLoadTimeout,
    stopwatch: () => performance.now(),
  })
  const stale = createStaleNameChecker({
    isCurrent: createSchemaVersionCheck({ store, reader: backend, scheduler, limitMs: 5000 }),
    requestReload: pipeline.requestReload,
    currentSnapshot: () => store.current().snapshot,
    scheduler,
  })
  const server: Server = {
    store,
    pipeline,
    stale,
    health,
    observations,
    columns: (relation) => {
      const found = store.current().snapshot?.relations.get(`public\0${relation}`)
      return [...(found?.columns.keys() ?? [])]
    },
    async close() {
      traceHealth(pipeline, health)
      pipeline.stop()
      await backend.close()
    },
  }
  opened.push(server)
  await pipeline.start()
  return server
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

async function until(isDone: () => boolean): Promise<void> {
  await expect.poll(isDone, { interval: 2 }).toBe(true)
}

function kinds(server: Server): readonly string[] {
  return server.observations.map(({ kind }) => kind)
}

describe('reloads on PostgreSQL', () => {
  let db: TestDatabase

  beforeAll(async () => {
    db = await createTestDatabase(`
      create table directors (id int primary key, name text);
      create table films (id int primary key, director_id int references directors (id));
    `)
  })
  afterAll(() => db.drop())

  test('the first load comes after LISTEN and is the only one', async () => {
    const server = await startServer(db.uri())
    expect(server.pipeline.state()).toMatchObject({
      kind: 'ready',
      snapshot: { snapshotVersion: 1 },
    })
    expect(server.columns('films')).toEqual(['id', 'director_id'])
    const others = /^(connection|pool|trigger|source-changed|reload-(began|ended))/
    const told = kinds(server).filter((kind) => !others.test(kind))
    expect(told).toEqual([
      'reload-started',
      'listener-connected',
      'source-up',
      'config-loaded',
      'reload-queried',
      'reload-published',
    ])
  })

  test('a migration that notifies is visible at its commit', async () => {
    // neither a poll nor a request tells it
    const server = await startServer(db.uri(), { dbSchemaPollInterval: 0 })
    const client = new pg.Client(db.uri())
    await client.connect()
    try {
      for (let count = 0; count < 10; count += 1) {
        const sql = `begin; alter table films add column c${count} int; notify pgrst, 'reload schema'; commit`
        await client.query(sql)
        await until(() => server.columns('films').includes(`c${count}`))
      }
    } finally {
      await client.end()
    }
  })

  test('notices by the thousand cost a check at the first, and one more once 100 ms are over', async () => {
    const clock = new VirtualTimeScheduler()
    const server = await startServer(db.uri(), {}, clock)
    const count = (wanted: Observation['kind']) =>
      kinds(server).filter((kind) => kind === wanted).length
    const advance = (milliseconds: number) => {
      clock.maxFrames = clock.frame + milliseconds
      clock.flush()
      clock.frame = clock.maxFrames
    }
    // the first load of a server is one of the pace, too
    advance(100)
    const noticed = () =>
      server.observations.reduce((sum, each) => sum + (each.kind === 'trigger' ? each.times : 0), 0)
    const [loads, notices] = [count('reload-published'), noticed()]
    const client = new pg.Client(db.uri())
    await client.connect()
    const began = performance.now()
    try {
      for (let sent = 0; sent < 2000; sent += 1) await client.query('notify pgrst')
      await client.query("create table last_one (id int); notify pgrst, 'reload schema'")
    } finally {
      await client.end()
    }
    await until(() => noticed() === notices + 2001)
    await until(() => count('reload-unchanged') === 1)
    // equal ones that follow each other are told as one, at the most each 50 ms
    expect(count('trigger')).toBeLessThan(10 + (performance.now() - began) / 50)
    advance(99)
    expect(count('reload-started')).toBe(loads + 1)
    advance(1)
    await until(() => count('reload-started') === loads + 2)
    await until(() => server.columns('last_one').length === 1)
    expect(count('reload-published')).toBe(loads + 1)
  })

  test('a change that nobody announces is found by the first request that misses it', async () => {
    const server = await startServer(db.uri(), { dbChannelEnabled: false })
    expect(await server.stale.checkAfter('stale-name')).toBe('unchanged')
    await db.query('create table unannounced (id int)')
    expect(await server.stale.checkAfter('stale-name')).toBe('moved')
    expect(server.columns('unannounced')).toEqual(['id'])
    await db.query('drop table unannounced')
    expect(await server.stale.checkAfter('stale-hit')).toBe('moved')
    expect(server.columns('unannounced')).toEqual([])
  })

  test('a change that nobody announces is found by the poll', async () => {
    const server = await startServer(db.uri(), {
      dbChannelEnabled: false,
      dbSchemaPollInterval: 50,
    })
    await db.query('create table polled (id int)')
    await until(() => server.columns('polled').length === 1)
    const loads = kinds(server).filter((kind) => kind === 'reload-published')
    expect(loads).toHaveLength(2)
  })

  test('an open ALTER TABLE in another session holds up no reload', async () => {
    const server = await startServer(db.uri())
    const migration = new pg.Client(db.uri())
    await migration.connect()
    try {
      await migration.query('begin; alter table films add column open_one int')
      const request = { scope: 'schema', depth: 'full', origin: 'admin' } as const
      // which stays open: a load that waited for it would fail
      const outcome = await server.pipeline.requestReload(request)
      expect(outcome).toMatchObject({ kind: 'unchanged', foundBy: 'load' })
      expect(server.columns('films')).not.toContain('open_one')
    } finally {
      await migration.query('rollback')
      await migration.end()
    }
  })

  test('a schema that does not exist fails the load, which succeeds once it does', async () => {
    const server = await startServer(db.uri(), { dbSchemas: ['public', 'later'] })
    expect(server.pipeline.state()).toMatchObject({
      kind: 'retrying',
      snapshot: null,
      cause: expect.stringContaining('later'),
    })
    await db.query('create schema later')
    await until(() => server.pipeline.state().kind === 'ready')
    await db.query('drop schema later')
    expect(await server.stale.checkAfter('stale-hit')).toBe('unanswered')
    expect(server.pipeline.state()).toMatchObject({
      kind: 'retrying',
      snapshot: { snapshotVersion: 1 },
    })
  })
})

describe('a server that fails', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.query('create table films (id int)')
    // the cluster does not flush its commits, and is to survive a crash
    await cluster.query('checkpoint')
  })
  afterAll(() => cluster.destroy())

  test('and comes back is listened to and loaded again, with what changed meanwhile', async () => {
    const server = await startServer(cluster.uri())
    await cluster.kill()
    await until(() => server.health.list().some(({ state }) => state === 'down'))
    expect(await server.stale.checkAfter('stale-name')).toBe('unanswered')
    expect(server.columns('films')).toEqual(['id'])
    await cluster.start()
    await cluster.query('alter table films add column title text')
    await until(() => server.columns('films').includes('title'))
    expect(server.pipeline.state().kind).toBe('ready')
    await until(() => server.health.list().every(({ state }) => state !== 'down'))
  })

  test('from the start is loaded as soon as it is there', async () => {
    await cluster.stop()
    const server = await startServer(cluster.uri())
    expect(server.pipeline.state()).toMatchObject({ kind: 'retrying', snapshot: null })
    await cluster.start()
    await until(() => server.pipeline.state().kind === 'ready')
    expect(server.columns('films')).toContain('id')
  })
})
