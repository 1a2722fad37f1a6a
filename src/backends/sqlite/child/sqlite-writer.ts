/**
 * The database as the writer process sees it. Writes that come together share one transaction and
 * with it one wait for the disk; each has a savepoint, so that one which fails takes nothing of the
 * others with it. What cannot be done together (a failure that ends the transaction, a commit that
 * fails) is undone and done in halves, so that one which fails costs the others few waits.
 *
 * The transaction begins as one that writes, since a read that becomes a write could find that
 * another program has written meanwhile. Other programs' locks are waited for, within a limit.
 */
import type { ChildFailure, ChildReply } from '../wire/reply-frames.ts'
import type { ChildRequest } from '../wire/request-frames.ts'
import { isSameFile } from '../wire/schema-stamp.ts'
import type { WriteProgram, WriterProgram } from '../wire/write-program.ts'
import { codeOf, type FileState, stateOf } from './database-file.ts'
import { diagnoseWrite } from './diagnose-write.ts'
import { type Called, runCall } from './run-call.ts'
import { runWrite, type Written } from './run-write.ts'
import { toFailure } from './sqlite-connection.ts'
import type { WritableDatabase } from './writable-database.ts'
import { BoundProgram, type PreparedProgram } from './write-statements.ts'

type Write = Extract<ChildRequest, { readonly op: 'write' }>

interface WriteRequest {
  readonly id: number
  readonly write: Write
  /** As it was in the slot when the request came. */
  readonly program: string
}

export interface SqliteWriter {
  /** The slot's program, as JSON, for requests that come after it. */
  register(slot: number, program: string): void
  /** Waits for `commit`. */
  add(id: number, write: Write): void
  /** Runs what was added. Never throws for what the database does; each request is answered once. */
  commit(): void
}

export interface SqliteWriterOptions {
  readonly path: string
  readonly open: (path: string, file: FileState) => WritableDatabase
  readonly send: (id: number, reply: ChildReply) => void
}

/** As SQLite says it of a COMMIT. */
class BrokenKey extends Error {
  readonly code = 'SQLITE_CONSTRAINT_FOREIGNKEY'

  constructor() {
    super('FOREIGN KEY constraint failed')
    this.name = 'BrokenKey'
  }
}

type Replies = readonly (readonly [number, ChildReply])[]

export function createSqliteWriter({ path, open, send }: SqliteWriterOptions): SqliteWriter {
  /** Text by slot. */
  const registered: string[] = []
  let waiting: WriteRequest[] = []
  let current: WritableDatabase | null = null
  let epoch = 0

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

  function runMember(database: WritableDatabase, request: WriteRequest): ChildReply {
    const { write } = request
    if (!database.isOf(write.stamp)) return { kind: 'moved' }
    database.savepoint()
    let bound: BoundProgram<WriteProgram> | null = null
    try {
      const { program } = prepare(database, request)
      // what COMMIT would judge is judged where there will be none
      const brokenBefore = write.commits ? 0 : database.brokenKeys()
      const said = program.before === null ? null : runCall(bind(database, request, program.before))
      if (program.main.kind !== 'call') bound = bind(database, request, program.main)
      const written = withControls(said, runMain(database, request, program.main))
      if (!write.commits && database.brokenKeys() > brokenBefore) throw new BrokenKey()
      const { fewest, most } = write.bounds
      const isWanted = written.rows >= fewest && written.rows <= most
      if (!isWanted || !write.commits) database.undo()
      database.release()
      return written
    } catch (error) {
      const failure = toFailure(error, path)
      if (!database.db.inTransaction) return { kind: 'failed', failure }
      database.undo()
      const reply = {
        kind: 'failed',
        failure: withEvidence(database, bound, request, error, failure),
      } as const
      // what was done again may have ended the transaction
      if (database.db.inTransaction) database.release()
      return reply
    }
  }

  function prepare(database: WritableDatabase, { write, program }: WriteRequest): PreparedProgram {
    return database.program(write.slot, program)
  }

  function bind<Program>(
    database: WritableDatabase,
    request: WriteRequest,
    program: Program,
  ): BoundProgram<Program> {
    return new BoundProgram(prepare(database, request), program, request.write.params)
  }

  function runMain(
    database: WritableDatabase,
    request: WriteRequest,
    main: WriterProgram['main'],
  ): Written | Called {
    return main.kind === 'call'
      ? runCall(bind(database, request, main))
      : runWrite(bind(database, request, main), request.write.payload)
  }

  function withEvidence(
    database: WritableDatabase,
    bound: BoundProgram<WriteProgram> | null,
    { write: { payload } }: WriteRequest,
    error: unknown,
    failure: ChildFailure,
  ): ChildFailure {
    if (failure.kind !== 'sqlite' || bound === null) return failure
    try {
      const evidence = diagnoseWrite(database.db, bound, payload, error)
      return evidence === undefined ? failure : { ...failure, evidence }
    } catch {
      // what SQLite says must do
      return failure
    } finally {
      if (database.db.inTransaction) database.undo()
    }
  }

  /** Keys that are judged at the end were broken. */
  function explainCommit(
    database: WritableDatabase,
    request: WriteRequest,
    error: unknown,
  ): ChildFailure {
    const failure = toFailure(error, path)
    try {
      database.begin()
      database.savepoint()
      const { main } = prepare(database, request).program
      if (main.kind === 'call') return failure
      return withEvidence(database, bind(database, request, main), request, error, failure)
    } catch {
      return failure
    } finally {
      database.rollback()
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

/** What the function before it said counts where it says nothing itself. */
function withControls(before: Called | null, reply: Written | Called): Written | Called {
  if (before === null) return reply
  const own = reply.controls ?? before.controls
  const controls = {
    headers: own.headers ?? before.controls.headers,
    status: own.status ?? before.controls.status,
  }
  return { ...reply, controls }
}
