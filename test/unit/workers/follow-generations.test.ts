/**
 * What the primary publishes and a worker makes of it, with every message passed through a structured
 * clone: the worker's snapshots equal the primary's, whatever has changed between them.
 */
import { deserialize, serialize } from 'node:v8'
import { describe, expect, test } from 'vitest'
import { createGenerationStore, type Generation } from '../../../src/cache/generation-store.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import { relabelled } from '../../../src/schema/relabelled.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { createGenerationFollower } from '../../../src/workers/follow-generations.ts'
import { createGenerationPublisher } from '../../../src/workers/publish-generations.ts'
import { isToWorker, type ToWorker } from '../../../src/workers/worker-messages.ts'
import { changedCatalog, contentsOf, dice, randomNumbers } from '../schema/random-catalog.ts'
import { catalog, options, relation } from '../schema/sample-catalog.ts'

const config = defaultConfig('postgres')
/** Goes round at every chance, as on a busy event loop. */
const slices = { pause: () => Promise.resolve(), now: () => 0, budgetMs: -1 }

/** Facts of an engine: a map, of which parts are sent, and a value. */
class Facts {
  readonly colours: ReadonlyMap<string, string>
  readonly parts = []

  constructor(colours: ReadonlyMap<string, string>) {
    this.colours = colours
  }
}

function setUp(first: Generation = { config, snapshot: null }) {
  const publisher = createGenerationPublisher({
    first,
    sendFacts: (facts) => (facts instanceof Facts ? { colours: facts.colours } : {}),
    slices,
  })
  const worker = () => {
    const store = createGenerationStore({ config, snapshot: null })
    const follower = createGenerationFollower({
      store,
      adoptFacts: async ({ colours }) =>
        new Facts(colours instanceof Map ? colours : new Map([['none', 'at all']])),
      ownConfig: (published) => ({ ...published, dbPool: 3 }),
      slices,
    })
    const take = async (messages: readonly ToWorker[]) => {
      let followed: Awaited<ReturnType<typeof follower.take>> = 'more'
      for (const message of messages) {
        const received: unknown = deserialize(serialize(message))
        if (!isToWorker(received)) throw new Error('no message for a worker')
        if (received.kind !== 'piece' && received.kind !== 'generation') {
          throw new Error(`not published: ${received.kind}`)
        }
        followed = await follower.take(received)
      }
      return followed
    }
    return { take, current: store.current }
  }
  return { publisher, worker }
}

function snapshotOf(from: Catalog, version: number, previous: SchemaSnapshot | null = null) {
  const labelled = { ...from, schemaVersion: `label ${version}` }
  return buildSnapshot(labelled, options, version, new Date(version), previous)
}

/** What the follower says besides, of facts of its own. */
function contents({ current }: { readonly current: () => Generation }): unknown {
  const { snapshot } = current()
  if (snapshot === null) throw new Error('the worker has no schema')
  const { engineFacts, ...rest } = snapshot
  return { ...Object(contentsOf(snapshot)), engineFacts: null, ...{ loadedAt: rest.loadedAt } }
}

const bytesOf = (messages: readonly ToWorker[]) =>
  messages.reduce((sum, message) => sum + (message.kind === 'piece' ? message.bytes.length : 0), 0)

const seeds = Array.from({ length: 20 }, (_, at) => at + 1)

