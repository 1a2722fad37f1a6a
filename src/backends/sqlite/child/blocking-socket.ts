/**
 * A SQLite process's end of its socket, read and written without the event loop: blocking is what
 * the process is for, and an answer is out before the next query begins.
 */
import { readSync, writeSync } from 'node:fs'
import { encodeReply, type ReplyFrame } from '../wire/reply-frames.ts'

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
}

export function createBlockingSocket(descriptor: number): BlockingSocket {
  const incoming = Buffer.allocUnsafeSlow(readBytes)
  const outgoing = Buffer.allocUnsafeSlow(copiedBodyBytes + 1024)

  let uncollectedBytes = 0

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
    send(frame) {
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
