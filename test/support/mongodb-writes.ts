/**
 * The API over a database of MongoDB whose schema a test describes: parser, planner, access rules,
 * HTTP and the real executor of writes, without a socket and without a load.
 */
import { createAccessControl } from '../../src/access/access-control.ts'
import { createPlanCache } from '../../src/access/plan-cache.ts'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import type { Backend, Execution } from '../../src/backends/backend.ts'
import { mongodbAbilities } from '../../src/backends/mongodb/catalog/mongodb-capabilities.ts'
import {
  MongodbFacts,
  mongodbFacts,
  type Topology,
} from '../../src/backends/mongodb/catalog/mongodb-facts.ts'
import { createMongodbWriteExecutor } from '../../src/backends/mongodb/execute/execute-mongodb-write.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { createApp } from '../../src/http/app.ts'
import { fetchApp } from './fetch-app.ts'
import type { MongodbDatabase } from './mongodb.ts'
import { type MongodbDescription, mongodbSnapshot } from './mongodb-snapshot.ts'
import { observeTraced, traceResponse } from './trace-in-process.ts'

export interface WriteReply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
  /** What the last attempt gave. */
  readonly execution: Execution | null
}

export interface WriteOptions {
  readonly topology?: Topology
  readonly config?: Partial<Config>
  readonly signal?: AbortSignal
}

export interface MongodbWrites {
  /** A text is sent as it is, anything else as JSON. */
  send(
    method: string,
    target: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<WriteReply>
}

export function openMongodbWrites(
  database: MongodbDatabase,
  description: MongodbDescription,
  { topology = 'replica-set', config: given = {} }: WriteOptions = {},
): MongodbWrites {
  const described = mongodbSnapshot(description)
  const { collections } = mongodbFacts(described.engineFacts)
  const engineFacts = new MongodbFacts({ topology, collections })
  const snapshot = { ...described, engineFacts }
  const config: Config = { ...defaultConfig('mongodb'), dbTxEnd: 'commit-allow-override', ...given }
  const write = createMongodbWriteExecutor({
    client: database.client,
    db: () => database.db,
  })
  let execution: Execution | null = null
  const unused = () => Promise.reject(new Error('not a part of these tests'))
  const backend: Backend = {
    abilities: mongodbAbilities,
    feed: { kind: 'poll' },
    serverVersion: unused,
    schemaVersion: unused,
    introspect: unused,
    sendFacts: () => ({}),
    adoptFacts: unused,
    databaseSettings: unused,
    async execute(plan, context) {
      if (plan.kind !== 'mutate') return unused()
      execution = await write(plan, context)
      return execution
    },
    ruleProblem: () => null,
    inspect: unused,
    recycle: () => 'statements',
    ping: unused,
    poolStats: () => ({ max: 0, available: 0, used: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  }
  const app = createApp({
    currentGeneration: () => ({ config, snapshot }),
    backend,
    authenticator: createAuthenticator({ observe: observeTraced }),
    planCache: createPlanCache(100, createAccessControl(backend.ruleProblem)),
    checkSchema: () => Promise.resolve('unchanged'),
    observe: observeTraced,
    now: () => performance.now(),
  })

  return {
    async send(method, target, body, headers = {}, signal) {
      execution = null
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const request = new Request(`http://localhost${target}`, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: text }),
        ...(signal === undefined ? {} : { signal }),
      })
      const response = await fetchApp(app, request)
      const answer = await traceResponse(response)
      const { status, headers: answered } = response
      return { status, headers: answered, body: parse(answer), execution }
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
