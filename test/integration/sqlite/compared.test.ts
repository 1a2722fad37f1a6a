/**
 * The same requests to PostgreSQL and to SQLite, through the whole server, get the same answers:
 * status, content type, range, body. The order of an object's keys is not compared, since `jsonb`
 * has its own.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import { createPlanCache } from '../../../src/access/plan-cache.ts'
import { createAuthenticator } from '../../../src/auth/authenticate.ts'
import type { Backend } from '../../../src/backends/backend.ts'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { createApp } from '../../../src/http/app.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'
import { observeTraced, traceResponse } from '../../support/trace-in-process.ts'
import { comparedRequests, postgresSchema, sqliteSchema } from './compared-requests.ts'

type Ask = (target: string, headers: Readonly<Record<string, string>>) => Promise<unknown>

let database: TestDatabase
let backend: Backend
let sqlite: Awaited<ReturnType<typeof serveSqlite>>
let askPostgres: Ask

beforeAll(async () => {
  sqlite = await serveSqlite(sqliteSchema)
  database = await createTestDatabase(postgresSchema)
  const config = {
    ...defaultConfig('postgres'),
    dbUri: database.uri(),
    dbAnonRole: 'postgres',
    dbAggregatesEnabled: true,
  }
  backend = openPostgres({
    onUnreachable: () => undefined,
    onConnected: () => undefined,
    config: () => config,
    env: {},
    observe: observeTraced,
  })
  const options = schemaOptions(config)
  const { signal } = new AbortController()
  const catalog = await backend.introspect({ options, previous: null, depth: 'full', signal })
  const snapshot = buildSnapshot(catalog, options, 1, new Date())
  const app = createApp({
    currentGeneration: () => ({ config, snapshot }),
    backend,
    authenticator: createAuthenticator({ observe: observeTraced }),
    planCache: createPlanCache(100, createAccessControl()),
    checkSchema: () => Promise.resolve('unchanged'),
    observe: observeTraced,
    now: () => performance.now(),
  })
  askPostgres = async (target, headers) => {
    const response = await app.fetch(new Request(`http://localhost${target}`, { headers }), {})
    return facts(response.status, response.headers, await traceResponse(response))
  }
})

afterAll(async () => {
  await sqlite.stop()
  await backend.close()
  await database.drop()
})

function facts(status: number, headers: Headers, text: string): unknown {
  const isJson = headers.get('content-type')?.includes('json') === true
  return {
    status,
    type: headers.get('content-type'),
    range: headers.get('content-range'),
    body: isJson ? JSON.parse(text) : text,
  }
}

test.each(
  comparedRequests.map((request) =>
    typeof request === 'string' ? ([request, {}] as const) : request,
  ),
)('%s %o', async (target, headers) => {
  const { status, headers: given, text } = await sqlite.get(target, headers)
  // the engines call the schema by other names
  const renamed = text.replaceAll('main.', 'public.').replaceAll("schema 'main'", "schema 'public'")
  expect(facts(status, given, renamed)).toEqual(await askPostgres(target, headers))
})
