/**
 * Looks at the schema mark on connections of their own, for what no transaction proves by itself:
 * answers made of the snapshot alone, errors, and writes above read committed. One look is for all who
 * ask at the same time: one runs, another one waits, and everybody gets one that begins after they
 * asked, so that clients who ask for nonsense cost the database little.
 */

import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { SchemaProof } from '../../backend.ts'
import { createControlConnection } from '../connect/control-connection.ts'
import type { SessionTarget } from '../connect/parse-connection.ts'
import type { PostgresConnection } from '../protocol/postgres-connection.ts'
import type { SchemaMark } from './schema-mark.ts'

export interface SchemaProofs {
  /** On the kind of server that requests read from. Never rejects. */
  look(snapshot: Pick<SchemaSnapshot, 'schemaVersion'>): Promise<SchemaProof>
  /** On the one that is written to. Never rejects. */
  lookAtPrimary(snapshot: Pick<SchemaSnapshot, 'schemaVersion'>): Promise<SchemaProof>
  close(): Promise<void>
}

export interface SchemaProofDeps {
  readonly mark: Pick<SchemaMark, 'look' | 'isUnder'>
  /** `target`: null for the one that is configured. Rejects with BackendFailure. */
  readonly connect: (
    signal: AbortSignal,
    target: SessionTarget | null,
  ) => Promise<PostgresConnection>
}

/** Milliseconds for one look. */
const lookLimitMs = 5000

export function createSchemaProofs({ mark, connect }: SchemaProofDeps): SchemaProofs {
  function prover(target: SessionTarget | null) {
    const control = createControlConnection({
      connect: (signal) => connect(signal, target),
      idleMs: 30_000,
    })
    const look = shareLooks(() => control.run(mark.look, AbortSignal.timeout(lookLimitMs)))
    async function prove({ schemaVersion }: Pick<SchemaSnapshot, 'schemaVersion'>) {
      try {
        const reading = await look()
        if (reading.kind !== 'found') return 'unprovable'
        return mark.isUnder(reading.mark, schemaVersion) ? 'current' : 'moved'
      } catch {
        // the sources tell what is wrong with the database
        return 'unprovable'
      }
    }
    return { prove, close: () => control.close() }
  }

  const [reads, writes] = [prover(null), prover('read-write')]
  return {
    look: reads.prove,
    lookAtPrimary: writes.prove,
    async close() {
      await Promise.all([reads.close(), writes.close()])
    },
  }
}

/** Settles as a look does that begins after the call. */
function shareLooks<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let waiting: Promise<T> | null = null

  function start(): Promise<T> {
    waiting = null
    const own = look().finally(() => {
      if (running === own) running = null
    })
    running = own
    return own
  }

  return () => {
    if (running === null) return start()
    waiting ??= running.then(start, start)
    return waiting
  }
}
