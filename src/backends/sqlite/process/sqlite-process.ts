/**
 * One SQLite process as the server sees it: started, asked one thing at a time, killed. Whoever
 * holds it decides when to give up on an answer; killing is the only way to end a query.
 *
 * Modes   starting → idle ⇄ busy; each → ended, which is final
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createSqliteFrameReader, encodeFrame } from '../wire/sqlite-frames.ts'
import { type ChildReply, type ChildRequest, childPipes } from '../wire/sqlite-messages.ts'

export interface ProcessReply {
  readonly reply: ChildReply
  readonly body: Uint8Array
}

/** The process is gone; what it was asked has no answer. */
export class ProcessEnded extends Error {
  constructor(cause: string) {
    super(cause)
    this.name = 'ProcessEnded'
  }
}

export interface SqliteProcess {
  /** The process id, for the log. */
  readonly id: string
  readonly hasEnded: boolean
  /** Rejects with ProcessEnded when it ends before it could be asked anything. */
  readonly ready: Promise<void>
  /** Resolves with the reason once the process is gone. */
  readonly ended: Promise<string>
  /** Rejects with ProcessEnded. Not to be called before the last answer is there. */
  ask(request: ChildRequest): Promise<ProcessReply>
  /** Lets others have the processor first, for good. False where that is not possible. */
  demote(): boolean
  /** What was asked rejects at once; `ended` tells when the process is gone. */
  kill(): void
}

interface Pending {
  readonly resolve: (reply: ProcessReply) => void
  readonly reject: (cause: ProcessEnded) => void
}

const keptStderrChars = 2000

/** Errors  a process that cannot be started has ended */
export function startSqliteProcess(path: string): SqliteProcess {
  try {
    const child = spawn(process.execPath, [childEntry(), path], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    return watchProcess(
      child,
      pipeOf(child, childPipes.requests),
      pipeOf(child, childPipes.replies),
    )
  } catch (error) {
    // out of file descriptors or of memory
    return endedProcess(`the SQLite process could not be started: ${String(error)}`)
  }
}

function endedProcess(cause: string): SqliteProcess {
  const ready = Promise.reject(new ProcessEnded(cause))
  ready.catch(() => undefined)
  return {
    id: 'none',
    hasEnded: true,
    ready,
    ended: Promise.resolve(cause),
    ask: () => Promise.reject(new ProcessEnded(cause)),
    demote: () => false,
    kill: () => {},
  }
}

function watchProcess(child: ChildProcess, requests: Duplex, replies: Duplex): SqliteProcess {
  const frames = createSqliteFrameReader()
  let pending: Pending | null = null
  let isReady = false
  let stderr = ''
  let end: string | null = null

  const ready = new Promise<ProcessReply>((resolve, reject) => {
    pending = { resolve, reject }
  }).then(() => {
    isReady = true
  })
  ready.catch(() => undefined)

  let settleEnded: (cause: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    settleEnded = resolve
  })

  function finish(cause: string): void {
    if (end !== null) return
    const detail = stderr.trim()
    end = detail === '' ? cause : `${cause}: ${detail}`
    pending?.reject(new ProcessEnded(end))
    pending = null
  }

  replies.on('data', (chunk: Buffer) => {
    for (const { head, body } of frames.push(chunk)) {
      const asked = pending
      pending = null
      // our own code is on the other end
      asked?.resolve({ reply: head as ChildReply, body })
    }
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-keptStderrChars)
  })
  // a pipe may break before the exit is told: `close` says why
  for (const pipe of child.stdio) pipe?.on('error', () => {})
  const close = (cause: string) => {
    finish(cause)
    settleEnded(end ?? cause)
  }
  child.once('error', (error) => close(`the SQLite process could not be run: ${error.message}`))
  const howItEnded = (code: number | null, signal: string | null) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    return `the SQLite process ended ${isReady ? how : `at its start ${how}`}`
  }
  // an answer may still be on its way when the process is gone
  child.once('exit', (code, signal) => {
    if (pending === null) finish(howItEnded(code, signal))
  })
  child.once('close', (code, signal) => close(howItEnded(code, signal)))

  return {
    id: String(child.pid ?? 'none'),
    get hasEnded() {
      return end !== null
    },
    ready,
    ended,
    ask(request) {
      if (end !== null) return Promise.reject(new ProcessEnded(end))
      if (pending !== null) throw new Error('a SQLite process was asked two things at once')
      return new Promise((resolve, reject) => {
        pending = { resolve, reject }
        requests.write(encodeFrame(request))
      })
    },
    demote() {
      if (end !== null || child.pid === undefined) return false
      try {
        setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
        return true
      } catch {
        return false
      }
    },
    kill() {
      child.kill('SIGKILL')
      finish('the SQLite process was killed')
    },
  }
}

function pipeOf(child: ChildProcess, descriptor: number): Duplex {
  const pipe = child.stdio[descriptor]
  if (!(pipe instanceof Duplex)) throw new Error('a SQLite process without its pipes')
  return pipe
}

/** Tests run the sources; a process needs what `npm run build` made of them. */
function childEntry(): string {
  const beside = fileURLToPath(new URL('../child/sqlite-child.js', import.meta.url))
  const built = new URL('../../../../dist/backends/sqlite/child/sqlite-child.js', import.meta.url)
  return existsSync(beside) ? beside : fileURLToPath(built)
}
