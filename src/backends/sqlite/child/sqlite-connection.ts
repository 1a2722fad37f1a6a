/**
 * The database as one SQLite process sees it: opened again when the file behind the name is another
 * one. What arrives together is answered out of one transaction, which begins after the last of it
 * has arrived, and in which the schema's version is asked first: it costs more than a read by key.
 *
 * Version   `<device>:<inode>:<schema_version>:<fingerprint>`; the fingerprint covers the text of
 *           the schema, for files that were overwritten in place by one with the same counter
 */
import { failureText } from '../../../core/failure-text.ts'
import { explainPrefix, type PlanStep } from '../wire/query-plan.ts'
import type { ChildFailure, ChildReply, ResponseControls } from '../wire/reply-frames.ts'
import { type ChildRequest, slotCount } from '../wire/request-frames.ts'
import { isSameFile } from '../wire/schema-stamp.ts'
import type { BodyReader } from './answer-body.ts'
import {
  codeOf,
  needsRecovery,
  recover,
  stateOf,
  Unavailable,
  whyNotOpened,
} from './database-file.ts'
import { OpenDatabase, type ReadRow, type ReadStatement } from './open-database.ts'
import { readRawCatalog } from './read-raw-catalog.ts'
import { SqliteValueError } from './sqlite-functions.ts'

export interface SqliteConnection {
  /** The slot's statement from now on. It is prepared when it is first run. */
  register(slot: number, sql: string): void
  /** Never throws for what the database does. What it takes is told without waiting for locks. */
  run(request: ChildRequest): { readonly reply: ChildReply; readonly micros: number }
  /** All that had arrived is answered. By the next time the file may be another one. */
  endBatch(): void
}

const noBytes = new Uint8Array()

export function createSqliteConnection(path: string): SqliteConnection {
  /** Text by slot. */
  const registered: string[] = []
  let current: OpenDatabase | null = null
  let epoch = 0
  /** The file was looked at in this batch. */
  let isSeen = false

  function close(): void {
    const open = current
    current = null
    open?.db.close()
  }

  function open(): OpenDatabase {
    if (current !== null && isSeen) return current
    const state = stateOf(path)
    if (current !== null && !isSameFile(current.file, state)) close()
    current ??= new OpenDatabase(path, state)
    isSeen = true
    return current
  }

  /** SQLite trusts counters in the file to tell whether what it has cached still holds. */
  function openAfterChange(): OpenDatabase {
    if (current !== null && current.file.changedAt !== stateOf(path).changedAt) close()
    return open()
  }

  /** Waits for writers that hold the whole file. */
  function openFor(request: ChildRequest): OpenDatabase {
    // what SQLite has cached of the schema could be of an overwritten file
    const isNewEpoch = 'epoch' in request && request.epoch > epoch
    if (isNewEpoch) epoch = request.epoch
    if (isNewEpoch || request.op === 'catalog') close()
    const database = request.op === 'version' ? openAfterChange() : open()
    // what can be written depends on it, and it cannot be changed inside a transaction
    if (request.op === 'catalog') database.db.pragma(`foreign_keys = ${request.foreignKeys}`)
    if (!database.db.inTransaction) database.begin()
    return database
  }

  function endTransaction(): void {
    try {
      current?.commit()
    } catch {
      // a damaged file; the next request is told
      close()
    }
  }

  function answer(database: OpenDatabase, request: ChildRequest): ChildReply {
    switch (request.op) {
      case 'read':
        if (!database.isOf(request.stamp)) return { kind: 'moved' }
        return read(database, request)
      case 'check':
        return { kind: database.isOf(request.stamp) ? 'current' : 'moved' }
      case 'version': {
        const { sqliteVersion } = database
        return { kind: 'version', schemaVersion: database.version(), sqliteVersion }
      }
      case 'catalog': {
        const schemaVersion = database.version()
        return {
          kind: 'catalog',
          schemaVersion,
          catalog: readRawCatalog(database.db, request.statements),
        }
      }
      case 'write':
      case 'commit':
        throw new Error('a process that reads was asked to write')
    }
  }

  function read(
    database: OpenDatabase,
    request: Extract<ChildRequest, { readonly op: 'read' }>,
  ): ChildReply {
    const { slot, params, before } = request
    const ran = before.map((each) => statementOf(database, each.slot).get(...each.params) ?? noRow)
    const statement = statementOf(database, slot)
    if (isExplained(slot)) return explain(statement, params)
    const row = statement.get(...params) ?? noRow
    ran.push(row)
    return answerOf(row, ran, database.toBody)
  }

  function isExplained(slot: number): boolean {
    return registered[slot]?.startsWith(explainPrefix) === true
  }

  function statementOf(database: OpenDatabase, slot: number): ReadStatement {
    const known = database.statements[slot]
    if (known !== undefined) return known
    const statement: ReadStatement = database.db.prepare(registered[slot] ?? '')
    statement.raw()
    if (slot < slotCount) database.statements[slot] = statement
    return statement
  }

  return {
    register(slot, sql) {
      registered[slot] = sql
      if (current !== null) current.statements[slot] = undefined
    },
    run(request) {
      for (let isRetry = false; ; isRetry = true) {
        let startedAt: number | null = null
        const end = (reply: ChildReply) => {
          return { reply, micros: startedAt === null ? 0 : (performance.now() - startedAt) * 1000 }
        }
        try {
          const database = openFor(request)
          startedAt = performance.now()
          return end(answer(database, request))
        } catch (error) {
          const failure = toFailure(error, path)
          endTransaction()
          // a broken connection is not kept; after a crashed writer it has to recover first
          if (failure.kind !== 'value' && !/^SQLITE_(ERROR|BUSY|TOOBIG)/.test(codeOf(error))) {
            close()
          }
          if (isRetry || !needsRecovery(codeOf(error)) || !recover(path)) {
            return end({ kind: 'failed', failure })
          }
        }
      }
    },
    endBatch() {
      isSeen = false
      endTransaction()
    },
  }
}

