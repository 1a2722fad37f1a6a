/**
 * The prepared statements of one connection: named by a hash of their text and parameter types,
 * the least recently used given up beyond a bound, since each costs the server 50 to 80 KB.
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

export interface StatementNames {
  /**
   * Names for the prepared statements of one batch, in order, and those to close before it so that
   * the bound holds. Nothing that this batch uses is closed.
   */
  plan(statements: readonly { readonly text: string; readonly types: readonly number[] }[]): {
    readonly uses: readonly NamedUse[]
    readonly closes: readonly string[]
  }
  /** The server has parsed it. */
  confirmParsed(name: string): void
  /** The server has closed it. */
  confirmClosed(name: string): void
}

export function createStatementNames(capacity: number): StatementNames {
  // text and types → name; the order of insertion is the order of use
  const known = new Map<string, string>()
  // name → text and types, of the running batch
  const pending = new Map<string, string>()
  const closing = new Set<string>()

  function use(key: string): NamedUse {
    const name = known.get(key)
    if (name !== undefined) {
      known.delete(key)
      known.set(key, name)
      return { name, isKnown: true }
    }
    const fresh = statementName(key)
    // its second use in one batch finds what the first one parsed
    const isKnown = pending.has(fresh)
    pending.set(fresh, key)
    return { name: fresh, isKnown }
  }

  return {
    plan(statements) {
      // what the last batch did not get confirmed is not there
      pending.clear()
      const keys = statements.map(({ text, types }) => keyOf(text, types))
      const uses = keys.map(use)
      const used = new Set(keys)
      for (const [key, name] of known) {
        if (known.size + pending.size <= capacity || used.has(key)) break
        known.delete(key)
        closing.add(name)
      }
      return { uses, closes: [...closing] }
    },
    confirmParsed(name) {
      const key = pending.get(name)
      if (key === undefined) return
      pending.delete(name)
      known.set(key, name)
    },
    confirmClosed(name) {
      closing.delete(name)
    },
  }
}

/** Most statements leave their types to the server: their text alone tells them. */
function keyOf(text: string, types: readonly number[]): string {
  return types.every((type) => type === 0) ? text : `${types.join()}:${text}`
}

function statementName(key: string): string {
  return `dbrest_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`
}
