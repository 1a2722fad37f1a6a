/**
 * What one process has seen of the schema mark, for others that prove requests by it and load no schemas.
 */
import type { SchemaVersion } from '../../../schema/catalog.ts'
import type { ProofBasis } from '../../backend.ts'
import type { MarkReading } from './read-mark.ts'

export interface SeenMarks {
  /** The last one. */
  readonly reading: MarkReading
  /** The mark under which each version was last seen. */
  readonly marks: readonly (readonly [SchemaVersion, string])[]
}

export interface SharedBasis {
  readonly basis: ProofBasis
  /** To be called when something was seen. */
  readonly tell: () => void
}

export function createSharedBasis({
  current,
  adopt,
}: {
  readonly current: () => SeenMarks
  readonly adopt: (basis: SeenMarks) => void
}): SharedBasis {
  const listeners: (() => void)[] = []
  let told = ''
  return {
    basis: {
      current,
      onChange: (listener) => {
        listeners.push(listener)
      },
      adopt(basis) {
        if (!isSeen(basis)) throw new Error('this is nothing that was seen of a schema mark')
        adopt(basis)
      },
    },
    tell() {
      if (listeners.length === 0) return
      const text = JSON.stringify(current())
      if (text === told) return
      told = text
      for (const listener of listeners) listener()
    },
  }
}

/** What is in them was put there by the same code. */
function isSeen(basis: unknown): basis is SeenMarks {
  const has: Readonly<Record<string, unknown>> = Object(basis)
  return typeof has['reading'] === 'object' && Array.isArray(has['marks'])
}
