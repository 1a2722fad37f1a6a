/**
 * Random histories of migrations, in several sessions, with late commits, savepoints and two-phase
 * commits: after each commit a load of what changed gives what a load of everything gives, in the
 * same order, and the version has moved wherever that is another than before. What did not change
 * is the same object.
 *
 * `RELOAD_HISTORIES=2000 RELOAD_SEED=7` plays more of them.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isOpenVersion } from '../../../src/backends/postgres/catalog/open-version.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import { createRandom, type Random } from '../../fuzz/random.ts'
import { catalogText, orderedText } from '../../support/catalog-text.ts'
import {
  controlOf,
  followerOn,
  introspect,
  type TestControl,
  type TestFollower,
} from '../../support/control-query.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { historySchemas, historySql, randomMaintenance, randomStatement } from './random-ddl.ts'

const histories = Number(process.env['RELOAD_HISTORIES'] ?? 12)
const seed = Number(process.env['RELOAD_SEED'] ?? 1)
const stepsPerHistory = 25
const options = {
  dbSchemas: ['api'],
  dbExtraSearchPath: ['extra'],
  dbHoistedTxSettings: ['statement_timeout'],
}

let cluster: Cluster
let database: string
let control: TestControl
let fullControl: TestControl

beforeAll(async () => {
  cluster = await startCluster({ settings: ['max_prepared_transactions=10'] })
  await cluster.query(
    `create role history_login login superuser; create role history_a; create role history_b;
    grant history_b to history_login`,
  )
  await useNewDatabase()
})

afterAll(async () => {
  await closeControls()
  await cluster.destroy()
})

async function useNewDatabase(): Promise<void> {
  database = await cluster.createDatabase()
  await cluster.query(
    'create extension postgres_fdw; create server remote foreign data wrapper postgres_fdw',
    database,
  )
  control = controlOf(cluster.uri(database, 'history_login'))
  fullControl = controlOf(cluster.uri(database, 'history_login'))
}

async function closeControls(): Promise<void> {
  await Promise.all([control.close(), fullControl.close()])
}

/** What PostgreSQL cannot drop any more, since a type of it went while it was made, is left alone. */
async function clearSchemas(): Promise<void> {
  const drops = historySchemas.map((schema) => `drop schema if exists ${schema} cascade`)
  try {
    await cluster.query(drops.join(';'), database)
  } catch (failure) {
    if (!(failure instanceof pg.DatabaseError) || failure.code !== 'XX000') throw failure
    await closeControls()
    await useNewDatabase()
  }
}

const shown = (catalog: Catalog) => catalogText(catalog, options)

/** A session of a migration. */
interface Session {
  readonly client: pg.Client
  isOpen: boolean
  savepoints: number
}

class History {
  readonly log: string[] = []
  readonly #random: Random
  readonly #sessions: Session[] = []
  readonly #prepared: string[] = []

  constructor(random: Random) {
    this.#random = random
  }

  async begin(): Promise<void> {
    await clearSchemas()
    await cluster.query(historySql, database)
    for (let at = 0; at < 3; at += 1) {
      const client = new pg.Client(cluster.uri(database))
      await client.connect()
      await client.query(`set lock_timeout = '20ms'; set client_min_messages = error`)
      this.#sessions.push({ client, isOpen: false, savepoints: 0 })
    }
  }

