/**
 * Servers that hear nothing of each other share the check of the catalogs through a row of a real
 * database: who checks and who is spared it, that no change is missed for it, and that it is in
 * nobody's way.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createSchemaFollower } from '../../../src/backends/postgres/catalog/follow-schema.ts'
import type {
  ControlConnection,
  ControlQuery,
} from '../../../src/backends/postgres/connect/control-connection.ts'
import { installMark, removeMark } from '../../../src/backends/postgres/mark/install-mark.ts'
import { createSchemaMark } from '../../../src/backends/postgres/mark/schema-mark.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import type { SchemaLook } from '../../../src/schema/catalog.ts'
import type { SchemaOptions } from '../../../src/schema/schema-snapshot.ts'
import { createFleet } from '../../../src/sources/fleet.ts'
import { controlOf, schemaOptions, type TestControl } from '../../support/control-query.ts'
import { eventually } from '../../support/http-client.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { startReplica } from '../../support/replica.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

/** Milliseconds: of the backstop, and after which who leads checks again. */
const period = 60_000
const leaderPeriod = 36_000

/** What takes the table and the functions of checks away from an installation, as older ones were. */
const asBefore = `drop function dbrest.read_check, dbrest.tell_check; drop table dbrest.schema_check`

const unmarkedChanges = {
  'a setting of the role': (name: string) =>
    `alter role postgres in database ${name} set work_mem = '5MB'`,
  'a table changed while the event trigger was disabled': () =>
    `alter event trigger dbrest_ddl disable; alter table films add column unmarked int;
    alter event trigger dbrest_ddl enable always`,
} as const

async function open(uri: string): Promise<pg.Client> {
  const client = new pg.Client(uri)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** One server, as far as it looks at the schema. `writesTo`: what its listener is connected to. */
function serverOn(uri: string, writesTo = uri, own: Partial<SchemaOptions> = {}) {
  const options = schemaOptions(own)
  const [reads, primary] = [controlOf(uri), controlOf(writesTo)]
  onTestFinished(async () => {
    await Promise.all([reads.close(), primary.close()])
  })
  const follower = createSchemaFollower()
  const observed: Observation[] = []
  /** Whatever the database refused: it logs each of them as an error. */
  const refused: unknown[] = []
  let aside: Promise<unknown>[] = []
  let clock = 0
  let checks = 0

  async function watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (failure) {
      refused.push(failure)
      throw failure
    }
  }

  const asideOn =
    (control: TestControl): ControlConnection['run'] =>
    (work) => {
      const done = watched(control.run((query, batch) => work(query, '', batch)))
      aside.push(done)
      return done
    }

  const mark = createSchemaMark({
    onPrimary: asideOn(primary),
    onReads: asideOn(reads),
    isNeeded: () => false,
    observe(observation) {
      observed.push(observation)
      observeTraced(observation)
    },
    now: () => clock,
    backstopMs: period,
  })

  const settled = async () => {
    await Promise.all(aside)
    aside = []
  }

  return {
    refused,
    observed: () => observed.map(({ kind }) => kind),
    async load() {
      await reads.read((session) =>
        mark.label(session.query, { options, previous: null }, () =>
          follower.load(session, {
            options,
            previous: null,
            depth: 'load',
            signal: AbortSignal.timeout(20_000),
            readRoleSettings: true,
            statementTimeoutMs: 0,
          }),
        ),
      )
      await settled()
    },
    /** Looks so many milliseconds later. Ends when what is done aside has ended as well. */
    async lookAfter(
      ms: number,
      look: SchemaLook = 'quick',
    ): Promise<{ readonly by: 'own check' | 'mark or others'; readonly version: string }> {
      clock += ms
      const before = checks
      const version = await reads.read((session) => {
        const query: ControlQuery = (...statement) => watched(session.query(...statement))
        return mark.version(query, options, look, () => {
          checks += 1
          return follower.readVersion(session, options, 0)
        })
      })
      await settled()
      return { by: checks > before ? 'own check' : 'mark or others', version }
    },
    async by(ms: number, look?: SchemaLook) {
      return (await this.lookAfter(ms, look)).by
    },
  }
}

