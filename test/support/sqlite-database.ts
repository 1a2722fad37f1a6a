/**
 * SQLite files of a test's own, written by this process as any other application would, and the
 * API over one: parser, planner, HTTP and the real backend, without a socket.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createAccessControl } from '../../src/access/access-control.ts'
import { createPlanCache } from '../../src/access/plan-cache.ts'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import type { Backend } from '../../src/backends/backend.ts'
import { openSqlite } from '../../src/backends/sqlite/open-sqlite.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { createApp } from '../../src/http/app.ts'
import type { Observation } from '../../src/observe/observation.ts'
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../src/schema/schema-options.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { observeTraced, traceResponse } from './trace-in-process.ts'

export interface SqliteFile {
  readonly path: string
  readonly folder: string
  /** Runs SQL on a connection of its own. */
  exec(sql: string): void
  drop(): void
}

export function createSqliteFile(sql = '', name = 'test.db'): SqliteFile {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-sqlite-'))
  const path = join(folder, name)
  const exec = (text: string) => {
    const db = new Database(path)
    try {
      db.exec(text)
    } finally {
      db.close()
    }
  }
  exec(sql)
  return {
    path,
    folder,
    exec,
    drop: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown
}

export interface SqliteApi {
  readonly backend: Backend
  readonly observations: readonly Observation[]
  snapshot(): SchemaSnapshot
  /** Loads the schema, as the reload pipeline does. */
  load(): Promise<SchemaSnapshot>
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
export function openSqliteApi(uri: string, options: Partial<Config> = {}): SqliteApi {
  const config: Config = {
    ...defaultConfig('sqlite'),
    dbUri: uri,
    dbAggregatesEnabled: true,
    ...options,
  }
  const observations: Observation[] = []
  const observe = (observation: Observation) => {
    observations.push(observation)
    observeTraced(observation)
  }
  const backend = openSqlite({
    onUnreachable: () => undefined,
    onConnected: () => undefined,
    config: () => config,
    observe,
  })
  const never = new AbortController().signal
  let current: SchemaSnapshot | null = null
  let loads = 0

  async function load(): Promise<SchemaSnapshot> {
    const wanted = schemaOptions(config)
    const catalog = await backend.introspect({
      options: wanted,
      previous: current,
      depth: 'load',
      signal: never,
    })
    loads += 1
    current = buildSnapshot(catalog, wanted, loads, new Date())
    backend.recycle()
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
    const response = await app.fetch(new Request(`http://localhost${target}`, init), {})
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

/** A database and the API over it, loaded. */
export async function serveSqlite(
  sql: string,
  options: Partial<Config> = {},
): Promise<SqliteApi & { readonly file: SqliteFile; stop(): Promise<void> }> {
  const file = createSqliteFile(sql)
  const api = openSqliteApi(file.path, options)
  await api.load()
  return {
    ...api,
    file,
    async stop() {
      await api.close()
      file.drop()
    },
  }
}
