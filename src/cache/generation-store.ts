/**
 * The one pointer that a reload moves. A request reads it once, at its start, and keeps what it
 * got to its end: no request sees a new configuration with an old schema.
 */
import type { Config } from '../config/config.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export interface Generation {
  readonly config: Config
  /** Null until the first load has succeeded. */
  readonly snapshot: SchemaSnapshot | null
}

export interface GenerationStore {
  current(): Generation
  publish(generation: Generation): void
}

export function createGenerationStore(initial: Generation): GenerationStore {
  let current = initial
  return {
    current: () => current,
    publish(generation) {
      current = generation
    },
  }
}
