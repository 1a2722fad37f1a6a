/**
 * A worker's side of publishing: pieces and generations as they arrive → the same snapshots as the
 * primary has, built by the same code, and published to the worker's own store. Until one is built,
 * requests are planned on the one before.
 */
import type { Generation, GenerationStore } from '../cache/generation-store.ts'
import type { Config } from '../config/config.ts'
import { isSame } from '../core/is-same.ts'
import { runInSlices, type SliceDeps } from '../core/run-in-slices.ts'
import { buildSnapshotInSlices } from '../schema/build-snapshot.ts'
import type { EngineFacts, SentFacts } from '../schema/engine-facts.ts'
import { relabelled } from '../schema/relabelled.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import {
  type CatalogBody,
  type CatalogParts,
  catalogBody,
  sentFacts,
  wholeCatalog,
} from './catalog-parts.ts'
import { readParts } from './send-parts.ts'
import type { SnapshotHeader, ToWorker } from './worker-messages.ts'

export interface GenerationFollowerDeps {
  readonly store: GenerationStore
  readonly adoptFacts: (
    sent: SentFacts,
    load: Pick<CatalogBody, 'relations'> & { readonly options: SchemaOptions },
  ) => Promise<EngineFacts>
  /** The configuration as this worker is to have it. */
  readonly ownConfig: (config: Config) => Config
  readonly slices: SliceDeps
}

type Published = Extract<ToWorker, { readonly kind: 'piece' | 'generation' }>

/** `behind`: what was published does not follow, and everything is wanted. */
export type Followed = 'more' | 'behind' | { readonly number: number }

export interface GenerationFollower {
  /** To be called with one message after the other. Rejects for what cannot be built. */
  take(message: Published): Promise<Followed>
}

export function createGenerationFollower(deps: GenerationFollowerDeps): GenerationFollower {
  const { store, slices } = deps
  let number: number | null = null
  let parts: CatalogParts | null = null
  let pieces: Uint8Array[] = []

  async function snapshotOf(header: SnapshotHeader, isWhole: boolean): Promise<SchemaSnapshot> {
    const { snapshot: before } = store.current()
    const { options, snapshotVersion, schemaVersion, loadedAt } = header
    if (pieces.length > 0 || isWhole) {
      parts = await runInSlices(readParts(isWhole ? null : parts, pieces), slices)
    }
    const isBefore =
      pieces.length === 0 &&
      !isWhole &&
      before?.snapshotVersion === snapshotVersion &&
      isSame(before.options, options)
    if (isBefore) return relabelled(before, schemaVersion)
    if (parts === null) throw new Error('a generation without its catalog')
    const body = catalogBody(parts)
    const facts = await deps.adoptFacts(sentFacts(parts), { relations: body.relations, options })
    const catalog = wholeCatalog(body, schemaVersion, facts)
    return buildSnapshotInSlices(catalog, options, snapshotVersion, loadedAt, before, slices)
  }

  async function follow(
    message: Extract<Published, { readonly kind: 'generation' }>,
  ): Promise<Generation> {
    const config = message.config === null ? store.current().config : deps.ownConfig(message.config)
    const { snapshot: header } = message
    if (header === null) return { config, snapshot: null }
    return { config, snapshot: await snapshotOf(header, message.follows === null) }
  }

  return {
    async take(message) {
      if (message.kind === 'piece') {
        pieces.push(message.bytes)
        return 'more'
      }
      try {
        if (message.follows !== null && message.follows !== number) return 'behind'
        store.publish(await follow(message))
        number = message.number
        return { number }
      } finally {
        pieces = []
      }
    },
  }
}
