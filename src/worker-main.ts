/**
 * Entry of a process that answers requests for a primary (`server-workers`), which starts it and tells
 * it over its channel all that it needs: nothing is read from arguments.
 *
 * When the primary has gone it ends, and finishes what it has in hand; on a signal of its own it does
 * the same, and another one takes its place. Reloads are the primary's, so that the signals for them do
 * nothing here.
 */
import { Socket } from 'node:net'
import { drainMs } from './compose-api.ts'
import { composeWorker, type Worker } from './compose-worker.ts'
import { failureStack } from './core/failure-text.ts'
import { type FromWorker, isToWorker } from './workers/worker-messages.ts'

/** Milliseconds until one that did not arrive is refused: what it failed for may last. */
const lostConnectionPauseMs = 100

let worker: Worker | null = null
let lastConnection = 0
let isLeaving = false

// before anything else: they would open Node's inspector, or end the process
for (const name of ['SIGUSR1', 'SIGUSR2'] as const) process.on(name, () => undefined)
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, leave)
process.on('disconnect', () => stop(drainMs))
// a reader of our output that has gone is no reason to stop serving
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(name, (failure: unknown) => {
    const stack = failureStack(failure)
    if (worker === null) {
      process.stderr.write(`${stack}\n`)
      process.exit(1)
    }
    worker.observe({ kind: 'crashed', stack })
  })
}
process.on('message', (message: unknown, handle: unknown) => {
  if (!isToWorker(message)) return
  if (message.kind === 'begin') {
    worker ??= composeWorker(message, {
      env: process.env,
      writeOut: (text) => process.stdout.write(text),
      writeError: (text) => process.stderr.write(text),
      send,
      onFailed: () => process.exit(1),
    })
  } else if (message.kind === 'stop') {
    stop(message.deadlineMs)
  } else if (message.kind === 'ping') {
    void send({ kind: 'pong' })
  } else if (message.kind === 'connection') {
    lastConnection = message.id
    // the client of one that is none may have gone meanwhile
    if (handle instanceof Socket) worker?.connect(message.id, handle)
    else void send({ kind: 'took', id: message.id })
  } else if (message.kind === 'connection-sent') {
    const { id } = message
    if (lastConnection === id) return
    setTimeout(() => void send({ kind: 'refused', id }), lostConnectionPauseMs)
  } else {
    worker?.take(message)
  }
})
void send({ kind: 'up' })

/** A signal to all processes of a service is for the primary, which hands out connections for a while. */
function leave(): void {
  const delayMs = isLeaving ? 0 : (worker?.leaveMs() ?? 0)
  isLeaving = true
  if (delayMs === 0) stop(drainMs)
  else setTimeout(() => stop(drainMs), delayMs)
}

/** Repeated signals change nothing: that what is left is to be cut, the primary says. */
function stop(deadlineMs: number): void {
  if (worker === null) process.exit(0)
  worker.stop(deadlineMs).then(
    () => process.exit(0),
    (failure: unknown) => {
      worker?.observe({ kind: 'stopping-failed', cause: String(failure) })
      process.exit(1)
    },
  )
}

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
