/**
 * The composition root: builds, starts and stops everything, in one visible order. Functions get
 * what they need as parameters; nothing here decides anything of its own.
 *
 * Start  log → backend → pipeline → admin socket → connect → listen → one load → API socket
 * Stop   probes say no for `shutdown-delay` → the API drains → sources and pipeline → the admin server drains → backend
 *
 * With `server-workers` what the API's socket accepts is answered by other processes, which are started
 * and ended in the same places; everything else is as it is without.
 */
import { availableParallelism } from 'node:os'
import { filter, firstValueFrom } from 'rxjs'
import { type AdminSite, composeAdmin } from './compose-admin.ts'
import { composeApi, drainMs } from './compose-api.ts'
import { composeFollower, type FollowerDeps } from './compose-follower.ts'
import { composeWorkers, type WorkersSite } from './compose-workers.ts'
import { productName, productVersion } from './core/product.ts'
import { timerMs } from './core/timer-ms.ts'
import type { Observe } from './observe/observation.ts'
import { type ServedUrls, servedUrls } from './served-urls.ts'
import { appListener } from './sockets/app-listener.ts'
import { adminAddress, apiAddress } from './sockets/bind-addresses.ts'
import { type BoundServer, bindServer } from './sockets/bind-server.ts'
import { fetchListener } from './sockets/fetch-listener.ts'
import { reusePortProblem } from './sockets/listen-at.ts'
import { workerCount } from './workers/worker-count.ts'

export interface Server {
  readonly observe: Observe
  /** Resolves once the API answers, with data or with 503. Rejects when a socket cannot be bound. */
  start(): Promise<void>
  /** Drains and closes everything; a second call cuts what is left at once. */
  stop(): Promise<void>
  /** Where it serves; null before. */
  urls(): ServedUrls | null
}

export function composeServer(deps: FollowerDeps): Server {
  const count = workerCount(deps.loaded.config, availableParallelism())
  let workers: WorkersSite | null = null
  let adminSite: AdminSite | null = null
  let admin: BoundServer | null = null
  let api: BoundServer | null = null
  let adminDrained: Promise<void> | undefined
  let stopping: Promise<void> | null = null
  let endDelay = (): void => undefined
  const follower = composeFollower(deps, count > 1 ? { count, site: () => workers } : undefined)
  const { config, observe, scope } = follower

  async function start(): Promise<void> {
    const problem = config().serverReuseport ? reusePortProblem(process.versions.node) : null
    if (problem !== null) throw new Error(problem)
    observe({ kind: 'starting', product: productName, productVersion })
    const followed = await follower.open(() => adminDrained)
    const { pipeline } = followed
    if (count > 1) {
      workers = composeWorkers({ ...follower, ...followed, count, onFatal: deps.onFatal })
    }

    adminSite = composeAdmin({
      ...follower,
      ...followed,
      apiIsAlive: () => api?.isAlive() ?? false,
      isLeaving: () => stopping !== null,
      workers: () => workers?.list() ?? null,
    })
    const adminAt = adminAddress(config())
    if (adminAt !== null) {
      admin = await bindServer(fetchListener(adminSite.app.fetch), adminAt)
      observe({ kind: 'admin-listening', address: admin.address })
    }

    await pipeline.start()
    if (config().serverReuseport) {
      await firstValueFrom(pipeline.cacheState$.pipe(filter(({ kind }) => kind === 'ready')))
    }
    if (stopping !== null) return
    api =
      workers === null
        ? await bindServer(
            appListener(composeApi({ ...follower, ...followed })),
            apiAddress(config()),
          )
        : await workers.listen()
    observe({ kind: 'api-listening', address: api.address })
  }

  function drain(deadlineMs: number): Promise<void> {
    adminSite?.endStreams()
    adminDrained = admin?.close(deadlineMs)
    return api?.close(deadlineMs) ?? Promise.resolve()
  }

  /** The API goes on meanwhile; a server that does not serve yet has nobody to wait for. */
  function leave(seconds: number): Promise<void> {
    observe({ kind: 'leaving', seconds })
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timerMs(seconds * 1000))
      endDelay = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    observe,
    start,
    urls: () => api && servedUrls(api.address, admin?.address ?? null, config()),
    stop() {
      if (stopping === null) {
        const seconds = api === null ? 0 : config().shutdownDelay
        const drained = seconds === 0 ? drain(drainMs) : leave(seconds).then(() => drain(drainMs))
        stopping = drained.then(() => scope.close())
      } else {
        endDelay()
        // after what follows the delay
        setImmediate(() => void drain(0))
      }
      return stopping
    },
  }
}
