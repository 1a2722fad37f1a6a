/**
 * The API over a PostgreSQL database of a test's own, without a socket: the counterpart of
 * `serveSqlite` where two engines are asked the same.
 */
import { createAccessControl } from '../../src/access/access-control.ts'
import { createPlanCache } from '../../src/access/plan-cache.ts'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import { openPostgres } from '../../src/backends/postgres/open-postgres.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { createApp } from '../../src/http/app.ts'
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../src/schema/schema-options.ts'
import { fetchApp } from './fetch-app.ts'
import type { Reply } from './in-process-api.ts'
import { createTestDatabase } from './shared-cluster.ts'
import { observeTraced, traceResponse } from './trace-in-process.ts'

export interface PostgresApi {
  ask(target: string, init?: RequestInit): Promise<Pick<Reply, 'status' | 'headers' | 'text'>>
  /** Runs SQL as the superuser, on a connection of its own. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

/** Served as the superuser, with aggregates. */
export async function servePostgres(
  sql: string,
  options: Partial<Config> = {},
): Promise<PostgresApi> {
  const database = await createTestDatabase(sql)
  const config = {
    ...defaultConfig('postgres'),
    dbUri: database.uri(),
    dbAnonRole: 'postgres',
    dbAggregatesEnabled: true,
    ...options,
  }
  const backend = openPostgres({
    onUnreachable: () => undefined,
    onConnected: () => undefined,
    config: () => config,
    env: {},
    observe: observeTraced,
  })
  const wanted = schemaOptions(config)
  const { signal } = new AbortController()
  const catalog = await backend.introspect({
    options: wanted,
    previous: null,
    depth: 'full',
    signal,
  })
  const snapshot = buildSnapshot(catalog, wanted, 1, new Date())
  const app = createApp({
    currentGeneration: () => ({ config, snapshot }),
    backend,
    authenticator: createAuthenticator({ observe: observeTraced }),
    planCache: createPlanCache(100, createAccessControl()),
    checkSchema: () => Promise.resolve('unchanged'),
    observe: observeTraced,
    now: () => performance.now(),
  })
  return {
    async ask(target, init = {}) {
      const response = await fetchApp(app, new Request(`http://localhost${target}`, init))
      const { status, headers } = response
      return { status, headers, text: await traceResponse(response) }
    },
    query: (text) => database.query(text),
    async stop() {
      await backend.close()
      await database.drop()
    },
  }
}
