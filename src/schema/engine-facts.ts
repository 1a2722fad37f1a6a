/**
 * What a backend finds out about its database that other engines have no notion of: a part of the
 * catalog and of the snapshot that goes back to the backend with every request. Each backend has a
 * class of its own for it, by which it knows its own facts again; to everybody else they are opaque.
 */
export interface EngineFacts {
  /** All of it, in parts named as the list of what changed between two snapshots names them. */
  readonly parts: readonly FactsPart[]
  /**
   * The backend makes its statements of a plan and of nothing else, so that a plan which is true of
   * another snapshot too may be run on it. False where it is absent.
   */
  readonly plansStandAlone?: boolean
}

export type FactsPart =
  | { readonly title: string; readonly kind: 'whole'; readonly facts: unknown }
  /**
   * By `nameKey`, or by name on an engine of one schema. Of a relation that came or went, nothing
   * more than that is told.
   */
  | {
      readonly title: string
      readonly kind: 'by-relation'
      readonly facts: ReadonlyMap<string, unknown> | ReadonlySet<string>
    }

/** Plain data that stands for an engine's facts in another process, by names of the engine's own. */
export type SentFacts = Readonly<Record<string, unknown>>

/** The plain data of facts, frozen in depth. What is frozen already is a load's own from before. */
export function frozenFacts<T>(data: T): T {
  if (Object.isFrozen(data)) return data
  if (data instanceof Map || data instanceof Set) {
    for (const value of data.values()) frozenFacts(value)
  } else if (typeof data === 'object' && data !== null) {
    for (const value of Object.values(data)) frozenFacts(value)
  }
  return Object.freeze(data)
}
