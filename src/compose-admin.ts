/**
 * Wires the admin app to what it tells of: the part of the composition root for operators.
 */
import { randomBytes } from 'node:crypto'
import { type AdminDeps, createAdminApp } from './admin/admin-app.ts'
import { createEventStreams } from './admin/event-stream.ts'
import { isLoopbackHost } from './admin/loopback-host.ts'
import { createDatabaseProbe } from './admin/probe-database.ts'
import type { Backend } from './backends/backend.ts'
import type { ReloadPipeline } from './cache/reload-pipeline.ts'
import type { Config } from './config/config.ts'
import type { EventFeed } from './observe/event-feed.ts'
import type { ServerFigures } from './observe/server-figures.ts'
import type { FleetRoster } from './sources/fleet-roster.ts'
import { isFeedUp, type SourceHealth } from './sources/source-health.ts'

export interface ComposeAdminDeps {
  readonly database: Pick<Backend, 'feed' | 'ping' | 'markStatus'>
  readonly pipeline: ReloadPipeline
  readonly health: Pick<SourceHealth, 'list'>
  readonly fleetRoster: Pick<FleetRoster, 'status'>
  readonly config: () => Config
  readonly unboundPolicies: AdminDeps['unboundPolicies']
  readonly reloads: AdminDeps['reloads']
  readonly events: EventFeed
  readonly figures: () => Promise<ServerFigures>
  readonly metricsText: () => Promise<string>
  /** Whether the API's socket stands. */
  readonly apiIsAlive: () => boolean
  readonly isLeaving: AdminDeps['isLeaving']
  readonly workers: AdminDeps['workers']
}

export interface AdminSite {
  readonly app: ReturnType<typeof createAdminApp>
  /** Ends what has no end of its own, so that a stop does not wait for it. */
  readonly endStreams: () => void
}

export function composeAdmin(deps: ComposeAdminDeps): AdminSite {
  const { database, pipeline, health, config, metricsText, apiIsAlive } = deps
  const now = () => performance.now()
  const { adminServerUnixSocket, adminServerHost } = config()
  const { feed } = database
  const databaseAnswers = createDatabaseProbe({ ping: database.ping, now })
  /** What the feed says of the database that requests reach; null: nothing. */
  const vouches = () => (feed.kind === 'push' && feed.hasOwnWay ? null : isFeedUp(feed, health))
  const events = createEventStreams({
    feed: deps.events,
    incarnation: randomBytes(6).toString('hex'),
    figures: deps.figures,
    repeat(work, intervalMs) {
      const timer = setInterval(work, intervalMs)
      return () => clearInterval(timer)
    },
    later: (work, delayMs) => setTimeout(work, delayMs).unref(),
    now,
  })
  const app = createAdminApp({
    token: () => config().adminServerToken,
    isOnLoopback: adminServerUnixSocket === null && isLoopbackHost(adminServerHost),
    cacheState: pipeline.state,
    apiIsAlive,
    isLeaving: deps.isLeaving,
    workers: deps.workers,
    databaseIsReachable: async () => vouches() ?? databaseAnswers(),
    databaseAnswers,
    sources: health.list,
    others: () => {
      const mark = database.markStatus?.() ?? null
      return {
        fleet: feed.kind === 'push' && feed.peers !== null ? deps.fleetRoster.status() : null,
        schemaMark: mark === null ? null : { ...mark, isNeeded: config().dbSchemaStrict },
      }
    },
    lastReload: pipeline.lastReload,
    reloads: deps.reloads,
    events,
    hasDashboard: () => config().adminDashboard,
    unboundPolicies: deps.unboundPolicies,
    metricsText,
    tellFleet: async (scope) => {
      if (feed.kind === 'poll' || feed.peers === null || feed.channel(config()) === null)
        return false
      await feed.peers.tell({ kind: 'reload', scope })
      return true
    },
    requestReload: (scope, depth) => pipeline.requestReload({ scope, depth, origin: 'admin' }),
  })
  return { app, endStreams: events.close }
}
