/**
 * Wires the admin app to what it tells of: the part of the composition root for operators.
 */
import { type AdminDeps, createAdminApp } from './admin/admin-app.ts'
import { isLoopbackHost } from './admin/loopback-host.ts'
import { createDatabaseProbe } from './admin/probe-database.ts'
import type { Backend } from './backends/backend.ts'
import type { ReloadPipeline } from './cache/reload-pipeline.ts'
import type { Config } from './config/config.ts'
import { isFeedUp, type SourceHealth } from './sources/source-health.ts'

export interface ComposeAdminDeps {
  readonly database: Pick<Backend, 'feed' | 'ping'>
  readonly pipeline: ReloadPipeline
  readonly health: Pick<SourceHealth, 'list'>
  readonly config: () => Config
  readonly unboundPolicies: AdminDeps['unboundPolicies']
  readonly reloads: AdminDeps['reloads']
  readonly metricsText: () => Promise<string>
  /** Whether the API's socket stands. */
  readonly apiIsAlive: () => boolean
}

export function composeAdmin(deps: ComposeAdminDeps): ReturnType<typeof createAdminApp> {
  const { database, pipeline, health, config, metricsText, apiIsAlive } = deps
  const now = () => performance.now()
  const { adminServerUnixSocket, adminServerHost } = config()
  const { feed } = database
  const databaseAnswers = createDatabaseProbe({ ping: database.ping, now })
  return createAdminApp({
    token: () => config().adminServerToken,
    isOnLoopback: adminServerUnixSocket === null && isLoopbackHost(adminServerHost),
    cacheState: pipeline.state,
    apiIsAlive,
    databaseIsReachable: async () => isFeedUp(feed, health) ?? databaseAnswers(),
    databaseAnswers,
    sources: health.list,
    lastReload: pipeline.lastReload,
    reloads: deps.reloads,
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
}
