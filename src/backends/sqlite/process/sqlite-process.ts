/**
 * Starts a SQLite process and carries frames to and from it. What is sent within one turn of the
 * event loop goes out with one system call.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { Duplex } from 'node:stream'
import type { BodyMemory } from '../../../core/lent-bytes.ts'
import { packageFile } from '../../../core/package-file.ts'
import type { SqliteParam } from '../wire/bound-values.ts'
import { childDescriptors, hasAnswerFile, noForeignKeys } from '../wire/child-descriptors.ts'
import { type ChildReply, readReply } from '../wire/reply-frames.ts'
import {
  type ChildRequest,
  onceSlot,
  writeFetched,
  writeRegister,
  writeRequest,
} from '../wire/request-frames.ts'
import { createFrameReader, type Frame } from '../wire/sqlite-frame-reader.ts'
import { FrameWriter } from '../wire/sqlite-frame-writer.ts'
import { AnswerFile } from './answer-file.ts'
import type { ReaderEvents, ReaderProcess } from './reader-process.ts'
import { StatementSlots } from './statement-slots.ts'

/** What a process can be asked, with statements as texts: which slot has one is known here only. */
export type SqliteRequest =
  | Exclude<ChildRequest, { readonly op: 'read' | 'write' }>
  | (TextStatement & {
      readonly op: 'read'
      /** They run first. */
      readonly before: readonly TextStatement[]
      readonly epoch: number
      readonly stamp: Buffer
    })
  | (Omit<Extract<ChildRequest, { readonly op: 'write' }>, 'slot'> & {
      /** JSON of a `WriterProgram`. */
      readonly program: string
    })

export interface TextStatement {
  readonly sql: string
  readonly params: readonly SqliteParam[]
}

export type SqliteProcess = ReaderProcess<SqliteRequest>

/** So that it can give back the memory of large bodies at once. */
const childFlags = ['--expose-gc']

const keptStderrChars = 2000

export interface SqliteTask {
  readonly kind: 'read' | 'write'
  /** The database file. */
  readonly path: string
  /** Foreign keys are enforced when something is written. */
  readonly foreignKeys: boolean
}

/** Errors  a process that cannot be started ends, as `events` are told */
export function startSqliteProcess(
  task: SqliteTask,
  memory: BodyMemory,
  events: ReaderEvents<ChildReply>,
): SqliteProcess {
  const answers = task.kind === 'read' ? AnswerFile.open(memory) : null
  let hasEnded = false
  const end = (cause: string) => {
    if (hasEnded) return
    hasEnded = true
    answers?.close()
    events.ended(cause)
  }
  try {
    const taskArguments = childArguments(task, answers !== null)
    const program = packageFile('backends/sqlite/child/sqlite-child.js')
    const child = spawn(process.execPath, [...childFlags, program, ...taskArguments], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', answers?.descriptor ?? 'ignore'],
    })
    // before anything else: without a listener the server would end
    child.once('error', (error) => {
      setImmediate(() => end(`the SQLite process could not be run: ${error.message}`))
    })
    return connect(child, socketOf(child), task, answers, { ...events, ended: end })
  } catch (error) {
    // out of file descriptors or of memory
    setImmediate(() => end(`the SQLite process could not be started: ${String(error)}`))
    return { id: 'none', send: () => {}, demote: () => false, kill: () => {} }
  }
}

function connect(
  child: ChildProcess,
  socket: Duplex,
  { kind }: SqliteTask,
  answers: AnswerFile | null,
  events: ReaderEvents<ChildReply>,
): SqliteProcess {
  const frames = createFrameReader({ keepsChunks: true })
  const writer = new FrameWriter()
  const slots = new StatementSlots()
  let isReady = false
  let isKilled = false
  let isFlushPlanned = false
  /** It is not told in a write of its own: nothing waits for it. */
  let hasFetched = false
  const fetchBody = (bytes: number) => {
    if (answers === null) throw new Error('a large answer was laid down in no file')
    hasFetched = true
    return answers.fetch(bytes)
  }
  let stderr = ''

  function kill(): void {
    isKilled = true
    child.kill('SIGKILL')
  }

  function receive(frame: Frame): void {
    const { id, micros, reply } = readReply(frame, fetchBody)
    if (isReady) {
      events.replied(id, micros, reply)
    } else {
      isReady = true
      events.ready()
    }
  }

  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of frames.push(chunk)) {
        // that a writer had begun to commit must be known
        if (isKilled && kind === 'read') return
        receive(frame)
      }
    } catch (error) {
      stderr += String(error)
      kill()
    }
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-keptStderrChars)
  })
  // a socket may break before the exit is told: `close` says why
  for (const pipe of child.stdio) pipe?.on('error', () => {})

  // told when everything that it has written was read
  child.once('close', (code, signal) => {
    isKilled = true
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    const end = `the SQLite process ended ${isReady ? how : `at its start ${how}`}`
    const detail = stderr.trim()
    events.ended(detail === '' ? end : `${end}: ${detail}`)
  })

  function flush(): void {
    isFlushPlanned = false
    const bytes = writer.take()
    if (!isKilled) socket.write(bytes)
  }

  /** `place` tells the statements of one request apart. */
  function slotFor(text: string, place = 0): number {
    const { slot: kept, isNew } = slots.take(text)
    const slot = kept === onceSlot ? kept + place : kept
    if (isNew) writeRegister(writer, slot, text)
    return slot
  }

  return {
    id: String(child.pid ?? 'none'),
    send(id, request) {
      if (!isFlushPlanned) setImmediate(flush)
      isFlushPlanned = true
      if (hasFetched) writeFetched(writer)
      hasFetched = false
      if (request.op === 'read') {
        const { sql, params, epoch, stamp } = request
        const before = request.before.map((statement, at) => {
          return { slot: slotFor(statement.sql, at + 1), params: statement.params }
        })
        writeRequest(writer, id, { op: 'read', slot: slotFor(sql), params, before, epoch, stamp })
      } else if (request.op === 'write') {
        const { program, ...write } = request
        writeRequest(writer, id, { ...write, slot: slotFor(program) })
      } else {
        writeRequest(writer, id, request)
      }
    },
    demote() {
      if (child.pid === undefined) return false
      try {
        setPriority(child.pid, demotedPriority)
        return true
      } catch {
        return false
      }
    },
    kill,
  }
}

/** Below everything that serves, above what only runs on an idle machine. */
const demotedPriority = Math.round(
  (constants.priority.PRIORITY_BELOW_NORMAL + constants.priority.PRIORITY_LOW) / 2,
)

function childArguments(
  { kind, path, foreignKeys }: SqliteTask,
  hasFile: boolean,
): readonly string[] {
  return [kind, path, ...(foreignKeys ? [] : [noForeignKeys]), ...(hasFile ? [hasAnswerFile] : [])]
}

function socketOf(child: ChildProcess): Duplex {
  const socket = child.stdio[childDescriptors.frames]
  if (!(socket instanceof Duplex)) throw new Error('a SQLite process without its socket')
  return socket
}
