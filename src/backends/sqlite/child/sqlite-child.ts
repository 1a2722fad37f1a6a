/**
 * Entry of a SQLite process: reads frames from its socket, runs them one after the other, answers
 * each as soon as it is done. A query inside SQLite cannot be interrupted, so the server ends one by
 * killing this process. Everything here blocks, on purpose: the event loop is never entered, and
 * what needs it (timers, promises, streams) does not work.
 *
 * Started with `read` or `write` and the database file's absolute path. Ends with its socket; a thread
 * watches another one, so that it ends with the server even in mid-query.
 */
import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { byteLength } from '../../../core/http-exchange.ts'
import { childDescriptors, hasAnswerFile, noForeignKeys } from '../wire/child-descriptors.ts'
import { readRequest } from '../wire/request-frames.ts'
import { createFrameReader } from '../wire/sqlite-frame-reader.ts'
import { createBlockingSocket } from './blocking-socket.ts'
import { createSqliteConnection } from './sqlite-connection.ts'
import { createSqliteWriter } from './sqlite-writer.ts'
import { WritableDatabase } from './writable-database.ts'

const watch = `
  const bytes = Buffer.alloc(1)
  try { while (require('node:fs').readSync(${childDescriptors.lifeline}, bytes) > 0); } catch {}
  process.kill(process.pid, 'SIGKILL')
`

function ignoreSignals(): void {
  // a terminal or a service manager signals the whole group; the server decides when we end
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => {})
  }
}

/** Beyond what the socket's buffer surely takes. */
const largeBodyBytes = 64 * 1024

function serveReads(path: string, hasFile: boolean): void {
  const connection = createSqliteConnection(path)
  const answers = hasFile ? childDescriptors.answers : null
  const socket = createBlockingSocket(childDescriptors.frames, answers)
  const frames = createFrameReader()
  socket.send({ id: 0, micros: 0, reply: { kind: 'ready' } })
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
    for (const { head: bytes } of frames.push(chunk)) {
      const frame = readRequest(bytes)
      if (frame.op === 'register') {
        connection.register(frame.slot, frame.sql)
        continue
      }
      if (frame.op === 'fetched') {
        socket.fetched()
        continue
      }
      const done = connection.run(frame.request)
      // a large answer waits until the server reads it, and no lock on the file is held meanwhile
      if (done.reply.kind === 'rows' && byteLength(done.reply.body) > largeBodyBytes) {
        connection.endBatch()
      }
      socket.send({ id: frame.id, ...done })
    }
    connection.endBatch()
  }
}

/** Writes wait for the frame that ends their batch, which may arrive in pieces. */
function serveWrites(path: string, foreignKeys: boolean): void {
  const socket = createBlockingSocket(childDescriptors.frames, null)
  const writer = createSqliteWriter({
    path,
    open: (file, state) => new WritableDatabase(file, state, foreignKeys),
    send: (id, reply) => socket.send({ id, micros: 0, reply }),
  })
  const frames = createFrameReader()
  socket.send({ id: 0, micros: 0, reply: { kind: 'ready' } })
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
    for (const { head: bytes } of frames.push(chunk)) {
      // the next chunk takes the memory of this one
      const frame = readRequest(Buffer.from(bytes))
      if (frame.op === 'register') {
        writer.register(frame.slot, frame.sql)
      } else if (frame.op === 'fetched') {
        throw new Error('a process that writes lays nothing down')
      } else if (frame.request.op === 'write') {
        writer.add(frame.id, frame.request)
      } else {
        writer.commit()
      }
    }
  }
}

ignoreSignals()
new Worker(watch, {
  eval: true,
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
}).unref()
try {
  const [, , task, path = '', ...options] = process.argv
  if (task === 'write') serveWrites(path, !options.includes(noForeignKeys))
  else serveReads(path, options.includes(hasAnswerFile))
} catch (error) {
  writeSync(process.stderr.fd, error instanceof Error ? (error.stack ?? '') : String(error))
}
// an orderly exit would wait for the thread, which waits for the server
process.kill(process.pid, 'SIGKILL')
