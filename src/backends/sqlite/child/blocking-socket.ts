/**
 * A SQLite process's end of its socket, read and written without the event loop: blocking is what
 * the process is for, and an answer is out before the next query begins. A large one is laid down
 * in a file of which the server is told, where there is one and the last was fetched.
 */
import { ftruncateSync, readSync, writeSync } from 'node:fs'
import { toBuffer } from '../../../core/http-exchange.ts'
import { mostLaidDownBytes } from '../wire/child-descriptors.ts'
import { encodeLaidDown, encodeReply, type ReplyFrame } from '../wire/reply-frames.ts'

/** Bodies up to this size are copied behind their head, so that one call sends both. */
const copiedBodyBytes = 64 * 1024
const readBytes = 64 * 1024
/** So many bytes of bodies are garbage before they are collected: left alone, V8 waits for more. */
const collectEveryBytes = 8 * 1024 * 1024

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Some systems hand over a socket that does not block. */
function retryWhileBusy(act: () => number): number {
  for (;;) {
    try {
      return act()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      // Windows tells the end as an error
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}

export interface BlockingSocket {
  /** Waits for the next bytes; null at the end. The memory is used again by the next call. */
  read(): Buffer | null
  /** Returns when all of it is on its way. */
  send(frame: ReplyFrame): void
  /** What was laid down was read: there is room for the next. */
  fetched(): void
}

/**
 * False where the system has no memory for it: nothing is fetched then, and no other is laid down. What
 * there was of it is given back, since others may share the file system.
 */
function wroteAll(answers: number, body: Uint8Array): boolean {
  let written = 0
  try {
    written = writeSync(answers, body, 0, body.length, 0)
  } catch {
    // as a short write
  }
  if (written < body.length) ftruncateSync(answers, 0)
  return written === body.length
}

/** `answers`: the file in which large answers are laid down; null: there is none. */
export function createBlockingSocket(descriptor: number, answers: number | null): BlockingSocket {
  const incoming = Buffer.allocUnsafeSlow(readBytes)
  const outgoing = Buffer.allocUnsafeSlow(copiedBodyBytes + 1024)

  let uncollectedBytes = 0
  let hasRoom = answers !== null

  /** False where it has to go through the socket. */
  function layDown(frame: ReplyFrame): boolean {
    const { reply } = frame
    if (answers === null || !hasRoom || reply.kind !== 'rows') return false
    const body = toBuffer(reply.body)
    if (body.length <= copiedBodyBytes || body.length > mostLaidDownBytes) return false
    hasRoom = false
    if (!wroteAll(answers, body)) return false
    const head = encodeLaidDown({ ...frame, reply })
    write(head, head.length)
    collectAfter(body.length)
    return true
  }

  function write(bytes: Uint8Array, length: number): void {
    for (let at = 0; at < length; ) {
      at += retryWhileBusy(() => writeSync(descriptor, bytes, at, length - at))
    }
  }

  function collectAfter(bytes: number): void {
    uncollectedBytes += bytes
    if (uncollectedBytes < collectEveryBytes) return
    uncollectedBytes = 0
    globalThis.gc?.({ type: 'minor' })
  }

  return {
    read() {
      const count = retryWhileBusy(() => readSync(descriptor, incoming))
      return count === 0 ? null : incoming.subarray(0, count)
    },
    fetched() {
      hasRoom = true
    },
    send(frame) {
      if (layDown(frame)) return
      const [head, body] = encodeReply(frame)
      outgoing.set(head, 0)
      if (body.length <= copiedBodyBytes) {
        outgoing.set(body, head.length)
        write(outgoing, head.length + body.length)
      } else {
        write(head, head.length)
        write(body, body.length)
        collectAfter(body.length)
      }
    },
  }
}
