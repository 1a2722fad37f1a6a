/**
 * The API in workers: what the primary has in place of a socket of its own. The rest of the server
 * publishes to it, and closes it like one.
 */
import type { Backend } from './backends/backend.ts'
import type { Generation, GenerationStore } from './cache/generation-store.ts'
import type { Outlived } from './cache/outlived.ts'
import type { StaleCheck } from './cache/stale-check.ts'
import { drainMs } from './compose-api.ts'
import { eventLoopSlices } from './core/event-loop-slices.ts'
import type { Scope } from './core/scope.ts'
import { createTokenBuckets } from './limits/token-buckets.ts'
import type { Observe } from './observe/observation.ts'
import { apiAddress } from './sockets/bind-addresses.ts'
import { bindConnections } from './sockets/bind-connections.ts'
import type { BoundServer } from './sockets/bind-server.ts'
import { handOutConnections } from './workers/hand-out-connections.ts'
import { createGenerationPublisher } from './workers/publish-generations.ts'
import { superviseWorkers, type Workers } from './workers/supervise-workers.ts'
import { startWorkerProcess } from './workers/worker-process.ts'

/** Milliseconds in which connections that were accepted before the end find a worker. */
const handOutLimitMs = 1000

export interface ComposeWorkersDeps {
  readonly count: number
  readonly database: Backend
  readonly store: Pick<GenerationStore, 'current'>
  readonly checkSchema: StaleCheck
  readonly onLost: () => void
  readonly onAlive: () => void
  readonly onFatal: () => void
  readonly observe: Observe
  readonly scope: Scope
}

export interface WorkersSite
  extends Pick<Workers, 'publish' | 'recycle' | 'list' | 'families' | 'spreadMs'> {
  /** Has all of them listen. Rejects when one cannot. */
  listen(): Promise<BoundServer>
}

/** Starts them: they get ready while the schema is loaded. */
export function composeWorkers({
  database,
  store,
  scope,
  ...deps
}: ComposeWorkersDeps): WorkersSite {
  const { dbPool } = store.current().config
  const handout = handOutConnections()
  if (dbPool < deps.count) deps.observe({ kind: 'pool-exceeded', dbPool, workers: deps.count })
  const spendToken = createTokenBuckets(() => performance.now())
  const workers = superviseWorkers({
    ...deps,
    spend: (key, cost) => spendToken(key, cost, store.current().config),
    start: startWorkerProcess,
    handout,
    publisher: createGenerationPublisher({
      first: store.current(),
      sendFacts: database.sendFacts,
      slices: eventLoopSlices,
    }),
    current: store.current,
    proofBasis: () => database.proofBasis?.current() ?? null,
    now: Date.now,
  })
  database.proofBasis?.onChange(() => workers.tellProofBasis())
  scope.add(() => workers.close(drainMs))
  return {
    publish: (generation: Generation) => workers.publish(generation),
    recycle: (outlived: Outlived) => workers.recycle(outlived),
    list: () => workers.list(),
    families: () => workers.families(),
    spreadMs: () => workers.spreadMs(),
    async listen() {
      await workers.listen()
      const bound = await bindConnections(handout.take, apiAddress(store.current().config))
      const listens = () => workers.list().some(({ state }) => state === 'listening')
      return {
        address: bound.address,
        isAlive: () => listens() && bound.isAlive(),
        async close(deadlineMs) {
          bound.close()
          await handout.close(Math.min(deadlineMs, handOutLimitMs))
          return workers.close(deadlineMs)
        },
      }
    },
  }
}
