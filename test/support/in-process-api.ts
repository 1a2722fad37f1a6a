/**
 * The API over a backend: parser, planner, HTTP and the real database, without a socket, and loaded
 * when a test says so, as the reload pipeline does.
 */
import { createAccessControl } from '../../src/access/access-control.ts'
import { createPlanCache } from '../../src/access/plan-cache.ts'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import type { Backend } from '../../src/backends/backend.ts'
import type { OpenDeps } from '../../src/backends/open-backend.ts'
import type { Config } from '../../src/config/config.ts'
import { createApp } from '../../src/http/app.ts'
import type { Observation } from '../../src/observe/observation.ts'
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../src/schema/schema-options.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { fetchApp } from './fetch-app.ts'
import { observeTraced, traceResponse } from './trace-in-process.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown
}

export interface BackendApi {
  readonly backend: Backend
  readonly observations: readonly Observation[]
  snapshot(): SchemaSnapshot
  /** Loads the schema, as the reload pipeline does. */
  load(depth?: 'load' | 'full'): Promise<SchemaSnapshot>
  get(
    target: string,
    headers?: Readonly<Record<string, string>>,
    init?: { readonly method?: string; readonly signal?: AbortSignal; readonly body?: string },
  ): Promise<Reply>
  /** A text is sent as it is, anything else as JSON. */
  send(
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    target: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Reply>
  close(): Promise<void>
}

/** Not loaded yet. */
export function openApi(config: Config, open: (deps: OpenDeps) => Backend): BackendApi {
  const observations: Observation[] = []
  const observe = (observation: Observation) => {
    observations.push(observation)
    observeTraced(observation)
  }
  const backend = open({
    config: () => config,
    env: {},
    observe,
    onUnreachable: () => undefined,
    onConnected: () => undefined,
  })
  const never = new AbortController().signal
  let current: SchemaSnapshot | null = null
  let loads = 0

  async function load(depth: 'load' | 'full' = 'load'): Promise<SchemaSnapshot> {
    const wanted = schemaOptions(config)
    const catalog = await backend.introspect({
      options: wanted,
      previous: current,
      depth,
      signal: never,
    })
    loads += 1
    backend.recycle()
    current = buildSnapshot(catalog, wanted, loads, new Date())
    return current
  }

  const app = createApp({
    currentGeneration: () => ({ config, snapshot: current }),
    backend,
    authenticator: createAuthenticator({ observe }),
    planCache: createPlanCache(100, createAccessControl(backend.ruleProblem)),
    async checkSchema() {
      try {
        const version = await backend.schemaVersion(schemaOptions(config), never)
        if (version === current?.schemaVersion) return 'unchanged'
        await load()
        return 'moved'
      } catch {
        return 'unanswered'
      }
    },
    observe,
    now: () => performance.now(),
  })

  async function ask(target: string, init: RequestInit): Promise<Reply> {
    const response = await fetchApp(app, new Request(`http://localhost${target}`, init))
    const text = await traceResponse(response)
    return { status: response.status, headers: response.headers, text, body: parse(text) }
  }

  return {
    backend,
    observations,
    snapshot() {
      if (current === null) throw new Error('no schema was loaded yet')
      return current
    },
    load,
    get(target, headers = {}, { method = 'GET', signal, body } = {}) {
      return ask(target, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      })
    },
    send(method, target, body, headers = {}, signal) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return ask(target, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: text }),
        ...(signal === undefined ? {} : { signal }),
      })
    },
    close: () => backend.close(),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
