/**
 * The admin server: probes, metrics, the schema, the reloads, and a reload on request; and the page
 * that shows all of it. It serves no data of the API and needs no database to answer `/live` and `/ok`.
 *
 * Rule  PostgREST docs: admin_server (`/live`, `/ready`, `/metrics`, `/schema_cache`); the rest is ours
 */
import { Hono, type HonoRequest } from 'hono'
import type { CacheState } from '../cache/cache-state.ts'
import type { ReloadDepth, ReloadOutcome, ReloadScope } from '../cache/reload-signal.ts'
import type { LastReload } from '../cache/reload-state.ts'
import { assertNever } from '../core/assert-never.ts'
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import { failureText } from '../core/failure-text.ts'
import { runInSlices } from '../core/run-in-slices.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import { printReloads } from '../observe/print-reload.ts'
import type { ReloadHistory } from '../observe/reload-history.ts'
import type { SourceStatus } from '../observe/source-status.ts'
import type { WorkerStatus } from '../observe/worker-status.ts'
import { noChanges } from '../schema/schema-change.ts'
import { printDatabaseInSteps } from '../typescript/print-database.ts'
import { bringsToken, isOpen } from './admin-token.ts'
import { dashboardFile } from './dashboard-files.ts'
import { dumpSnapshot } from './dump-snapshot.ts'
import { type EventStreams, mostClients } from './event-stream.ts'
import { lookForNames } from './look-for-names.ts'
import { isSentToLoopback } from './loopback-host.ts'
import {
  type DeniedByPolicy,
  type FreshnessParts,
  printTimes,
  reportHealth,
} from './print-health.ts'
import {
  everyProcessIsCurrent,
  everyWorkerListens,
  readyStatus,
  type ServerState,
  servedSnapshot,
} from './readiness.ts'
import { isOfAnotherOrigin, readReloadRequest } from './reload-request.ts'
import { showSchema } from './show-schema.ts'

export interface AdminDeps {
  /** `admin-server-token` as it is now; null: none is asked for. */
  readonly token: () => string | null
  /** Whether it is bound where only this machine reaches it. */
  readonly isOnLoopback: boolean
  readonly cacheState: () => CacheState
  readonly apiIsAlive: () => boolean
  /** The API still answers, and will not much longer. */
  readonly isLeaving: () => boolean
  /** The processes that answer requests; null: this one does. */
  readonly workers: () => readonly WorkerStatus[] | null
  /** Told by the listener where it is enabled, else by asking through the pool. Never rejects. */
  readonly databaseIsReachable: () => Promise<boolean>
  /** Asks the database itself, whatever the listener says. Never rejects. */
  readonly databaseAnswers: () => Promise<boolean>
  readonly sources: () => readonly SourceStatus[]
  /** What else keeps the schema fresh: other processes on the database, and the schema mark. */
  readonly others: () => FreshnessParts
  readonly lastReload: () => LastReload | null
  readonly reloads: () => ReloadHistory
  readonly unboundPolicies: () => readonly DeniedByPolicy[]
  readonly events: Pick<EventStreams, 'open'>
  /** `admin-dashboard` as it is now. */
  readonly hasDashboard: () => boolean
  readonly metricsText: () => Promise<string>
  /**
   * Asks the other processes on this database to reload; whether there is something that reaches
   * them. Rejects when it could not be said.
   */
  readonly tellFleet: (scope: ReloadScope) => Promise<boolean>
  readonly requestReload: (scope: ReloadScope, depth: ReloadDepth) => Promise<ReloadOutcome>
}

const jsonType = 'application/json; charset=utf-8'

function jsonAnswer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': jsonType } })
}

function errorResponse(error: ApiError, extra: Readonly<Record<string, string>> = {}): Response {
  const { status, headers, body } = renderError(error, 'verbose')
  return new Response(body, { status, headers: { ...Object.fromEntries(headers), ...extra } })
}

function unsupported(method: string, allowed: string): Response {
  return errorResponse({ kind: 'unsupported-method', method }, { Allow: allowed })
}