describe('a worker', () => {
  test.each(seeds)('has the schema of the primary after every change (%d)', async (seed) => {
    const random = dice(randomNumbers(seed))
    const { publisher, worker } = setUp()
    const [early, late] = [worker(), worker()]
    await early.take(await publisher.whole())
    expect(early.current().snapshot).toBeNull()
    let current: Catalog = { ...catalog(), engineFacts: new Facts(new Map()) }
    let snapshot = snapshotOf(current, 1)
    for (let version = 1; version <= 25; version += 1) {
      for (let changes = random.below(4); changes >= 0; changes -= 1) {
        current = changedCatalog(current, random)
      }
      const colours = new Map([
        ['films', random.oneOf(['red', 'blue'])],
        [random.oneOf(['roles', 'actors']), 'green'],
      ])
      // every object is another one, as in loads of engines that read all of a schema each time
      const isNew = random.below(3) === 0
      current = { ...current, engineFacts: new Facts(colours) }
      if (isNew) current = { ...structuredClone(current), engineFacts: new Facts(colours) }
      snapshot = snapshotOf(current, version, random.below(5) === 0 ? null : snapshot)
      const messages = await publisher.next({ config, snapshot })
      expect(await early.take(messages)).toEqual({ number: version + 1 })
      const expected = contents({ current: () => ({ config, snapshot }) })
      expect(contents(early)).toEqual(expected)
      expect(early.current().snapshot?.engineFacts).toEqual(new Facts(colours))
      if (version === 12) await late.take(await publisher.whole())
      if (version > 12) {
        await late.take(messages)
        expect(contents(late)).toEqual(expected)
      }
    }
  })

  test('is sent what changed, and no more', async () => {
    const { publisher, worker } = setUp()
    const { take, current } = worker()
    await take(await publisher.whole())
    const relations = Array.from({ length: 500 }, (_, at) => relation(`t${at}`, ['id']))
    const first = snapshotOf(catalog({ relations }), 1)
    const whole = await publisher.next({ config, snapshot: first })
    await take(whole)
    const wider = structuredClone(relations).toSpliced(250, 0, relation('another', ['id']))
    const second = snapshotOf(catalog({ relations: wider }), 2, first)
    const change = await publisher.next({ config, snapshot: second })
    expect(await take(change)).toEqual({ number: 3 })
    expect(current().snapshot?.relations.size).toBe(501)
    expect(bytesOf(change) * 100).toBeLessThan(bytesOf(whole))
  })

  test('shares what the primary shares, however far apart it is', async () => {
    const { publisher, worker } = setUp()
    const { take, current } = worker()
    await take(await publisher.whole())
    const { columns } = relation('t', ['id', 'name'])
    const relations = Array.from({ length: 2000 }, (_, at) => ({ ...relation(`t${at}`), columns }))
    const snapshot = snapshotOf(catalog({ relations }), 1)
    await take(await publisher.next({ config, snapshot }))
    const sources = current().snapshot?.sources.catalog.relations ?? []
    expect(sources.length).toBe(2000)
    expect(sources[0]?.columns).toEqual(columns)
    expect(new Set(sources.map((each) => each.columns)).size).toBe(1)
  })

  test('goes on under the label of a version that changed nothing', async () => {
    const { publisher, worker } = setUp()
    const { take, current } = worker()
    await take(await publisher.whole())
    const snapshot = snapshotOf(catalog({ relations: [relation('films')] }), 1)
    await take(await publisher.next({ config, snapshot }))
    const before = current().snapshot
    const renamed = await publisher.next({ config, snapshot: relabelled(snapshot, 'newer') })
    expect(bytesOf(renamed)).toBe(0)
    await take(renamed)
    expect(current().snapshot?.schemaVersion).toBe('newer')
    expect(current().snapshot?.relations).toBe(before?.relations)
  })

  test('has its own configuration with the very same schema when only that changed', async () => {
    const { publisher, worker } = setUp()
    const { take, current } = worker()
    const snapshot = snapshotOf(catalog({ relations: [relation('films')] }), 1)
    await take(await publisher.whole())
    await take(await publisher.next({ config, snapshot }))
    const before = current()
    await take(await publisher.next({ config: { ...config, dbMaxRows: 5 }, snapshot }))
    expect(current().snapshot).toBe(before.snapshot)
    expect(current().config).toMatchObject({ dbMaxRows: 5, dbPool: 3 })
    const unchanged = current().config
    await take(await publisher.next({ config: { ...config, dbMaxRows: 5 }, snapshot }))
    await take(await publisher.next({ config, snapshot: relabelled(snapshot, 'newer') }))
    expect(current().config).not.toBe(unchanged)
    expect(current().config.dbMaxRows).toBeNull()
  })

  test('that missed a generation takes no later one, until it has all', async () => {
    const { publisher, worker } = setUp()
    const { take, current } = worker()
    await take(await publisher.whole())
    const [a, b, c] = ['a', 'b', 'c'].map((name, at) =>
      snapshotOf(catalog({ relations: [relation(name)] }), at + 1),
    )
    if (a === undefined || b === undefined || c === undefined) throw new Error('three are made')
    await take(await publisher.next({ config, snapshot: a }))
    await publisher.next({ config, snapshot: b })
    expect(await take(await publisher.next({ config, snapshot: c }))).toBe('behind')
    expect([...(current().snapshot?.relations.keys() ?? [])]).toEqual(['test\0a'])
    expect(await take(await publisher.whole())).toEqual({ number: 4 })
    expect([...(current().snapshot?.relations.keys() ?? [])]).toEqual(['test\0c'])
  })
})
