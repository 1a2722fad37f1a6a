/**
 * A look at the system catalogs goes one of two ways, by how many transactions have ended since the one
 * before: both see the same. The cluster is its own, since transactions are counted over all databases
 * of one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type CatalogChanges,
  changesStatement,
  parseChanges,
} from '../../../src/backends/postgres/catalog/changes/read-changes.ts'
import { controlOf, type TestControl } from '../../support/control-query.ts'
import { eventually } from '../../support/http-client.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'

/** What came or changed, without the versions of rows. */
function told({ fresh }: CatalogChanges): readonly string[] {
  return [...fresh].flatMap(([kind, rows]) => rows.map(({ key }) => `${kind} ${key}`)).toSorted()
}

const kindsOf = (look: CatalogChanges) => new Set(told(look).map((row) => row.split(' ')[0]))

describe.each(clusterVersions())('a look at PostgreSQL %s', (version) => {
  let cluster: Cluster
  let control: TestControl

  beforeAll(async () => {
    cluster = await startCluster({ version })
    control = controlOf(cluster.uri())
    await cluster.query('create schema api; create table api.t (id int primary key)')
  })

  afterAll(async () => {
    await control?.close()
    await cluster?.destroy()
  })

  function lookSince(since: bigint): Promise<CatalogChanges> {
    return control.run(async (_query, batch) => {
      const [rows = []] = await batch([changesStatement(since)])
      return parseChanges(rows)
    })
  }

  const next = async () => (await lookSince(0n)).xmax

  test('one transaction and several tell of the same change', async () => {
    const since = await next()
    await cluster.query('alter table api.t add more int default 1, add unique (more)')
    const ofOne = await lookSince(since)
    expect(ofOne.xmax).toBe(since + 1n)
    expect(kindsOf(ofOne)).toEqual(new Set(['column', 'constraint', 'default', 'relation']))
    await cluster.query('select pg_current_xact_id()')
    const ofSeveral = await lookSince(since)
    expect(ofSeveral.xmax).toBe(since + 2n)
    expect(told(ofSeveral)).toEqual(told(ofOne))
    expect(ofSeveral.held).toEqual(ofOne.held)
  })

  test.each([
    [
      'within a savepoint, which has a number of its own',
      'begin; select pg_current_xact_id(); savepoint a; create table api.late (id int); commit',
    ],
    [
      'in the second of two transactions',
      'begin; select pg_current_xact_id(); commit; create table api.second (id int)',
    ],
  ])('a change %s', async (_, sql) => {
    const since = await next()
    await cluster.query(sql)
    const look = await lookSince(since)
    expect(look.xmax).toBe(since + 2n)
    expect(kindsOf(look)).toEqual(new Set(['column', 'relation']))
  })

  test('a transaction that runs while it is looked is seen once it commits', async () => {
    const session = controlOf(cluster.uri())
    try {
      const since = await next()
      await session.run(async (query) => {
        await query('begin')
        await query('create table api.running (id int)')
        expect(told(await lookSince(since))).toEqual([])
        await query('commit')
      })
      expect(kindsOf(await lookSince(since))).toEqual(new Set(['column', 'relation']))
    } finally {
      await session.close()
    }
  })

  test('a server that went on after a crash is another one: what was committed may be lost', async () => {
    const { incarnation } = await lookSince(0n)
    await cluster.query('checkpoint')
    expect((await lookSince(0n)).incarnation).toBe(incarnation)
    const checkpointer = `select pid from pg_stat_activity where backend_type = 'checkpointer'`
    const startedAt = 'select pg_postmaster_start_time()'
    const [[killed], [before]] = [await cluster.query(checkpointer), await cluster.query(startedAt)]
    process.kill(Number(killed?.['pid']), 'SIGKILL')
    await eventually(
      () => cluster.query(checkpointer).catch(() => [killed]),
      ([now]) => expect(now?.['pid']).not.toBe(killed?.['pid']),
    )
    expect(await cluster.query(startedAt)).toEqual([before])
    const found = await eventually(
      () => lookSince(0n).catch(() => null),
      (look) => expect(look).not.toBeNull(),
    )
    expect(found?.incarnation).not.toBe(incarnation)
  })
})
