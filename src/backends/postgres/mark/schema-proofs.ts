/**
 * Looks at the schema mark on connections of their own, for what no transaction proves by itself:
 * answers made of the snapshot alone, errors, and writes above read committed. One look is for all who
 * ask at the same time: one runs, another one waits, and everybody gets one that begins after they
 * asked, so that clients who ask for nonsense cost the database little.
 *
 * A transaction that needs a look before its COMMIT has the looks' session opened before its own
 * begins. A pooler in transaction mode could otherwise have lent all its sessions to transactions that
 * wait for one more.
 */
import { shareRuns } from '../../../core/share-runs.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { SchemaProof } from '../../backend.ts'
import {
  type ControlConnection,
  type ControlQuery,
  createControlConnection,
} from '../connect/control-connection.ts'
import type { SessionTarget } from '../connect/parse-connection.ts'
import type { PostgresConnection } from '../protocol/postgres-connection.ts'
import type { MarkReading } from './read-mark.ts'
import type { SchemaMark } from './schema-mark.ts'

type Labelled = Pick<SchemaSnapshot, 'schemaVersion'>

/** A session that is there until everybody who has opened it has left. */
export interface HeldLooks {
  /** Begins after the call. Never rejects. */
  look(snapshot: Labelled): Promise<SchemaProof>
  leave(): void
}

export interface SchemaProofs {
  /** On the kind of server that requests read from. Never rejects. */
  look(snapshot: Labelled): Promise<SchemaProof>
  /** On the one that is written to. Null when there is no session to be had. Never rejects. */
  holdLooks(): Promise<HeldLooks | null>
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

/** Milliseconds for one look, and for a session to be had. */
const limitMs = 5000

export function createSchemaProofs({ mark, connect }: SchemaProofDeps): SchemaProofs {
  const controlOf = (target: SessionTarget | null) =>
    createControlConnection({ connect: (signal) => connect(signal, target), idleMs: 30_000 })
  const [reads, writes] = [controlOf(null), controlOf('read-write')]

  /** What the sources tell of the database is not told again here. */
  async function prove(
    reading: Promise<MarkReading>,
    { schemaVersion }: Labelled,
  ): Promise<SchemaProof> {
    try {
      const found = await reading
      if (found.kind !== 'found') return 'unprovable'
      return mark.isUnder(found.mark, schemaVersion) ? 'current' : 'moved'
    } catch {
      return 'unprovable'
    }
  }

  const lookAtReads = shareRuns(() => reads.run(mark.look, AbortSignal.timeout(limitMs)))
  const hold = shareSession(writes, mark.look)
  return {
    look: (snapshot) => prove(lookAtReads(), snapshot),
    async holdLooks() {
      const session = await hold().catch(() => null)
      if (session === null) return null
      return {
        look: (snapshot) => prove(session.look(), snapshot),
        leave: session.leave,
      }
    },
    async close() {
      await Promise.all([reads.close(), writes.close()])
    },
  }
}

interface SharedSession {
  /** Rejects when the database cannot be asked. */
  look(): Promise<MarkReading>
  leave(): void
}

/**
 * One transaction in read committed, open while anybody holds it: that keeps its session with the
 * server, and each look in it sees what is committed by then.
 *
 * Errors  rejects when there is no session to be had in time
 */
function shareSession(
  control: ControlConnection,
  read: (query: ControlQuery) => Promise<MarkReading>,
): () => Promise<SharedSession> {
  let current: ReturnType<typeof open> | null = null

  function open() {
    const cut = new AbortController()
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const ready = new Promise<ControlQuery>((resolve, reject) => {
      const held = control.run(async (query) => {
        await query('begin isolation level read committed read only')
        resolve(query)
        await ended
        await query('commit')
      }, cut.signal)
      held.catch(reject)
    })
    const look = shareRuns(async () => inTime(read(await ready)))
    return { ready, look, end, cut: () => cut.abort(), users: 0 }
  }

  return async () => {
    current ??= open()
    const session = current
    session.users += 1
    const giveUp = () => {
      session.cut()
      if (current === session) current = null
    }
    const leave = () => {
      session.users -= 1
      if (session.users > 0) return
      session.end()
      if (current === session) current = null
    }
    try {
      await inTime(session.ready)
    } catch (failure) {
      giveUp()
      throw failure
    }
    const look = () =>
      session.look().catch((failure: unknown) => {
        // its transaction may have failed: the next one who needs it opens another
        giveUp()
        throw failure
      })
    return { look, leave }
  }
}

/** Settles as `work` does, or rejects when that takes too long. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
