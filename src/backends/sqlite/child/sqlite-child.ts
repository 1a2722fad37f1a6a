/**
 * Entry of a SQLite process: reads requests from one pipe, runs them one after the other, writes
 * the replies to another. A query inside SQLite cannot be interrupted, so the server ends one by
 * killing this process. Everything here blocks, on purpose: there is nothing else to do. That is
 * why the pipes are not stdin and stdout, which Node may set to non-blocking.
 *
 * Started with the database file's absolute path as its only argument. Ends when the pipe of
 * requests does; a thread watches the third pipe, so that the process ends with the server even in
 * mid-query.
 */
import { readSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { createSqliteFrameReader, encodeFrame } from '../wire/sqlite-frames.ts'
import { type ChildReply, type ChildRequest, childPipes } from '../wire/sqlite-messages.ts'
import { createSqliteConnection } from './sqlite-connection.ts'

const readBytes = 64 * 1024

const watch = `
  const bytes = Buffer.alloc(1)
  try { while (require('node:fs').readSync(${childPipes.lifeline}, bytes) > 0); } catch {}
  process.kill(process.pid, 'SIGKILL')
`

function ignoreSignals(): void {
  // a terminal or a service manager signals the whole group; the server decides when we end
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => {})
  }
}

function write(bytes: Uint8Array): void {
  let at = 0
  while (at < bytes.length) at += writeSync(childPipes.replies, bytes, at)
}

function send(reply: ChildReply, body: Uint8Array): void {
  write(encodeFrame(reply, body.length))
  if (body.length > 0) write(body)
}

function serve(path: string): void {
  const connection = createSqliteConnection(path)
  const frames = createSqliteFrameReader()
  const buffer = Buffer.allocUnsafe(readBytes)
  send({ kind: 'ready' }, new Uint8Array())
  for (;;) {
    const count = readSync(childPipes.requests, buffer)
    if (count === 0) return
    for (const frame of frames.push(Buffer.from(buffer.subarray(0, count)))) {
      // our own server is on the other end
      const { reply, body } = connection.run(frame.head as ChildRequest)
      send(reply, body)
    }
  }
}

ignoreSignals()
new Worker(watch, {
  eval: true,
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
}).unref()
try {
  serve(process.argv[2] ?? '')
} catch (error) {
  writeSync(process.stderr.fd, error instanceof Error ? (error.stack ?? '') : String(error))
}
// an orderly exit would wait for the thread, which waits for the server
process.kill(process.pid, 'SIGKILL')