describe.each(clusterVersions())('the check that servers share on PostgreSQL %s', (version) => {
  let cluster: Cluster
  let template: string

  beforeAll(async () => {
    // of its own: it prepares transactions, makes roles and slots, and is copied
    cluster = await startCluster({
      version,
      settings: ['max_prepared_transactions=5', 'wal_level=logical'],
    })
    template = await cluster.createDatabase()
    await cluster.query('create table films (id int primary key)', template)
    await install(cluster.uri(template))
  })
  afterAll(() => cluster?.destroy())

  async function install(uri: string): Promise<void> {
    const control = controlOf(uri)
    expect(await control.run(installMark)).toMatchObject({ done: true })
    await control.close()
  }

  async function database() {
    const name = await cluster.createDatabase(template)
    const query = (sql: string) => cluster.query(sql, name)
    return {
      name,
      uri: cluster.uri(name),
      query,
      rows: () => query('select * from dbrest.schema_check order by checked_at, view'),
      /** As if nobody had told anything for so long, for more than a period unless told otherwise. */
      age: (seconds = 61) =>
        query(
          `update dbrest.schema_check set checked_at = checked_at - interval '${seconds} seconds'`,
        ),
    }
  }

  /** Two that have loaded: the first one leads, and the other one knows by whose word it may go. */
  async function pair() {
    const own = await database()
    const [leader, other] = [serverOn(own.uri), serverOn(own.uri)]
    await leader.load()
    await other.load()
    expect(await leader.by(period)).toBe('own check')
    expect(await other.by(period)).toBe('own check')
    return { ...own, leader, other }
  }

  test('is made by one of two, somewhat earlier than the other one would', async () => {
    const { leader, other } = await pair()
    for (let round = 0; round < 3; round += 1) {
      expect(await leader.by(leaderPeriod - 1)).toBe('mark or others')
      expect(await leader.by(1)).toBe('own check')
      expect(await other.by(period)).toBe('mark or others')
    }
    expect([...leader.refused, ...other.refused]).toEqual([])
  })

  test('is made in time by who looks no more often than servers that hear each other', async () => {
    const fleet = createFleet({
      peers: { view: () => Promise.resolve(''), tell: () => Promise.resolve() },
      isHearing: () => true,
      random: () => 0,
    })
    const { leader } = await pair()
    for (let round = 0; round < 3; round += 1) {
      expect(await leader.by(fleet.leaderPauseMs(period))).toBe('own check')
    }
  })

  test('is due a period after the check that the row tells of, not after its reading', async () => {
    const { other, age } = await pair()
    await age(30)
    expect(await other.by(period)).toBe('mark or others')
    await age(31)
    expect(await other.by(30_000)).toBe('own check')
  })

  test('is made by the next one when who led says nothing any more', async () => {
    const { leader, other, uri, age, rows } = await pair()
    const third = serverOn(uri)
    await third.load()
    expect(await third.by(period)).toBe('own check')
    expect(await third.by(period)).toBe('mark or others')
    const before = await rows()
    await age()
    expect(await other.by(period)).toBe('own check')
    expect(await rows()).not.toEqual(before)
    // whose word goes on from a look of its own
    expect(await third.by(period)).toBe('own check')
    expect(await third.by(period)).toBe('mark or others')
    // who led finds another one in its place
    expect(await leader.by(leaderPeriod)).toBe('own check')
    expect(await leader.by(period)).toBe('mark or others')
    expect(await other.by(leaderPeriod)).toBe('own check')
  })

  test('is the server’s own after ten periods, whatever the row says', async () => {
    const { other } = await pair()
    for (let round = 1; round < 10; round += 1) {
      expect(await other.by(period)).toBe('mark or others')
    }
    expect(await other.by(period)).toBe('own check')
    expect(await other.by(period)).toBe('mark or others')
  })

  test('is the server’s own where the whole is to be looked at', async () => {
    const { other } = await pair()
    expect(await other.by(period, 'whole')).toBe('own check')
    expect(await other.by(period)).toBe('mark or others')
  })

  describe.each(Object.entries(unmarkedChanges))('%s', (_, sql) => {
    test('that who leads finds reaches the other one by the mark, and nothing is told', async () => {
      const { leader, other, name, query, rows } = await pair()
      const told = await rows()
      const before = await other.lookAfter(0)
      await query(sql(name))
      expect((await leader.lookAfter(leaderPeriod)).by).toBe('own check')
      expect(leader.observed()).toContain('change-unmarked')
      expect(await rows()).toEqual(told)
      const after = await other.lookAfter(1)
      expect(after.by).toBe('own check')
      expect(after.version).not.toBe(before.version)
    })

    test('that came before who leads now began is found by who looked before it', async () => {
      const { other, name, uri, query, rows, age } = await pair()
      const before = await other.lookAfter(0)
      await query(sql(name))
      const later = serverOn(uri)
      await later.load()
      const told = await rows()
      await age()
      expect(await later.by(period)).toBe('own check')
      expect(await rows()).not.toEqual(told)
      const after = await other.lookAfter(period)
      expect(after.by).toBe('own check')
      expect(after.version).not.toBe(before.version)
      expect(other.observed()).toContain('change-unmarked')
    })

    test('that who leads loads anew begins another coverage', async () => {
      const { leader, other, name, query, age } = await pair()
      await query(sql(name))
      await leader.load()
      await age()
      expect(await leader.by(period)).toBe('own check')
      expect(await other.by(period)).toBe('own check')
      expect(other.observed()).toContain('change-unmarked')
    })
  })

  test('is told by nobody whose last load was of another version', async () => {
    const { uri, query, rows } = await database()
    const server = serverOn(uri)
    await server.load()
    await query('create table birds (id int)')
    expect(await server.by(1)).toBe('own check')
    expect(await server.by(period)).toBe('own check')
    expect(await rows()).toEqual([])
    await server.load()
    expect(await server.by(period)).toBe('own check')
    expect(await rows()).toHaveLength(1)
  })

  test('goes on with who led after a migration, when each has checked once', async () => {
    const { leader, other, query, rows } = await pair()
    const [before] = await rows()
    await query('create table birds (id int)')
    for (const server of [leader, other]) {
      expect(await server.by(1)).toBe('own check')
      await server.load()
    }
    expect(await leader.by(leaderPeriod)).toBe('own check')
    const [after] = await rows()
    expect(after?.['token']).not.toBe(before?.['token'])
    expect(await other.by(period)).toBe('own check')
    expect(await leader.by(leaderPeriod)).toBe('own check')
    expect(await other.by(period)).toBe('mark or others')
  })

  test('is not shared where other schemas are served', async () => {
    const { uri, rows } = await pair()
    const served = serverOn(uri, uri, { dbSchemas: ['dbrest'] })
    await served.load()
    expect(await served.by(period)).toBe('own check')
    expect(await rows()).toHaveLength(2)
  })

  test.each([
    ['an installation without the table of checks', asBefore, install],
    [
      'functions that the role must not call',
      'revoke execute on function dbrest.read_check, dbrest.tell_check from public, plain',
      async (uri: string) => {
        await install(uri)
        await cluster.query(
          'grant execute on function dbrest.read_check, dbrest.tell_check to plain',
          new URL(uri).pathname.slice(1),
        )
      },
    ],
  ])('is each server’s own with %s, without an error', async (_, sql, mend) => {
    const own = await database()
    await cluster.query(`drop role if exists plain; create role plain login`)
    const as = (name: string) => cluster.uri(own.name, name)
    const servers = [serverOn(as('plain')), serverOn(as('plain'))]
    await own.query(sql)
    for (const server of servers) await server.load()
    for (let round = 0; round < 2; round += 1) {
      for (const server of servers) expect(await server.by(period)).toBe('own check')
    }
    await mend(own.uri)
    const [leader, other] = servers
    // the mark has moved
    for (const server of servers) await server.load()
    for (const server of servers) expect(await server.by(period)).toBe('own check')
    expect(await leader?.by(leaderPeriod)).toBe('own check')
    expect(await other?.by(period)).toBe('mark or others')
    expect(servers.flatMap(({ refused }) => refused)).toEqual([])
  })

  test('is each server’s own where their role only reads, without an error', async () => {
    const { name } = await database()
    await cluster.query(`drop role if exists reader; create role reader login;
      alter role reader in database ${name} set default_transaction_read_only = on`)
    const servers = [1, 2].map(() => serverOn(cluster.uri(name, 'reader'), cluster.uri(name)))
    for (const server of servers) await server.load()
    for (let round = 0; round < 2; round += 1) {
      for (const server of servers) expect(await server.by(period)).toBe('own check')
    }
    expect(servers.flatMap(({ refused }) => refused)).toEqual([])
  })

  test.each([
    ['looker'],
    // as long as a name can be
    ['l'.repeat(63)],
  ])('is shared by who looks with the same login, %s, whichever one listens', async (looker) => {
    const { name, uri, rows } = await pair()
    await cluster.query(`drop role if exists ${looker}; create role ${looker} login`)
    const servers = [1, 2].map(() => serverOn(cluster.uri(name, looker), uri))
    for (const server of servers) await server.load()
    for (const server of servers) expect(await server.by(period)).toBe('own check')
    expect(await servers[1]?.by(period)).toBe('mark or others')
    expect((await rows()).map(({ view }) => String(view).split(' ', 2))).toEqual([
      ['postgres', 'postgres'],
      [looker, looker],
    ])
  })

  test('is not spared by the row of a clock that is ahead, whose place is taken', async () => {
    const { other, query, rows } = await pair()
    const before = await rows()
    await query(`update dbrest.schema_check set checked_at = checked_at + interval '1 hour'`)
    expect(await other.by(period)).toBe('own check')
    const after = await rows()
    expect(after[0]?.['token']).not.toBe(before[0]?.['token'])
    expect(await other.by(leaderPeriod)).toBe('own check')
  })

  test('is told under a login’s own name, of which no other login learns', async () => {
    const { name, rows } = await pair()
    const [row] = await rows()
    await cluster.query(`drop role if exists "plain one"; create role "plain one" login`)
    const plain = await open(cluster.uri(name, encodeURIComponent('plain one')))
    const view = String(row?.['view']).replace(/^postgres /, '')
    const read = async () =>
      (await plain.query('select token from dbrest.read_check($1)', [view])).rows
    expect(await read()).toEqual([{ token: null }])
    await plain.query(
      'select dbrest.tell_check($1, $2, extract(epoch from clock_timestamp()), 0)',
      [view, 'mine.1'],
    )
    expect(await read()).toEqual([{ token: 'mine.1' }])
    expect(await rows()).toEqual([
      row,
      expect.objectContaining({ view: `"plain one" ${view}`, token: 'mine.1' }),
    ])
    for (const sql of ['select * from dbrest.schema_check', 'delete from dbrest.schema_check']) {
      await expect(plain.query(sql)).rejects.toThrow(/permission denied/)
    }
  })

  const tell = (session: pg.Client, token: string, view = 'some') =>
    session
      .query(
        'select dbrest.tell_check($1, $2, extract(epoch from clock_timestamp()), 60000) as told',
        [view, token],
      )
      .then(({ rows }) => rows[0].told)

  test('is told by one of many who tell at once, and by it alone from then on', async () => {
    const { uri } = await database()
    const sessions = await Promise.all(Array.from({ length: 6 }, () => open(uri)))
    const told = await Promise.all(sessions.map((session, at) => tell(session, `${at}.1`)))
    expect(told.filter((isTold) => isTold === true)).toHaveLength(1)
    const again = await Promise.all(sessions.map((session, at) => tell(session, `${at}.2`)))
    expect(again).toEqual(told)
  })

  test('that another one has told meanwhile is no error in a stricter transaction', async () => {
    const { uri, age } = await database()
    const [first, second] = [await open(uri), await open(uri)]
    await tell(first, 'first.1')
    await age()
    await first.query('begin isolation level repeatable read; select 1')
    await tell(second, 'second.1')
    expect(await tell(first, 'first.2')).toBe(false)
    await first.query('commit')
  })

  test('is told by nobody in a transaction that only reads, without an error', async () => {
    const { uri, rows } = await database()
    const session = await open(uri)
    await session.query('begin read only')
    expect(await tell(session, 'some.1')).toBe(false)
    await session.query('commit')
    expect(await rows()).toEqual([])
  })

  test.each([
    ['token', 't'.repeat(10_000), 'some'],
    ['view', 'some.1', 'v'.repeat(10_000)],
  ])('is not told where the %s is longer than any of a server', async (_, token, view) => {
    const { uri, rows } = await database()
    expect(await tell(await open(uri), token, view)).toBe(false)
    expect(await rows()).toEqual([])
  })

  test('takes rows of views along that nobody looks at any more', async () => {
    const { uri, query, rows } = await database()
    const session = await open(uri)
    await tell(session, 'old.1', 'old')
    await query(`update dbrest.schema_check set checked_at = checked_at - interval '25 hours'`)
    await tell(session, 'new.1', 'new')
    expect(await rows()).toEqual([expect.objectContaining({ token: 'new.1' })])
  })

  test('waits for no migration and keeps none waiting, and none from being prepared', async () => {
    const { leader, uri, query } = await pair()
    const [first, second, third] = [await open(uri), await open(uri), await open(uri)]
    for (const session of [first, second, third]) {
      await session.query(`set lock_timeout = '2s'`)
    }
    await first.query('begin; alter table films add column by_first int')
    expect(await leader.by(leaderPeriod)).toBe('own check')
    expect(leader.refused).toEqual([])
    await second.query('begin')
    expect(await tell(second, 'second.1')).toBe(true)
    await third.query('create table birds (id int)')
    await third.query('begin; alter table birds add column by_third int')
    await third.query(`prepare transaction 'third'`)
    await second.query('commit')
    await first.query('commit')
    await query(`commit prepared 'third'`)
  })

  test('is sent to no subscriber, which need not have its table', async () => {
    const { leader, name, query, rows } = await pair()
    const subscriber = await cluster.createDatabase(template)
    await cluster.query(asBefore, subscriber)
    await query(`create publication everything for all tables`)
    await query(`select pg_create_logical_replication_slot('checks', 'pgoutput')`)
    await cluster.query(
      `create subscription checks connection 'host=127.0.0.1 port=${cluster.port} user=postgres dbname=${name}'
        publication everything with (create_slot = false, slot_name = 'checks', copy_data = false)`,
      subscriber,
    )
    onTestFinished(async () => {
      await cluster.query('drop subscription checks', subscriber)
    })
    const before = await rows()
    expect(await leader.by(leaderPeriod)).toBe('own check')
    expect(await rows()).not.toEqual(before)
    await query('insert into films values (1)')
    await eventually(
      () => cluster.query('select id from films', subscriber),
      (films) => expect(films).toEqual([{ id: 1 }]),
    )
    expect(
      await query(`select tablename::text from pg_publication_tables where schemaname = 'dbrest'`),
    ).toEqual([{ tablename: 'schema_mark' }])
  })

  test('is taken away with the mark', async () => {
    const { uri, query } = await database()
    const control = controlOf(uri)
    onTestFinished(() => control.close())
    expect(await control.run(removeMark)).toMatchObject({ done: true })
    expect(
      await query(`select to_regclass('dbrest.schema_check')::text as is_there,
        to_regprocedure('dbrest.read_check(text)')::text as is_read`),
    ).toEqual([{ is_there: null, is_read: null }])
  })

  test('is taken away from an older installation too', async () => {
    const { uri, query } = await database()
    await query(asBefore)
    const control = controlOf(uri)
    onTestFinished(() => control.close())
    expect(await control.run(removeMark)).toMatchObject({ done: true })
  })

  test('is the server’s own on a standby, without an error, and is told to nobody', async () => {
    const { leader, name, uri, rows } = await pair()
    const replica = await startReplica(cluster)
    onTestFinished(() => replica.destroy())
    // the primary was started anew for it
    await leader.load()
    const onStandby = serverOn(`postgresql://postgres@127.0.0.1:${replica.port}/${name}`, uri)
    await onStandby.load()
    const told = await rows()
    for (let round = 0; round < 2; round += 1) {
      expect(await onStandby.by(period)).toBe('own check')
    }
    expect(await rows()).toEqual(told)
    expect(onStandby.refused).toEqual([])
    // it leads on the server that it reads from
    expect(await leader.by(period)).toBe('own check')
    expect(await rows()).toHaveLength(told.length + 1)
    expect(await onStandby.by(period)).toBe('own check')
  })
})
