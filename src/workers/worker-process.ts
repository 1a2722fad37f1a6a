/**
 * A worker as a process of its own. It is told over its channel what it needs, and no argument of ours is
 * repeated to it; the connections that it answers on are handed to it over the same channel.
 *
 * Node's `cluster` would do that as well, but a connection that it is handing over when a worker is
 * killed stays open and is never answered.
 */
import { fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { packageFile } from '../core/package-file.ts'
import { type FromWorker, isFromWorker, type ToWorker } from './worker-messages.ts'

export interface WorkerEvents {
  readonly said: (message: FromWorker) => void
  /** Shape  `with code 1`, `by SIGKILL` */
  readonly ended: (how: string) => void
}

export interface WorkerProcess {
  readonly pid: number
  /** Resolves when there is room for more, or the worker is gone. Never rejects. */
  send(message: ToWorker): Promise<void>
  /**
   * The connection stays open here until it is closed. Resolves to false when the worker will not tell
   * what became of it, since it cannot be reached. Never rejects.
   */
  handOver(id: number, connection: Socket): Promise<boolean>
  kill(): void
}

export type StartWorker = (events: WorkerEvents) => WorkerProcess

/** Milliseconds after the exit in which the channel is read to its end. */
const lastWordsMs = 1000

/** Throws  when the system has no room for another process */
export const startWorkerProcess: StartWorker = (events) => {
  const worker = fork(packageFile('worker-main.js'), [], { serialization: 'advanced' })
  let hasEnded = false
  const end = (how: string) => {
    if (!hasEnded) events.ended(how)
    hasEnded = true
  }
  worker.on('message', (message: unknown) => {
    if (isFromWorker(message)) events.said(message)
  })
  // one that was started tells of its end by the exit
  worker.on('error', (failure) => {
    if (worker.pid === undefined) end(`before it began: ${failure.message}`)
  })
  worker.once('exit', (code, signal) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    if (!worker.connected) {
      end(how)
      return
    }
    // what it said last may not have been read yet
    worker.once('disconnect', () => end(how))
    setTimeout(() => end(how), lastWordsMs).unref()
  })
  return {
    pid: worker.pid ?? 0,
    send(message) {
      return new Promise((resolve) => {
        // a worker that has gone is told of by its `exit`
        if (!worker.connected) resolve()
        else worker.send(message, () => resolve())
      })
    },
    handOver(id, connection) {
      return new Promise((resolve) => {
        if (!worker.connected) {
          resolve(false)
          return
        }
        // a failure of this one the worker tells, when it hears of the second without the first
        worker.send({ kind: 'connection', id }, connection, { keepOpen: true }, () => undefined)
        worker.send({ kind: 'connection-sent', id }, (failure) => resolve(failure === null))
      })
    },
    kill: () => worker.kill('SIGKILL'),
  }
}
