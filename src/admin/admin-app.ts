/**
 * The admin server: probes, metrics, the schema cache, and a reload on request. It serves no data
 * of the API and needs no database to answer `/live` and `/ok`.
 *
 * Rule  PostgREST docs: admin_server; `/health`, `/ok` and `/reload` are ours
 */
import { Hono } from 'hono'
import type { CacheState } from '../cache/cache-state.ts'
import type {
  ReloadDepth,
  ReloadOutcome,
  ReloadScope,
  ReloadTimes,
} from '../cache/reload-signal.ts'
import type { LastReload } from '../cache/reload-state.ts'
import { assertNever } from '../core/assert-never.ts'
import { productName, productVersion } from '../core/product.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { SourceStatus } from '../observe/source-status.ts'
import type { UnreadableRelation } from '../schema/catalog.ts'
import { noChanges } from '../schema/diff-snapshots.ts'
import { dumpSnapshot } from './dump-snapshot.ts'
import { health, readyStatus, type ServerState, servedSnapshot } from './readiness.ts'

export interface AdminDeps {
  readonly cacheState: () => CacheState
  readonly apiIsAlive: () => boolean
  /** Told by the listener where it is enabled, else by asking through the pool. Never rejects. */
  readonly databaseIsReachable: () => Promise<boolean>
  /** Asks the database itself, whatever the listener says. Never rejects. */
  readonly databaseAnswers: () => Promise<boolean>
  readonly sources: () => readonly SourceStatus[]
  readonly lastReload: () => LastReload | null
  readonly metricsText: () => Promise<string>
  readonly requestReload: (scope: ReloadScope, depth: ReloadDepth) => Promise<ReloadOutcome>
}

const jsonType = 'application/json; charset=utf-8'
const scopes: readonly ReloadScope[] = ['schema', 'config', 'both']

function jsonAnswer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': jsonType } })
}

function errorResponse(error: ApiError, extra: Readonly<Record<string, string>> = {}): Response {
  const { status, headers, body } = renderError(error, 'verbose')
  return new Response(body, { status, headers: { ...Object.fromEntries(headers), ...extra } })
}

function empty(status: number): Response {
  return new Response(null, { status, headers: { 'Content-Length': '0' } })
}

function printTimes({ durationMs, queuedMs }: ReloadTimes) {
  const rounded = (ms: number) => Math.round(ms * 10) / 10
  return { durationMs: rounded(durationMs), queuedMs: rounded(queuedMs) }
}

function reloadAnswer(outcome: ReloadOutcome): Response {
  const times = printTimes(outcome)
  switch (outcome.kind) {
    case 'published': {
      const { snapshotVersion: version, changes } = outcome
      return jsonAnswer(200, { outcome: 'published', version, ...times, changes })
    }
    case 'unchanged': {
      const { snapshotVersion: version } = outcome
      return jsonAnswer(200, { outcome: 'unchanged', version, ...times, changes: noChanges })
    }
    case 'failed':
      return errorResponse({ kind: 'reload-failed', details: outcome.cause })
    default:
      return assertNever(outcome)
  }
}

function printLastReload(last: LastReload | null): unknown {
  if (last === null) return null
  const { outcome, origin, at } = last
  const times = printTimes(outcome)
  return outcome.kind === 'failed'
    ? { outcome: 'failed', origin, at, ...times, cause: outcome.cause }
    : { outcome: outcome.kind, origin, at, ...times, version: outcome.snapshotVersion }
}

function printUnreadable({ schema, name, cause }: UnreadableRelation) {
  return { relation: `${schema}.${name}`, cause }
}

export function createAdminApp(deps: AdminDeps): Hono {
  const app = new Hono()

  app.all('/live', () => empty(deps.apiIsAlive() ? 200 : 500))

  app.all('/ready', async () =>
    empty(
      readyStatus({
        cache: deps.cacheState(),
        apiIsAlive: deps.apiIsAlive(),
        databaseIsReachable: await deps.databaseIsReachable(),
      }),
    ),
  )

  app.all('/ok', () => jsonAnswer(200, { status: 'ok' }))

  app.all('/health', async () => {
    const sources = deps.sources()
    const state: ServerState = {
      cache: deps.cacheState(),
      apiIsAlive: deps.apiIsAlive(),
      databaseIsReachable: await deps.databaseAnswers(),
    }
    const verdict = health(
      state,
      sources.every((source) => source.state !== 'down'),
    )
    const snapshot = servedSnapshot(state.cache)
    return jsonAnswer(verdict === 'unavailable' ? 503 : 200, {
      status: verdict,
      server: { name: productName, version: productVersion, listening: state.apiIsAlive },
      database: {
        reachable: state.databaseIsReachable,
        engine: snapshot?.capabilities.engine ?? null,
        version: snapshot?.capabilities.serverVersion ?? null,
      },
      schemaCache: {
        state: state.cache.kind,
        version: snapshot?.snapshotVersion ?? null,
        loadedAt: snapshot?.loadedAt.toISOString() ?? null,
        relations: snapshot?.relations.size ?? null,
        unreadable: snapshot?.unreadableRelations.map(printUnreadable) ?? [],
        failure: state.cache.kind === 'retrying' ? state.cache.cause : null,
      },
      sources,
      lastReload: printLastReload(deps.lastReload()),
    })
  })

  app.all('/metrics', async () => {
    const text = await deps.metricsText()
    return new Response(text, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
  })

  app.all('/schema_cache', () => {
    const snapshot = servedSnapshot(deps.cacheState())
    const body = snapshot === null ? '' : dumpSnapshot(snapshot)
    return new Response(body, { headers: { 'Content-Type': jsonType } })
  })

  app.post('/reload', async (c) => {
    const asked = c.req.query('scope') ?? 'schema'
    const scope = scopes.find((candidate) => candidate === asked)
    if (scope === undefined) {
      const details = `scope must be one of ${scopes.join(', ')}`
      return errorResponse({ kind: 'malformed-request', details })
    }
    const wait = c.req.query('wait') ?? 'true'
    if (wait !== 'true' && wait !== 'false') {
      return errorResponse({ kind: 'malformed-request', details: 'wait must be true or false' })
    }
    const outcome = deps.requestReload(scope, 'full')
    if (wait === 'false') {
      // nobody waits for the outcome: the log and /health tell it
      outcome.catch(() => undefined)
      return jsonAnswer(202, { outcome: 'accepted' })
    }
    return reloadAnswer(await outcome)
  })
  app.all('/reload', (c) =>
    errorResponse({ kind: 'unsupported-method', method: c.req.method }, { Allow: 'POST' }),
  )

  app.notFound(() => empty(404))
  app.onError(() => errorResponse({ kind: 'internal' }))
  return app
}
