/**
 * Effects and sources that break their promises do not stop the pipeline.
 */
import { throwError } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { createRig, databaseFailure } from './reload-rig.ts'

describe('whatever the effects do, the pipeline goes on', () => {
  test.each([
    [
      'onPublished throws',
      {
        onPublished: () => {
          throw new Error('bug')
        },
      },
    ],
    ['the diff rejects', { diffSnapshots: () => Promise.reject(new Error('bug')) }],
  ])('%s: the snapshot is published all the same', async (_, override) => {
    const rig = createRig(override)
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.timeline).toContain('22 crashed: Error: bug')
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { snapshotVersion: 1 } })
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { snapshotVersion: 2 } })
  })

  test('onReloaded throws: what was loaded is published all the same', async () => {
    const rig = createRig({
      onReloaded: () => {
        throw new Error('bug')
      },
    })
    await rig.startUp()
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.timeline).toContain('1020 crashed: Error: bug')
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { snapshotVersion: 2 } })
  })

  test.each([
    ['the build rejects', { buildSnapshot: () => Promise.reject(new Error('bug')) }],
    [
      'the build throws',
      {
        buildSnapshot: () => {
          throw new Error('bug')
        },
      },
    ],
    [
      'the deadline cannot be told',
      {
        deadlineMs: () => {
          throw new Error('bug')
        },
      },
    ],
    [
      'the reader throws',
      {
        reader: {
          schemaVersion: () => {
            throw new Error('bug')
          },
          introspect: () => {
            throw new Error('bug')
          },
        },
      },
    ],
  ])('%s: it is told and tried again', async (_, override) => {
    const rig = createRig(override)
    void rig.pipeline.start()
    await rig.clock.advance(1500)
    expect(rig.timeline.filter((text) => text.includes('crashed: Error: bug'))).toHaveLength(2)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'retrying', cause: 'bug', attempt: 2 })
  })

  test('a bug while a full load is owed leaves it owed in full, and the configuration that is in use', async () => {
    let isBroken = false
    const rig = createRig({
      deadlineMs: () => {
        if (isBroken) throw new Error('bug')
        return 60_000
      },
    })
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failures = [databaseFailure('57014')]
    rig.send({ scope: 'both', depth: 'full', origin: 'signal' })
    await rig.clock.advance(500)
    isBroken = true
    rig.send({ scope: 'schema', depth: 'load' })
    await rig.clock.advance(300)
    isBroken = false
    rig.told()
    await rig.clock.advance(1500)
    expect(rig.told().filter((text) => / start |load |published/.test(text))).toEqual([
      '2500 start retry both full',
      '2502 load full',
      '2522 published 2',
    ])
  })

  test('observe throws: nothing else happens', async () => {
    const rig = createRig({
      observe: () => {
        throw new Error('disk full')
      },
    })
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { snapshotVersion: 1 } })
  })

  test('a source errors: it is told, the others are heard, it is listened to again', async () => {
    let subscriptions = 0
    const rig = createRig({}, () => {
      subscriptions += 1
      return throwError(() => new Error('broken source'))
    })
    void rig.pipeline.start()
    await rig.clock.advance(3500)
    expect(subscriptions).toBe(1)
    expect(rig.timeline.filter((text) => text.includes('crashed: Error: broken source'))).toEqual([
      '0 crashed: Error: broken source',
      '1000 crashed: Error: broken source',
      '2000 crashed: Error: broken source',
      '3000 crashed: Error: broken source',
    ])
    rig.db.version = 'v2'
    const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'load', origin: 'admin' })
    await rig.clock.advance(500)
    expect(await outcome).toMatchObject({ kind: 'published' })
  })
})