/** The steps are many rows, where an answer is one. */
function explain(statement: ReadStatement, params: readonly unknown[]): ChildReply {
  const rows: readonly (readonly unknown[])[] = statement.all(...params)
  const steps: readonly PlanStep[] = rows.map(([id, parent, , detail]) => {
    return [Number(id), Number(parent), String(detail)]
  })
  return { kind: 'rows', rows: 0, total: null, body: Buffer.from(JSON.stringify(steps)) }
}

const noRow: ReadRow = [null, 0, null]

/** `ran`: the rows of all that ran. */
function answerOf(row: ReadRow, ran: readonly ReadRow[], toBody: BodyReader): ChildReply {
  const [body, rows, total] = row
  const answer = { rows, total, body: toBody(body ?? noBytes) }
  if (ran.every((each) => each.length === noRow.length)) return { kind: 'rows', ...answer }
  return { kind: 'called', ...answer, controls: controlsOf(ran) }
}

/** What was said last counts. */
function controlsOf(ran: readonly ReadRow[]): ResponseControls {
  return {
    headers: ran.findLast(([, , , headers]) => headers != null)?.[3] ?? null,
    status: ran.findLast(([, , , , status]) => status != null)?.[4] ?? null,
  }
}

/** What a request fails with. */
export function toFailure(error: unknown, path: string): ChildFailure {
  if (error instanceof SqliteValueError) {
    const { sqlState, message, details, hint } = error
    return { kind: 'value', sqlState, message, details, hint }
  }
  const message = failureText(error)
  if (error instanceof Unavailable) return unavailable(message, path)
  const code = codeOf(error)
  if (!/^SQLITE_(CANTOPEN|READONLY)/.test(code) || code === 'SQLITE_READONLY')
    return { kind: 'sqlite', code, message }
  return unavailable(`database file ${path} cannot be opened${whyNotOpened(path)}`, path)
}

/** The log names the file, and clients learn no more than that there is one. */
function unavailable(message: string, path: string): ChildFailure {
  return { kind: 'unavailable', message, clientMessage: message.replace(` ${path}`, () => '') }
}
