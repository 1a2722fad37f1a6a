/**
 * The database as the writer process sees it. Writes that come together share one transaction and
 * with it one wait for the disk; each has a savepoint, so that one which fails takes nothing of the
 * others with it. What cannot be done together (a failure that ends the transaction, a commit that
 * fails) is undone and done in halves, so that one which fails costs the others few waits.
 *
 * The transaction begins as one that writes, since a read that becomes a write could find that
 * another program has written meanwhile. Other programs' locks are waited for, within a limit.
 */
import type { ChildReply } from '../wire/reply-frames.ts'
import { isSameFile } from '../wire/schema-stamp.ts'
import { codeOf, type FileState, stateOf } from './database-file.ts'
import { createMemberRunner, type WriteRequest } from './run-member.ts'
import { toFailure } from './sqlite-connection.ts'
import type { WritableDatabase } from './writable-database.ts'

export interface SqliteWriter {
  /** The slot's program, as JSON, for requests that come after it. */
  register(slot: number, program: string): void
  /** Waits for `commit`. */
  add(id: number, write: WriteRequest['write']): void
  /** Runs what was added. Never throws for what the database does; each request is answered once. */
  commit(): void
}

export interface SqliteWriterOptions {
  readonly path: string
  readonly open: (path: string, file: FileState) => WritableDatabase
  readonly send: (id: number, reply: ChildReply) => void
}

type Replies = readonly (readonly [number, ChildReply])[]

export function createSqliteWriter({ path, open, send }: SqliteWriterOptions): SqliteWriter {
  /** Text by slot. */
  const registered: string[] = []
  let waiting: WriteRequest[] = []
  let current: WritableDatabase | null = null
  let epoch = 0
  const { runMember, explainCommit } = createMemberRunner(path)

  function close(): void {
    const open = current
    current = null
    open?.db.close()
  }

  function openFor(batch: readonly WriteRequest[]): WritableDatabase {
    const newest = Math.max(...batch.map(({ write }) => write.epoch))
    const state = stateOf(path)
    // what SQLite has cached of the schema could be of an overwritten file
    if (newest > epoch || (current !== null && !isSameFile(current.file, state))) close()
    epoch = Math.max(epoch, newest)
    current ??= open(path, state)
    return current
  }

  function failAll(batch: readonly WriteRequest[], error: unknown): Replies {
    const reply: ChildReply = { kind: 'failed', failure: toFailure(error, path) }
    return batch.map(({ id }) => [id, reply])
  }

  /** Null: of one alone never. They have to be done apart. */
  function runTogether(database: WritableDatabase, batch: readonly WriteRequest[]): Replies | null {
    database.begin()
    const replies: (readonly [number, ChildReply])[] = []
    for (const request of batch) {
      replies.push([request.id, runMember(database, request)])
      // the failure has taken the whole transaction with it
      if (!database.db.inTransaction) return batch.length === 1 ? replies : null
    }
    send(0, { kind: 'committing', ids: batch.map(({ id }) => id) })
    try {
      database.commit()
      return replies
    } catch (error) {
      database.rollback()
      const isBusy = codeOf(error).startsWith('SQLITE_BUSY')
      if (isBusy) return failAll(batch, error)
      const [only] = batch
      if (only === undefined || batch.length > 1) return null
      return [[only.id, { kind: 'failed', failure: explainCommit(database, only, error) }]]
    }
  }

  function run(batch: readonly WriteRequest[]): Replies | null {
    try {
      return runTogether(openFor(batch), batch)
    } catch (error) {
      // the transaction could not begin
      current?.rollback()
      return failAll(batch, error)
    }
  }

  function runInParts(batch: readonly WriteRequest[]): void {
    const replies = run(batch)
    if (replies !== null) {
      answer(replies)
      return
    }
    const half = batch.length >> 1
    runInParts(batch.slice(0, half))
    runInParts(batch.slice(half))
  }

  function answer(replies: Replies): void {
    for (const [id, reply] of replies) send(id, reply)
    if (replies.some(([, reply]) => isUnavailable(reply))) close()
  }

  return {
    register(slot, program) {
      registered[slot] = program
    },
    add(id, write) {
      waiting.push({ id, write, program: registered[write.slot] ?? '' })
    },
    commit() {
      const batch = waiting
      waiting = []
      if (batch.length > 0) runInParts(batch)
    },
  }
}

function isUnavailable(reply: ChildReply): boolean {
  return reply.kind === 'failed' && reply.failure.kind === 'unavailable'
}
