/**
 * One write of a batch, inside the transaction that `sqlite-writer.ts` has begun and ends: run at its
 * own savepoint, taken back where it failed or is not to stay, and a failure told with what it was.
 */
import { type ExpectedTags, isAsExpected } from '../../../core/entity-tag.ts'
import type { ChildFailure, ChildReply } from '../wire/reply-frames.ts'
import type { ChildRequest } from '../wire/request-frames.ts'
import type { ComparedRow, WriteProgram, WriterProgram } from '../wire/write-program.ts'
import { diagnoseWrite } from './diagnose-write.ts'
import { type Called, runCall } from './run-call.ts'
import { runWrite, type Written } from './run-write.ts'
import { toFailure } from './sqlite-connection.ts'
import type { WritableDatabase } from './writable-database.ts'
import { BoundProgram, type PreparedProgram } from './write-statements.ts'

type Write = Extract<ChildRequest, { readonly op: 'write' }>

export interface WriteRequest {
  readonly id: number
  readonly write: Write
  /** As it was in the slot when the request came. */
  readonly program: string
}

/** As SQLite says it of a COMMIT. */
class BrokenKey extends Error {
  readonly code = 'SQLITE_CONSTRAINT_FOREIGNKEY'

  constructor() {
    super('FOREIGN KEY constraint failed')
    this.name = 'BrokenKey'
  }
}

export interface MemberRunner {
  /** Never throws for what the database does. The transaction is over where the failure ended it. */
  runMember(database: WritableDatabase, request: WriteRequest): ChildReply
  /** Why a COMMIT failed after this request alone: keys that are judged at the end were broken. */
  explainCommit(database: WritableDatabase, request: WriteRequest, error: unknown): ChildFailure
}

/** `path`: the database file, which failures name for the log. */
export function createMemberRunner(path: string): MemberRunner {
  function runMember(database: WritableDatabase, request: WriteRequest): ChildReply {
    const { write } = request
    if (!database.isOf(write.stamp)) return { kind: 'moved' }
    database.savepoint()
    let bound: BoundProgram<WriteProgram> | null = null
    try {
      const { program } = prepare(database, request)
      // where no COMMIT follows, deferred foreign keys are judged here
      const brokenBefore = write.commits ? 0 : database.brokenKeys()
      const said = program.before === null ? null : runCall(bind(database, request, program.before))
      if (program.compared !== null && !isMet(bind(database, request, program.compared))) {
        database.undo()
        database.release()
        return unmet
      }
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
      // without evidence: SQLite's own message has to do
      return failure
    } finally {
      if (database.db.inTransaction) database.undo()
    }
  }

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

  return { runMember, explainCommit }
}

const unmet: ChildReply = {
  kind: 'failed',
  failure: { kind: 'unmet', message: 'the row is another than was expected' },
}

/** Whether the row that is to be written is as the client knows it. */
function isMet(bound: BoundProgram<ComparedRow>): boolean {
  const { shown, expectedAt } = bound.program
  const expected = bound.operand(expectedAt)
  if (typeof expected !== 'string') throw new Error('a comparison without what is expected')
  const [body, rows] = bound.first(shown, {})
  if (!(body instanceof Uint8Array)) return false
  // our own code is on the other end
  return isAsExpected(JSON.parse(expected) as ExpectedTags, Number(rows), bound.toBody(body))
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
