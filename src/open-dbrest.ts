/**
 * The package's own door: a configuration in code → the API and the admin app inside of another program,
 * as functions of a request. It is the server's composition without its sockets, signals, log streams
 * and exit codes; whatever ends that process is told here, and tried again. Instances share nothing.
 */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { engineAbilities } from './backends/engine-abilities.ts'
import type { ReloadOutcome, ReloadScope } from './cache/reload-signal.ts'
import { registryProblems } from './check-registry.ts'
import { isSqliteFile } from './cli.ts'
import { composeAdmin } from './compose-admin.ts'
import { composeApi, drainMs } from './compose-api.ts'
import { composeFollower } from './compose-follower.ts'
import type { ReadConfig } from './config/config-loader.ts'
import { loadConfig } from './config/load-config.ts'
import { type OptionsInCode, readOptionsInCode } from './config/options-in-code.ts'
import { productName, productVersion } from './core/product.ts'
import type { ApiError } from './errors/api-error.ts'
import { errorLogJson } from './errors/error-envelope.ts'
import type { Observation } from './observe/observation.ts'
import { printReload } from './observe/print-reload.ts'
import type { ReloadRecord } from './observe/reload-record.ts'
import type { SourceStatus } from './observe/source-status.ts'
import { unhonouredOptions } from './schema/unhonoured-options.ts'
import { appListener } from './sockets/app-listener.ts'
import { closableApp } from './sockets/closable-app.ts'
import { fetchListener } from './sockets/fetch-listener.ts'
import { type WebHandler, webHandler } from './sockets/web-handler.ts'

export type { ReloadOutcome, ReloadRecord, ReloadScope, SourceStatus, WebHandler }

export interface DbrestOptions extends OptionsInCode {
  /**
   * Variables that count as the environment does for a server: `DBREST_…` and `PGRST_…` for options that
   * are not given, `PG…` and `HOME` for the connection. Default: none, not even those of the process.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Takes the lines of the log, without their ends. Default: they go nowhere. */
  readonly log?: ((line: string) => void) | undefined
}

/** What happens to the schema. */
export type DbrestEvent =
  | { readonly kind: 'reload-began' | 'reload-ended'; readonly reload: ReloadRecord }
  | { readonly kind: 'source-changed'; readonly source: SourceStatus }
  /** Wrong credentials, or a loss with `dbPoolAutomaticRecovery` off. It is tried again all the same. */
  | { readonly kind: 'fatal'; readonly message: string }

export interface MountedApp {
  /** Answers a request of the web. Rejects once the instance is closed. */
  readonly fetch: WebHandler
  /** The same for servers of Node and for Express. */
  readonly listener: RequestListener
}