function empty(status: number): Response {
  return new Response(null, { status, headers: { 'Content-Length': '0' } })
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

/** What the server under the app lends to one request. */
export interface Connection {
  /** Cuts the client's connection. */
  readonly hangUp: () => void
}

/** What is served, as it is in memory: whole, as types, page by page, or whether it has a name. */
function addSchemaRoutes(
  app: Hono<{ Bindings: Connection }>,
  deps: Pick<AdminDeps, 'cacheState' | 'apiIsAlive' | 'isLeaving' | 'workers'>,
): void {
  app.all('/schema_cache', () => {
    const snapshot = servedSnapshot(deps.cacheState())
    const body = snapshot === null ? '' : dumpSnapshot(snapshot)
    return new Response(body, { headers: { 'Content-Type': jsonType } })
  })

  app.get('/types.ts', async () => {
    const snapshot = servedSnapshot(deps.cacheState())
    if (snapshot === null) return errorResponse({ kind: 'cache-not-loaded' })
    const body = await runInSlices(printDatabaseInSteps(snapshot), eventLoopSlices)
    return new Response(body, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
  })
  app.all('/types.ts', (c) => unsupported(c.req.method, 'GET, HEAD'))

  app.get('/schema', async (c) => {
    const shown = await showSchema(new URL(c.req.url).searchParams, deps.cacheState())
    return shown.ok ? jsonAnswer(200, shown.value) : errorResponse(shown.error)
  })
  app.all('/schema', (c) => unsupported(c.req.method, 'GET, HEAD'))

  app.get('/schema/has', (c) => {
    const found = lookForNames(new URL(c.req.url).searchParams, deps.cacheState())
    if (!found.ok) return errorResponse(found.error)
    const process = { apiIsAlive: deps.apiIsAlive(), isLeaving: deps.isLeaving() }
    const served = everyProcessIsCurrent(process, deps.workers())
    const status = found.value.missing.length === 0 ? 200 : 404
    return jsonAnswer(served ? status : 503, { ...found.value, served })
  })
  app.all('/schema/has', (c) => unsupported(c.req.method, 'GET, HEAD'))
}

export function createAdminApp(deps: AdminDeps): Hono<{ Bindings: Connection }> {
  const app = new Hono<{ Bindings: Connection }>()

  /** Why not everything is for whoever asks; null where it is. */
  function refusalOf(request: HonoRequest): ApiError | null {
    const token = deps.token()
    if (token === null) return refusalOfHost(request)
    return bringsToken(request.header('authorization'), token)
      ? null
      : { kind: 'admin-token-required' }
  }

  function refusalOfHost(request: HonoRequest): ApiError | null {
    return deps.isOnLoopback && !isSentToLoopback(request.header('host'))
      ? { kind: 'foreign-host' }
      : null
  }

  /** A file of the dashboard, which holds nothing of this server: the token is typed in there. */
  function pageOf(request: HonoRequest): Response | null {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const file = isRead && deps.hasDashboard() ? dashboardFile(request.path) : null
    if (file === null) return null
    const refusal = deps.token() === null ? refusalOfHost(request) : null
    if (refusal !== null) return errorResponse(refusal)
    return request.header('if-none-match') === file.headers['ETag']
      ? new Response(null, { status: 304, headers: file.headers })
      : new Response(file.bytes, file)
  }

  async function tellOthers(scope: ReloadScope): Promise<ApiError | null> {
    try {
      if (await deps.tellFleet(scope)) return null
      const details = 'fleet=true needs PostgreSQL, and db-channel-enabled'
      return { kind: 'malformed-request', details }
    } catch (failure) {
      const cause = failureText(failure)
      return { kind: 'reload-failed', details: `The others could not be told: ${cause}` }
    }
  }

  app.use(async (c, next) => {
    const page = pageOf(c.req)
    if (page !== null) return page
    const refusal = isOpen(c.req.path) ? null : refusalOf(c.req)
    return refusal === null ? next() : errorResponse(refusal)
  })

  app.all('/live', () => empty(deps.apiIsAlive() ? 200 : 500))

  app.all('/ready', async () =>
    empty(
      readyStatus({
        cache: deps.cacheState(),
        apiIsAlive: deps.apiIsAlive() && everyWorkerListens(deps.workers()),
        isLeaving: deps.isLeaving(),
        databaseIsReachable: await deps.databaseIsReachable(),
      }),
    ),
  )

  app.all('/ok', () => jsonAnswer(200, { status: 'ok' }))

  app.all('/health', async (c) => {
    const state: ServerState = {
      cache: deps.cacheState(),
      apiIsAlive: deps.apiIsAlive(),
      isLeaving: deps.isLeaving(),
      databaseIsReachable: await deps.databaseAnswers(),
    }
    const showsDetails = refusalOf(c.req) === null
    const report = reportHealth(
      state,
      {
        sources: deps.sources(),
        unbound: deps.unboundPolicies(),
        workers: deps.workers(),
        ...deps.others(),
      },
      deps.lastReload(),
      showsDetails,
    )
    return jsonAnswer(report.status, report.body)
  })

  app.all('/metrics', async () => {
    const text = await deps.metricsText()
    return new Response(text, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
  })

  addSchemaRoutes(app, deps)

  app.get('/reloads', () => jsonAnswer(200, { reloads: printReloads(deps.reloads()) }))
  app.all('/reloads', (c) => unsupported(c.req.method, 'GET, HEAD'))

  app.all('/events', (c) => {
    if (c.req.method !== 'GET') return unsupported(c.req.method, 'GET')
    // the browser would let it read nothing, yet it would take up a watcher's place
    if (isOfAnotherOrigin(c.req.raw.headers, new URL(c.req.url).host)) {
      return errorResponse({ kind: 'cross-origin' })
    }
    const stream = deps.events.open(c.req.header('last-event-id'), c.env.hangUp)
    return (
      stream ??
      errorResponse({ kind: 'too-many-watchers', limit: mostClients }, { 'Retry-After': '5' })
    )
  })

  app.post('/reload', async (c) => {
    const asked = readReloadRequest(c.req.raw)
    if (!asked.ok) return errorResponse(asked.error)
    const { scope, waits, isForFleet } = asked.value
    const problem = isForFleet ? await tellOthers(scope) : null
    if (problem !== null) return errorResponse(problem)
    const outcome = deps.requestReload(scope, 'full')
    if (waits) return reloadAnswer(await outcome)
    // nobody waits for the outcome: the log and /health tell it
    outcome.catch(() => undefined)
    return jsonAnswer(202, { outcome: 'accepted' })
  })
  app.all('/reload', (c) => unsupported(c.req.method, 'POST'))

  app.notFound(() => empty(404))
  app.onError(() => errorResponse({ kind: 'internal' }))
  return app
}
