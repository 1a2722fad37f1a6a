/**
 * How many processes there are to be: whether another one is to be started now. Pure.
 */

export interface ReaderLimits {
  /** `db-pool`: as many at most. */
  readonly max: number
  /** Kept whether they are used or not. */
  readonly warm: number
  /** Those that answer soon, at most: more of them than processors gain nothing. */
  readonly working: number
}

export interface CountedReader {
  readonly isReady: boolean
  readonly isOpen: boolean
  readonly isBlocked: boolean
  readonly isOverdue: boolean
}

export interface Demand {
  /** Somebody waits for a process of its own. */
  readonly forExclusive: boolean
  /** A load of the schema, or a look at its version, is among those. */
  readonly forControl: boolean
}

/** One start at a time: the next is decided when that one is ready. */
export function needsAnother(
  readers: readonly CountedReader[],
  demand: Demand,
  { max, warm, working }: ReaderLimits,
): boolean {
  if (readers.some((reader) => !reader.isReady)) return false
  if (readers.length >= max) {
    // a reload is not to wait for the end of queries that take every place
    return demand.forControl && readers.length === max && !readers.some((reader) => reader.isOpen)
  }
  if (readers.length < Math.min(warm, max)) return true
  if (readers.filter((reader) => !reader.isOverdue).length >= working) return false
  // one that answers soon is kept in reserve, before anybody waits for it
  return demand.forExclusive || readers.every((reader) => reader.isBlocked)
}
