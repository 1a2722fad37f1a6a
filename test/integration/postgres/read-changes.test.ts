/**
 * A look at the system catalogs goes one of three ways, by how many transactions have begun since the
 * one before. All see the same; where none has begun, the catalogs are not read. The clusters are
 * their own, since transactions are counted over all databases of one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type CatalogChanges,
  changesStatement,
  parseChanges,
} from '../../../src/backends/postgres/catalog/changes/read-changes.ts'
import { controlOf, type TestControl } from '../../support/control-query.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { type Replica, startReplica } from '../../support/replica.ts'

let primary: Cluster
let replica: Replica
let control: TestControl

beforeAll(async () => {
  primary = await startCluster()
  await primary.query('create schema api; create table api.t (id int primary key)')
  replica = await startReplica(primary)
  control = controlOf(primary.uri())
})

afterAll(async () => {
  await control?.close()
  await replica?.destroy()
  await primary?.destroy()
})

function lookSince(since: bigint, by = control): Promise<CatalogChanges> {
  return by.run(async (_query, batch) => {
    const [rows = []] = await batch([changesStatement(since)])
    return parseChanges(rows)
  })
}

const next = async (by = control) => (await lookSince(0n, by)).xmax

/** What came or changed, without the versions of rows. */
function told({ fresh }: CatalogChanges): readonly string[] {
  return [...fresh].flatMap(([kind, rows]) => rows.map(({ key }) => `${kind} ${key}`)).toSorted()
}

test('on a standby the catalogs are always read', async () => {
  const standby = controlOf(`postgresql://postgres@127.0.0.1:${replica.port}/postgres`)
  try {
    const since = await next(standby)
    const look = await lookSince(since, standby)
    expect(look.xmax).toBe(since)
    expect(look.held?.get('relation')).toBeGreaterThan(0)
  } finally {
    await standby.close()
  }
})

test('without a transaction since, nothing is read, and any transaction ends that', async () => {
  const since = await next()
  expect(await lookSince(since)).toMatchObject({ held: null, fresh: new Map() })
  await primary.query('select pg_current_xact_id()')
  const after = await lookSince(since)
  expect(after.held?.get('relation')).toBe(1)
  expect(told(after)).toEqual([])
})

test('a transaction that runs while it is looked is seen once it commits', async () => {
  const session = controlOf(primary.uri())
  try {
    const since = await next()
    await session.run(async (query) => {
      await query('begin')
      await query('create table api.late (id int)')
      expect((await lookSince(since)).held).toBeNull()
      await query('commit')
    })
    expect(told(await lookSince(since))).toContainEqual(expect.stringMatching(/^relation /))
  } finally {
    await session.close()
  }
})

test('one transaction, one with savepoints and several tell of the same change', async () => {
  const since = await next()
  const { xmax } = await lookSince(since)
  await primary.query('alter table api.t add more int default 1, add unique (more)')
  const ofOne = await lookSince(since)
  expect(ofOne.xmax).toBe(xmax + 1n)
  expect(told(ofOne).map((row) => row.split(' ')[0])).toEqual(
    expect.arrayContaining(['column', 'constraint', 'default', 'relation']),
  )
  await primary.query('begin; savepoint a; select pg_current_xact_id(); release a; commit')
  const ofSeveral = await lookSince(since)
  expect(ofSeveral.xmax).toBeGreaterThan(xmax + 1n)
  expect(told(ofSeveral)).toEqual(told(ofOne))
  expect(ofSeveral.held).toEqual(ofOne.held)
})