export interface Dbrest extends MountedApp {
  /** Probes, metrics, the schema, reloads and the dashboard. */
  readonly admin: MountedApp
  /** Reads the schema anew, the configuration's files and in-database settings, or both. Never rejects. */
  reload(what?: ReloadScope): Promise<ReloadOutcome>
  /** Calls `listener` with each event from now on; the answer ends that. */
  subscribe(listener: (event: DbrestEvent) => void): () => void
  /**
   * Answers what is in hand, cancels what takes longer, and closes everything. A second call may shorten
   * the deadline.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<void>
}

/** Options that cannot be served with. `message` has all problems, one a line. */
export class DbrestOptionsError extends Error {
  override readonly name = 'DbrestOptionsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Resolves when the first load of the schema has ended: from then on the API answers, with data, or with
 * 503 while the database cannot be reached, which is tried again.
 *
 * Errors  rejects with a `DbrestOptionsError`; with an Error whose message a user understands when the
 *         database cannot be opened at all, or refuses the credentials
 */
export async function openDbrest(options: DbrestOptions): Promise<Dbrest> {
  const { env = {}, log, ...given } = options
  const readConfig = configReader(given, env)
  const loaded = readConfig({})
  if (!loaded.ok) throw new DbrestOptionsError(loaded.error)

  const listeners = new Set<(event: DbrestEvent) => void>()
  let fatal: string | null = null
  let closing: Promise<void> | null = null

  function listen(observation: Observation): void {
    const event = eventOf(observation)
    if (event === null) return
    if (event.kind === 'fatal') fatal = event.message
    for (const listener of [...listeners]) tell(listener, event)
  }

  const write = (text: string) => log?.(text.replace(/\n$/, ''))
  const follower = composeFollower({
    loaded: loaded.value,
    readConfig,
    env,
    // signals are the program's own
    reloads: new EventEmitter(),
    writeOut: write,
    writeError: write,
    // it is told by `listen`
    onFatal: () => undefined,
    listen,
    isGuest: true,
  })
  const { observe, scope } = follower

  async function start() {
    observe({ kind: 'starting', product: productName, productVersion })
    const followed = await follower.open()
    const api = closableApp(composeApi({ ...follower, ...followed }), closedProblem)
    const admin = composeAdmin({
      ...follower,
      ...followed,
      apiIsAlive: () => closing === null,
      isLeaving: () => false,
      workers: () => null,
    })
    await followed.pipeline.start()
    if (fatal !== null) throw new Error(fatal)
    return { ...followed, api, admin }
  }

  const { pipeline, api, admin } = await start().catch(async (failure: unknown) => {
    await scope.close()
    throw failure
  })

  return {
    fetch: webHandler(api.app),
    listener: appListener(api.app),
    admin: {
      fetch: (request) => fetchAdmin(admin.app.fetch, request),
      listener: fetchListener(admin.app.fetch, { isGuest: true }),
    },
    reload: (what = 'schema') =>
      pipeline.requestReload({ scope: what, depth: 'full', origin: 'program' }),
    subscribe(listener) {
      // the same function twice is two subscriptions
      const own = (event: DbrestEvent) => listener(event)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    close({ deadlineMs = drainMs } = {}) {
      const drained = api.close(deadlineMs)
      admin.endStreams()
      closing ??= drained.then(() => scope.close()).finally(() => listeners.clear())
      return closing
    },
  }
}

const closedProblem = `this ${productName} is closed`

/** The files that options name are read anew each time. */
function configReader(
  given: OptionsInCode,
  env: Readonly<Record<string, string | undefined>>,
): ReadConfig {
  return (layers) => {
    const read = readOptionsInCode(given)
    if (!read.ok) return read
    return loadConfig({
      ...read.value,
      ...layers,
      env,
      readFile: (path) => readFileSync(path),
      isSqliteFile,
      refuseOptions: (engine, values) =>
        unhonouredOptions(engineAbilities(engine), values).map(({ problem }) => problem),
      registryProblems,
    })
  }
}

function eventOf(observation: Observation): DbrestEvent | null {
  switch (observation.kind) {
    case 'reload-began':
    case 'reload-ended':
      return { kind: observation.kind, reload: printReload(observation.record) }
    case 'source-changed':
      return { kind: 'source-changed', source: observation.status }
    case 'fatal':
      return { kind: 'fatal', message: fatalText(observation.error) }
    default:
      return null
  }
}

function fatalText(error: ApiError | null): string {
  return error === null
    ? 'The database cannot be reached, and db-pool-automatic-recovery is off.'
    : `Failed to establish a connection. ${errorLogJson(error)}`
}

/** A listener that throws must not stop a reload: its failure is the program's, as of any event. */
function tell(listener: (event: DbrestEvent) => void, event: DbrestEvent): void {
  try {
    listener(event)
  } catch (failure) {
    queueMicrotask(() => {
      throw failure
    })
  }
}

/** A watcher of events that does not read is cut, where a socket would be. */
async function fetchAdmin(
  fetch: (request: Request, env: { hangUp: () => void }) => Response | Promise<Response>,
  request: Request,
): Promise<Response> {
  const cut = new AbortController()
  const response = await fetch(request, { hangUp: () => cut.abort() })
  const { body, headers } = response
  if (body === null || !headers.get('content-type')?.startsWith('text/event-stream')) {
    return response
  }
  const rest = body.pipeThrough(new TransformStream(), { signal: cut.signal })
  return new Response(rest, response)
}
