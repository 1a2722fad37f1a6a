/**
 * The prepared statements of one connection: named by a hash of their text and parameter types,
 * the least recently used given up beyond a bound, since each costs the server 50 to 80 KB.
 *
 * PostgreSQL decides on the types of parameters when it parses a statement, and never again: what was
 * parsed on one schema may be wrong on the next. So statements are those of an epoch, and with the
 * next one all of them are given up and parsed anew. The epoch is part of the name, and of the text of
 * statements that give rows, since poolers which keep prepared statements tell them by their texts.
 *
 * What is written down here is what the server confirmed. A statement counts as there from its
 * ParseComplete on, and one given up is asked to be closed until its CloseComplete came: after a
 * batch that failed half-way both sides still agree.
 */
import { createHash } from 'node:crypto'

export interface NamedUse {
  readonly name: string
  /** False: it is to be parsed under this name first. */
  readonly isKnown: boolean
}

export interface Prepared {
  readonly text: string
  readonly types: readonly number[]
}

export interface StatementNames {
  /**
   * Names for the prepared statements of one batch, in order, and those to close before it: of other
   * epochs, and so that the bound holds. Nothing that this batch uses is closed.
   */
  plan(
    statements: readonly Prepared[],
    epoch: string,
  ): {
    readonly uses: readonly NamedUse[]
    readonly closes: readonly string[]
  }
  /** The server has parsed it. */
  confirmParsed(name: string): void
  /** The server has closed it. */
  confirmClosed(name: string): void
}

interface Known {
  readonly name: string
  /** Number of the batch that used it last. */
  lastBatch: number
}

export function createStatementNames(capacity: number): StatementNames {
  // by text and types
  const known = new Map<string, Known>()
  // name → text and types, of the running batch
  const pending = new Map<string, string>()
  const closing = new Set<string>()
  // made anew for each use it would be hashed anew, as long as the text is
  const keys = new WeakMap<readonly number[], { readonly text: string; readonly key: string }>()
  let batch = 0
  let lastEpoch = ''

  function keyFor(text: string, types: readonly number[]): string {
    if (types.length === 0) return text
    const made = keys.get(types)
    if (made?.text === text) return made.key
    const key = keyOf(text, types)
    if (key !== text) keys.set(types, { text, key })
    return key
  }

  function use(key: string): NamedUse {
    const entry = known.get(key)
    if (entry !== undefined) {
      entry.lastBatch = batch
      return { name: entry.name, isKnown: true }
    }
    const fresh = statementName(`${lastEpoch}${key}`)
    // its second use in one batch finds what the first one parsed
    const isKnown = pending.has(fresh)
    pending.set(fresh, key)
    return { name: fresh, isKnown }
  }

  function giveUpAll(): void {
    for (const { name } of known.values()) closing.add(name)
    known.clear()
  }

  /** Looked for only when a new statement does not fit: seldom, among a hundred. */
  function giveUpOldest(): void {
    const idle = [...known]
      .filter(([, entry]) => entry.lastBatch !== batch)
      .sort(([, a], [, b]) => a.lastBatch - b.lastBatch)
    for (const [key, { name }] of idle) {
      if (known.size + pending.size <= capacity) return
      known.delete(key)
      closing.add(name)
    }
  }

  return {
    plan(statements, epoch) {
      batch += 1
      if (epoch !== lastEpoch) giveUpAll()
      lastEpoch = epoch
      // what the last batch did not get confirmed is not there
      if (pending.size > 0) pending.clear()
      const uses = statements.map(({ text, types }) => use(keyFor(text, types)))
      if (known.size + pending.size > capacity) giveUpOldest()
      return { uses, closes: closing.size === 0 ? none : [...closing] }
    },
    confirmParsed(name) {
      const key = pending.get(name)
      if (key === undefined) return
      pending.delete(name)
      known.set(key, { name, lastBatch: batch })
    },
    confirmClosed(name) {
      closing.delete(name)
    },
  }
}

const none: readonly string[] = []

/** Most statements leave their types to the server: their text alone tells them. */
function keyOf(text: string, types: readonly number[]): string {
  return types.every((type) => type === 0) ? text : `${types.join()}:${text}`
}

function statementName(key: string): string {
  return `dbrest_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`
}
