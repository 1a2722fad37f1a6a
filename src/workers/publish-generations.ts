/**
 * Generations as they are published → the messages by which workers follow them: the first one whole,
 * each later one as what changed since the one before. What is sent is made once for all workers, in
 * slices of the event loop.
 */
import type { Generation } from '../cache/generation-store.ts'
import { runInSlices, type SliceDeps } from '../core/run-in-slices.ts'
import type { Catalog } from '../schema/catalog.ts'
import type { EngineFacts, SentFacts } from '../schema/engine-facts.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { type CatalogParts, catalogParts } from './catalog-parts.ts'
import { sendParts } from './send-parts.ts'
import type { SnapshotHeader, ToWorker } from './worker-messages.ts'

export interface GenerationPublisherDeps {
  /** What the server begins with. */
  readonly first: Generation
  readonly sendFacts: (facts: EngineFacts) => SentFacts
  readonly slices: SliceDeps
}

export interface GenerationPublisher {
  /** For a worker that has nothing: all of the last generation. */
  whole(): Promise<readonly ToWorker[]>
  /** For workers that have the generation before. */
  next(generation: Generation): Promise<readonly ToWorker[]>
}

interface Published {
  readonly number: number
  readonly generation: Generation
}

export function createGenerationPublisher(deps: GenerationPublisherDeps): GenerationPublisher {
  const { sendFacts, slices } = deps
  const partsOf = new WeakMap<Catalog, CatalogParts>()
  let last: Published = { number: 1, generation: deps.first }
  /** One is made after the other, so that what many wait for is not made many at a time. */
  let making: Promise<unknown> = Promise.resolve()
  /** Workers that begin at the same time want the same. */
  let wholeInMaking: {
    readonly of: Published
    readonly messages: Promise<readonly ToWorker[]>
  } | null = null

  function parts({ snapshot }: Generation): CatalogParts | null {
    if (snapshot === null) return null
    const { catalog } = snapshot.sources
    const known = partsOf.get(catalog) ?? catalogParts(catalog, sendFacts(catalog.engineFacts))
    partsOf.set(catalog, known)
    return known
  }

  async function make(
    { number, generation }: Published,
    before: Published | null,
  ): Promise<readonly ToWorker[]> {
    const next = parts(generation)
    const previous = before === null ? null : parts(before.generation)
    const pieces =
      next === null || next === previous ? [] : await runInSlices(sendParts(previous, next), slices)
    const { config, snapshot } = generation
    return [
      ...pieces.map((bytes) => ({ kind: 'piece', bytes }) as const),
      {
        kind: 'generation',
        number,
        follows: before?.number ?? null,
        config: config === before?.generation.config ? null : config,
        snapshot: snapshot === null ? null : headerOf(snapshot),
      },
    ]
  }

  function inTurn(work: () => Promise<readonly ToWorker[]>): Promise<readonly ToWorker[]> {
    const made = making.then(work)
    making = made.catch(() => undefined)
    return made
  }

  return {
    whole() {
      const of = last
      if (wholeInMaking?.of === of) return wholeInMaking.messages
      const messages = inTurn(() => make(of, null)).finally(() => {
        if (wholeInMaking?.of === of) wholeInMaking = null
      })
      wholeInMaking = { of, messages }
      return messages
    },
    next(generation) {
      const before = last
      const next = { number: before.number + 1, generation }
      last = next
      return inTurn(() => make(next, before))
    },
  }
}

function headerOf(snapshot: SchemaSnapshot): SnapshotHeader {
  const { snapshotVersion, schemaVersion, loadedAt, options } = snapshot
  return { snapshotVersion, schemaVersion, loadedAt, options }
}