  async #run(session: Session, sql: string): Promise<boolean> {
    this.log.push(`${this.#sessions.indexOf(session)}: ${sql}`)
    try {
      await session.client.query(sql)
      return true
    } catch (failure) {
      this.log.push(`   failed: ${String(failure)}`)
      return false
    }
  }

  async step(): Promise<void> {
    const random = this.#random
    const session = random.pick(this.#sessions)
    if (random.chance(0.04)) {
      if (!session.isOpen) await this.#run(session, randomMaintenance(random))
      return
    }
    if (this.#prepared.length > 0 && random.chance(0.2)) {
      const name = this.#prepared.shift() ?? ''
      const end = random.chance(0.7) ? 'commit' : 'rollback'
      const free = this.#sessions.find(({ isOpen }) => !isOpen)
      if (free === undefined) this.#prepared.push(name)
      else await this.#run(free, `${end} prepared '${name}'`)
      return
    }
    if (!session.isOpen) {
      if (random.chance(0.6)) {
        for (let tries = 0; tries < 8; tries += 1) {
          if (await this.#run(session, randomStatement(random))) return
        }
        return
      }
      await this.#run(session, 'begin')
      session.isOpen = true
      session.savepoints = 0
    }
    for (let left = random.int(1, 4), tries = 0; left > 0 && tries < 20; tries += 1) {
      if (await this.#inside(session, randomStatement(random))) left -= 1
    }
    if (random.chance(0.6)) await this.#end(session)
  }

  /** Under a savepoint, which a failure goes back to; and sometimes a success. */
  async #inside(session: Session, statement: string): Promise<boolean> {
    const random = this.#random
    session.savepoints += 1
    await this.#run(session, `savepoint s${session.savepoints}`)
    const isDone = await this.#run(session, statement)
    if (!isDone || random.chance(0.2)) {
      await this.#run(session, `rollback to savepoint s${session.savepoints}`)
    } else if (random.chance(0.5)) {
      await this.#run(session, `release savepoint s${session.savepoints}`)
    }
    return isDone
  }

  async #end(session: Session): Promise<void> {
    const random = this.#random
    if (random.chance(0.15)) {
      const name = `p${this.log.length}`
      if (await this.#run(session, `prepare transaction '${name}'`)) this.#prepared.push(name)
    } else {
      await this.#run(session, random.chance(0.8) ? 'commit' : 'rollback')
    }
    session.isOpen = false
  }

  async finish(): Promise<void> {
    for (const { client } of this.#sessions) await client.end()
    for (const name of this.#prepared) await cluster.query(`rollback prepared '${name}'`, database)
  }
}

/** A load that is given up half-way must not lose what it has found. */
async function loadInHaste(follower: TestFollower, random: Random): Promise<void> {
  await follower.load({ options, timeoutMs: random.int(1, 8) }).catch(() => undefined)
}

/** Which objects of the database have a name now: what was made anew is another object of it. */
type Oids = ReadonlyMap<string, string | null>

async function readOids(): Promise<Oids> {
  const rows = await fullControl.run((query) =>
    query(`
      select 'name ' || relname as key, string_agg(oid::text, ' ' order by oid) as oids
      from pg_catalog.pg_class group by relname
      union all
      select 'constraint ' || conname, string_agg(oid::text, ' ' order by oid)
      from pg_catalog.pg_constraint group by conname
      union all
      select 'routine ' || proname, string_agg(oid::text, ' ' order by oid)
      from pg_catalog.pg_proc where oid >= 16384 group by proname`),
  )
  return new Map(rows.map((row) => [row['key'] ?? '', row['oids'] ?? null]))
}

interface Named {
  readonly name?: string
  readonly view?: { readonly name: string }
  readonly constraint?: string
}

function expectSameObjects(before: Catalog, now: Catalog, oidsBefore: Oids, oids: Oids): void {
  const isSame = (key: string) => oidsBefore.get(key) === oids.get(key)
  const wasKept = ({ name, view, constraint }: Named) =>
    [`name ${name ?? view?.name}`, `constraint ${constraint}`, `routine ${name}`].every(isSame)
  for (const part of ['relations', 'foreignKeys', 'viewKeyDependencies', 'routines'] as const) {
    const known = new Map<string, unknown>(before[part].map((each) => [orderedText(each), each]))
    const copies = now[part].filter((each) => {
      const old = known.get(orderedText(each))
      return old !== undefined && old !== each && wasKept(each)
    })
    expect(copies, `equal objects among the ${part}`).toEqual([])
    const isAsBefore =
      orderedText(before[part]) === orderedText(now[part]) && now[part].every(wasKept)
    if (isAsBefore) expect(now[part]).toBe(before[part])
  }
}

async function play(index: number): Promise<void> {
  const random = createRandom(seed, index)
  const history = new History(random)
  await history.begin()
  const follower = followerOn(control)
  try {
    let before = await follower.load({ options })
    let oidsBefore = await readOids()
    for (let step = 0; step < stepsPerHistory; step += 1) {
      await history.step()
      const version = random.chance(0.7) ? await follower.version(options) : null
      if (random.chance(0.1)) await loadInHaste(follower, random)
      if (random.chance(0.2)) continue
      const depth = random.chance(0.03) ? 'full' : 'load'
      const found = await follower.load({ options, depth })
      const whole = await introspect(fullControl, { options })
      // foreign tables that a session holds cannot be asked: what was known of them counts
      if (isOpenVersion(whole.schemaVersion) || isOpenVersion(found.schemaVersion)) {
        before = found
        continue
      }
      const text = shown(found)
      expect(text).toBe(shown(whole))
      const oids = await readOids()
      expectSameObjects(before, found, oidsBefore, oids)
      oidsBefore = oids
      const isMoved = found.schemaVersion !== before.schemaVersion
      if (text !== shown(before)) expect(isMoved, 'the version moves').toBe(true)
      if (version !== null) expect(found.schemaVersion).toBe(version)
      before = found
    }
  } catch (failure) {
    console.log(`RELOAD_SEED=${seed}, history ${index}:\n${history.log.join('\n')}`)
    throw failure
  } finally {
    await history.finish()
  }
}

test(
  `${histories} random histories: loads of what changed give what loads of everything give`,
  async () => {
    const only = process.env['RELOAD_HISTORY']
    if (only !== undefined) return play(Number(only))
    for (let index = 0; index < histories; index += 1) await play(index)
  },
  histories * 60_000,
)
