/**
 * A bounded map by token, with SIEVE eviction: entries stand in the order they came; a hand moves
 * from the oldest to the newest, spares each entry that was used since it last passed, and takes the
 * first that was not. Lookups therefore change no order, and a burst of one-time tokens does not
 * push out those in use.
 */
export interface TokenCache<Value> {
  get(token: string): Value | undefined
  /** Adds an entry; what is over `maxEntries` goes first. */
  set(token: string, value: Value, maxEntries: number): void
  readonly size: number
}

interface Entry<Value> {
  readonly token: string
  readonly value: Value
  wasUsed: boolean
  newer: Entry<Value> | null
  older: Entry<Value> | null
}

export function createTokenCache<Value>(onEviction: () => void): TokenCache<Value> {
  const entries = new Map<string, Entry<Value>>()
  let newest: Entry<Value> | null = null
  let oldest: Entry<Value> | null = null
  let hand: Entry<Value> | null = null

  function evict(): void {
    let candidate = hand ?? oldest
    while (candidate?.wasUsed) {
      candidate.wasUsed = false
      candidate = candidate.newer ?? oldest
    }
    if (candidate === null) return
    hand = candidate.newer
    unlink(candidate)
    entries.delete(candidate.token)
    onEviction()
  }

  function unlink(entry: Entry<Value>): void {
    if (entry.newer === null) newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === null) oldest = entry.newer
    else entry.older.newer = entry.newer
  }

  return {
    get(token) {
      const entry = entries.get(token)
      if (entry === undefined) return undefined
      entry.wasUsed = true
      return entry.value
    },
    set(token, value, maxEntries) {
      // two requests may have verified the same token at the same time
      if (entries.has(token)) return
      while (entries.size > 0 && entries.size >= maxEntries) evict()
      const entry: Entry<Value> = { token, value, wasUsed: false, newer: null, older: newest }
      if (newest === null) oldest = entry
      else newest.newer = entry
      newest = entry
      entries.set(token, entry)
    },
    get size() {
      return entries.size
    },
  }
}
