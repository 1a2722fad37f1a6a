/**
 * The composition root of a worker: a backend for requests and connections of clients. What it plans
 * requests on comes from the primary, and so does every word of when to begin and to end.
 *
 * Start  `begin` → log → backend → `ready` → the generation in use → `listen` → connections
 * Stop   the API drains → backend
 */
import type { Socket } from 'node:net'
import { createAccessControl } from './access/access-control.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import { composeApi } from './compose-api.ts'
import type { Config } from './config/config.ts'
import { assertNever } from './core/assert-never.ts'
import { eventLoopSlices } from './core/event-loop-slices.ts'
import { failureStack, failureText } from './core/failure-text.ts'
import { createScope } from './core/scope.ts'
import { timerMs } from './core/timer-ms.ts'
import { createFailureEnd } from './end-on-failure.ts'
import { createSinks } from './observe/create-sinks.ts'
import type { Observe } from './observe/observation.ts'
import { appListener } from './sockets/app-listener.ts'
import { type ConnectionServer, serveConnections } from './sockets/serve-connections.ts'
import { askPrimary } from './workers/ask-primary.ts'
import { createGenerationFollower } from './workers/follow-generations.ts'
import { spendAtPrimary } from './workers/spend-at-primary.ts'
import { poolShare } from './workers/worker-count.ts'
import type { FromWorker, ToWorker } from './workers/worker-messages.ts'

export interface WorkerDeps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  /** Resolves when the message was handed over, or cannot be. Never rejects. */
  readonly send: (message: FromWorker) => Promise<void>
  /** Called when this process cannot go on, and was told why: another one takes its place. */
  readonly onFailed: () => void
}

export interface Worker {
  readonly observe: Observe
  /** To be called with what the primary says after `begin`, in order. Never throws. */
  take(message: Said): void
  /** To be called at once, before anything of the connection is read. */
  connect(id: number, connection: Socket): void
  /** Milliseconds between a signal and the stop. */
  leaveMs(): number
  /** Drains and closes everything; a deadline of 0 cuts what is left. */
  stop(deadlineMs: number): Promise<void>
}

export type Said = Exclude<
  ToWorker,
  { readonly kind: 'begin' | 'stop' | 'ping' | 'connection' | 'connection-sent' }
>

type Begin = Extract<ToWorker, { readonly kind: 'begin' }>

function withPoolShare(config: Config, worker: number, workers: number): Config {
  return Object.freeze({ ...config, dbPool: poolShare(config.dbPool, worker, workers) })
}

export function composeWorker({ worker, workers, ...begin }: Begin, deps: WorkerDeps): Worker {
  const send = (message: FromWorker): void => void deps.send(message)
  const scope = createScope()
  const ownConfig = (config: Config): Config => withPoolShare(config, worker, workers)
  const store = createGenerationStore({ config: ownConfig(begin.config), snapshot: null })
  const config = () => store.current().config
  let database: Backend | null = null
  let api: ConnectionServer | null = null
  let stopping: Promise<void> | null = null
  let isBehind = false

  const { observe, metricFamilies } = createSinks({
    ...deps,
    worker,
    level: () => config().logLevel,
    format: config().logFormat,
    poolStats: () =>
      database?.poolStats() ?? { max: config().dbPool, available: 0, used: 0, waiting: 0 },
    sources: () => [],
  })
  const findRules = createAccessControl((...rule) => database?.ruleProblem(...rule) ?? null)
  const { onUntoldFailure } = createFailureEnd({
    config,
    observe,
    onFatal: () => send({ kind: 'fatal' }),
  })
  const { checkSchema, answered } = askPrimary({
    send,
    currentSnapshot: () => store.current().snapshot,
  })
  const tokens = spendAtPrimary({ send })
  const opened = open()
  /** What the primary says is done one after the other. */
  let done = opened.then(() => send({ kind: 'ready' })).catch(fail)

  async function open(): Promise<Backend> {
    const backend = await openBackend({
      config,
      env: deps.env,
      observe,
      onUnreachable: (failure) => {
        if (onUntoldFailure(failure) === 'retry') send({ kind: 'lost' })
      },
      onConnected: () => send({ kind: 'alive' }),
    })
    database = backend
    scope.add(() => backend.close())
    return backend
  }

  const follower = createGenerationFollower({
    store,
    adoptFacts: async (...load) => (await opened).adoptFacts(...load),
    ownConfig,
    slices: eventLoopSlices,
  })

  async function follow(message: Parameters<typeof follower.take>[0]): Promise<void> {
    const isWhole = message.kind === 'generation' && message.follows === null
    const followed = await follower.take(message).catch((failure: unknown) => {
      // what it cannot build from all of it, another process in its place may
      if (isWhole) throw failure
      observe({ kind: 'crashed', stack: failureStack(failure) })
      return 'behind' as const
    })
    if (followed === 'more') return
    const wasBehind = isBehind
    isBehind = followed === 'behind'
    if (followed !== 'behind') send({ kind: 'at', number: followed.number })
    else if (!wasBehind) send({ kind: 'behind' })
  }

  async function listen(): Promise<void> {
    if (stopping !== null || api !== null) return
    const requests = composeApi({
      database: await opened,
      store,
      findRules,
      checkSchema,
      askForToken: tokens.ask,
      observe,
    })
    api = serveConnections(appListener(requests))
    send({ kind: 'listening' })
  }

  async function act(message: Said): Promise<void> {
    switch (message.kind) {
      case 'piece':
      case 'generation':
        return follow(message)
      case 'proof-basis':
        if (message.basis !== null) (await opened).proofBasis?.adopt(message.basis)
        return
      case 'recycle':
        return void (await opened).recycle(message.outlived)
      case 'listen':
        return listen()
      case 'checked':
        return answered(message.id, message.outcome)
      case 'spent':
        return tokens.spent(message.id, message.allowances)
      case 'count':
        return send({ kind: 'counted', id: message.id, families: await metricFamilies() })
      default:
        return assertNever(message)
    }
  }

  async function fail(failure: unknown): Promise<void> {
    await deps.send({ kind: 'failed', message: failureText(failure) })
    deps.onFailed()
  }

  function stop(deadlineMs: number): Promise<void> {
    if (stopping === null) send({ kind: 'leaving' })
    const apiDrained = api?.close(deadlineMs) ?? Promise.resolve()
    stopping ??= apiDrained.then(tellLastCounts).then(() => scope.close())
    return stopping
  }

  /** What was counted since the primary asked last is lost with this process otherwise. */
  async function tellLastCounts(): Promise<void> {
    try {
      await deps.send({ kind: 'counted', id: null, families: await metricFamilies() })
    } catch (failure) {
      observe({ kind: 'crashed', stack: failureStack(failure) })
    }
  }

  return {
    observe,
    take(message) {
      // metrics and what clients may ask for need not wait for a large generation
      if (message.kind === 'count' || message.kind === 'spent') act(message).catch(fail)
      else done = done.then(() => act(message)).catch(fail)
    },
    connect(id, connection) {
      if (api === null || stopping !== null) {
        send({ kind: 'refused', id })
        connection.destroy()
      } else {
        send({ kind: 'took', id })
        api.take(connection)
      }
    },
    leaveMs: () => timerMs(config().shutdownDelay * 1000),
    stop,
  }
}
