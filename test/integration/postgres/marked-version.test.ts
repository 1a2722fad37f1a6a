/**
 * The schema's version by the mark, on a real database: when the catalogs are looked at, and that no
 * change is missed for it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  createSchemaFollower,
  type SchemaFollower,
} from '../../../src/backends/postgres/catalog/follow-schema.ts'
import { installMark } from '../../../src/backends/postgres/mark/install-mark.ts'
import {
  createSchemaMark,
  type SchemaMark,
  type SchemaMarkDeps,
} from '../../../src/backends/postgres/mark/schema-mark.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { SchemaLook } from '../../../src/schema/catalog.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { controlOf, schemaOptions, type TestControl } from '../../support/control-query.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'
import { catalog } from '../../unit/schema/sample-catalog.ts'

const options = schemaOptions()

describe.each(clusterVersions())('the version by the mark on PostgreSQL %s', (version) => {
  let database: TestDatabase
  let control: TestControl
  let primary: TestControl
  /** Milliseconds. */
  let clock = 0
  let checks = 0
  let aside: Promise<unknown>[] = []
  let observed: Observation[] = []
  let isNeeded = false
  let mark: SchemaMark
  let follower: SchemaFollower

  beforeAll(async () => {
    database = await createTestDatabase('create table films (id int primary key)', version)
    control = controlOf(database.uri())
    primary = controlOf(database.uri())
    await control.run(installMark)
  })
  afterAll(async () => {
    await control.close()
    await primary.close()
    await database.drop()
  })
  beforeEach(() => {
    checks = 0
    follower = createSchemaFollower()
    aside = []
    observed = []
    isNeeded = false
    const onPrimary: SchemaMarkDeps['onPrimary'] = (work) => {
      const done = primary.run((query, batch) => work(query, '', batch))
      aside.push(done)
      return done
    }
    mark = createSchemaMark({
      onPrimary,
      onReads: onPrimary,
      isNeeded: () => isNeeded,
      observe: (observation) => {
        observed.push(observation)
        observeTraced(observation)
      },
      now: () => clock,
    })
  })

  const ask = (
    look: SchemaLook = 'quick',
    between: () => Promise<unknown> = async () => undefined,
  ) =>
    control.read((session) =>
      mark.version(session.query, options, look, async () => {
        checks += 1
        await between()
        return follower.readVersion(session, options, 0)
      }),
    )
  const truth = () => control.read((session) => follower.readVersion(session, options, 0))
  const change = () =>
    database.query(`create table t${Math.random().toString(36).slice(2)} (i int)`)
  const values = async () =>
    (await database.query('select mark::text from dbrest.schema_mark')).length

  test('the catalogs are looked at once, and again when it moves', async () => {
    const first = await ask()
    expect(first).toBe(await truth())
    expect(await ask()).toBe(first)
    expect(checks).toBe(1)
    await change()
    const second = await ask()
    expect(second).not.toBe(first)
    expect(second).toBe(await truth())
    expect(await ask()).toBe(second)
    expect(checks).toBe(2)
    expect(observed).toEqual([
      { kind: 'schema-mark', state: 'found', cause: null, isNeeded: false },
    ])
  })

  test('what only moves the mark is looked at once, and the version is under the new mark', async () => {
    const first = await ask()
    const before = mark.markOf(first)
    await database.query('grant select on films to public')
    expect(await ask()).toBe(first)
    expect(await ask()).toBe(first)
    expect(checks).toBe(2)
    expect(mark.markOf(first)).not.toBe(before)
  })

  test('a whole look is at the catalogs', async () => {
    await ask()
    await ask('whole')
    expect(checks).toBe(2)
  })

  test('after a minute the catalogs are looked at although it stands still', async () => {
    await ask()
    clock += 59_000
    await ask()
    expect(checks).toBe(1)
    clock += 1000
    await ask()
    await ask()
    expect(checks).toBe(2)
  })

  test('a change that moves no mark is found, and marked for all servers', async () => {
    const first = await ask()
    const before = mark.markOf(first)
    await database.query(`alter role postgres in database ${database.name} set work_mem = '5MB'`)
    expect(await ask()).toBe(first)
    clock += 60_000
    const second = await ask()
    expect(second).toBe(await truth())
    expect(second).not.toBe(first)
    expect(observed.map(({ kind }) => kind)).toEqual(['schema-mark', 'change-unmarked'])
    await Promise.all(aside)
    expect(await ask()).toBe(second)
    expect(mark.markOf(second)).not.toBe(before)
    expect(observed).toHaveLength(2)
  })

  test('one that a load finds is marked too, if it is other than the schema in use', async () => {
    const first = await ask()
    const label = (previous: SchemaSnapshot | null, schemaVersion: string) =>
      control.run((query) =>
        mark.label(query, { options, previous }, async () => ({ schemaVersion })),
      )
    const inUse = (version: string) =>
      buildSnapshot(catalog({ schemaVersion: version }), options, 1, new Date(0))
    await label(null, 'first load')
    await label(inUse(first), 'found by the version before')
    await label(inUse('found by the version before'), 'found by the version before')
    await label(inUse('found by the version before'), 'left.open')
    expect(observed.map(({ kind }) => kind)).toEqual(['schema-mark'])
    await label(null, 'seen')
    await label(inUse('seen'), 'new')
    expect(observed.map(({ kind }) => kind)).toEqual(['schema-mark', 'change-unmarked'])
    await Promise.all(aside)
  })

  test('a change between the mark and the catalogs is no unmarked one, and found again', async () => {
    await ask()
    await ask('whole', change)
    expect(observed.map(({ kind }) => kind)).toEqual(['schema-mark'])
    expect(await ask()).toBe(await truth())
    expect(checks).toBe(3)
  })

  test('an open version is not taken for what was seen', async () => {
    const label = (schemaVersion: string) =>
      control.run((query) =>
        mark.label(query, { options, previous: null }, async () => ({ schemaVersion })),
      )
    await label('loaded.open')
    expect(mark.markOf('loaded.open')).not.toBeNull()
    await ask()
    expect(checks).toBe(1)
    await label('loaded')
    expect(await ask()).toBe('loaded')
    expect(checks).toBe(1)
  })

  test('a load is labelled with the mark that it began under', async () => {
    await ask()
    await control.run((query) =>
      mark.label(query, { options, previous: null }, async () => {
        await change()
        return { schemaVersion: 'before or after' }
      }),
    )
    await ask()
    expect(checks).toBe(2)
  })

  test('other options are another look', async () => {
    await ask()
    await control.run((query) =>
      mark.version(query, schemaOptions({ dbSchemas: ['dbrest'] }), 'quick', async () => {
        checks += 1
        return 'other'
      }),
    )
    expect(checks).toBe(2)
  })

  test('many marks are folded into one', async () => {
    await database.query('select dbrest.prune_marks()')
    for (let n = 0; n < 11; n += 1) await database.query('select dbrest.move_mark()')
    const version = await ask()
    await Promise.all(aside)
    expect(await values()).toBe(1)
    expect(await ask()).toBe(version)
    expect(checks).toBe(1)
  })

  test.each(['absent', 'unfit'] as const)(
    'a mark that is %s is told of, and not used',
    async (state) => {
      const first = await ask()
      const harm =
        state === 'absent' ? 'drop schema dbrest cascade' : 'alter event trigger dbrest_ddl disable'
      await database.query(harm)
      onTestFinished(async () => {
        await control.run(installMark)
      })
      await change()
      expect(await ask()).not.toBe(first)
      await ask()
      expect(checks).toBe(3)
      expect(mark.markOf(first)).toBeNull()
      isNeeded = true
      await ask()
      expect(observed.slice(1)).toEqual([
        {
          kind: 'schema-mark',
          state,
          cause: expect.toSatisfy((cause) => (cause === null) === (state === 'absent')),
          isNeeded: false,
        },
        expect.objectContaining({ kind: 'schema-mark', state, isNeeded: true }),
      ])
    },
  )

  test('where there is none, nothing is said of it unless it is needed', async () => {
    await database.query('drop schema dbrest cascade')
    onTestFinished(async () => {
      await control.run(installMark)
    })
    await ask()
    await ask()
    expect({ checks, observed }).toEqual({ checks: 2, observed: [] })
    isNeeded = true
    await ask()
    expect(observed).toEqual([
      { kind: 'schema-mark', state: 'absent', cause: null, isNeeded: true },
    ])
  })
})
