/**
 * Looks again, in the background, at collections with so few documents that a sample has them all:
 * what is written to them later may have fields that no load has seen. Often after a load, when a new
 * collection is being filled, then less and less. Only tells that there is something to sample: the
 * load that follows reads it.
 */
import { performance } from 'node:perf_hooks'
import type { Db } from 'mongodb'
import { nameKey, qualifiedName } from '../../../core/qualified-name.ts'
import type { ListedCollection } from './list-collections.ts'
import type { Sample } from './mongodb-facts.ts'
import { sampleDocuments } from './sample-documents.ts'
import { seeFields } from './seen-fields.ts'

export interface SampledCollection {
  readonly listed: ListedCollection
  readonly sample: Sample
}

/** What is new since the last load that has read it. */
export interface NewFields {
  /** Grows with each look that has found something: part of the schema's version. */
  readonly count: number
  /** Collections that have fields or types which no load has seen, as `nameKey` makes their keys. */
  readonly keys: ReadonlySet<string>
}

export interface SampleRefresh {
  found(): NewFields
  /** A load has read all of this, and what `before` says. */
  follow(sampled: readonly SampledCollection[], before: NewFields): void
  /** Calls it each time that something was found, until the answer is called. */
  listen(onFound: () => void): () => void
  stop(): void
}

/** Milliseconds until the first look after a load, and at most between two. */
const firstPauseMs = 1000
const longestPauseMs = 60_000
/** Of the time at most one part in so many is spent on looking. */
const share = 50

export function createSampleRefresh(database: (name: string) => Db): SampleRefresh {
  const listeners = new Set<() => void>()
  let found: NewFields = { count: 0, keys: new Set() }
  let small: readonly SampledCollection[] = []
  let pauseMs = firstPauseMs
  let timer: NodeJS.Timeout | null = null
  let isLooking = false
  const stop = new AbortController()

  function schedule(): void {
    if (timer !== null || isLooking || small.length === 0 || stop.signal.aborted) return
    timer = setTimeout(() => {
      timer = null
      void look()
    }, pauseMs)
    // it is no reason for a process to live on
    timer.unref()
  }

  async function look(): Promise<void> {
    isLooking = true
    const startedAt = performance.now()
    const keys = new Set<string>()
    for (const each of small) {
      if (stop.signal.aborted) return
      if (await hasGrown(each)) keys.add(keyOf(each))
    }
    const costMs = performance.now() - startedAt
    pauseMs = Math.max(Math.min(pauseMs * 2, longestPauseMs), costMs * share)
    isLooking = false
    const isNews = [...keys].some((key) => !found.keys.has(key))
    if (isNews) {
      found = { count: found.count + 1, keys: new Set([...found.keys, ...keys]) }
      for (const onFound of listeners) onFound()
    }
    schedule()
  }

  /** False where it cannot be read now: that is no matter of fields, and others tell of it. */
  async function hasGrown({ listed, sample }: SampledCollection): Promise<boolean> {
    try {
      const documents = await sampleDocuments(database(listed.database), listed, stop.signal)
      return seeFields(sample.seen, documents) !== sample.seen
    } catch {
      return false
    }
  }

  return {
    found: () => found,
    follow(sampled, before) {
      found = {
        count: found.count,
        keys: new Set([...found.keys].filter((key) => !before.keys.has(key))),
      }
      small = sampled.filter(isSmall)
      pauseMs = firstPauseMs
      schedule()
    },
    listen(onFound) {
      listeners.add(onFound)
      return () => listeners.delete(onFound)
    },
    stop() {
      stop.abort()
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** Not a view, which may take long to compute. */
function isSmall({ listed, sample }: SampledCollection): boolean {
  return listed.kind !== 'view' && !sample.isFull
}

function keyOf({ listed: { database, name } }: SampledCollection): string {
  return nameKey(qualifiedName(database, name))
}
