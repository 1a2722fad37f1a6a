/**
 * Requests run by the PostgreSQL backend's own executor on a test database: the line is parsed and
 * planned on a described snapshot, compiled, and run as a role.
 */

import type { Execution, RequestContext } from '../../src/backends/backend.ts'
import {
  PostgresFacts,
  type RoleSettings,
} from '../../src/backends/postgres/catalog/postgres-facts.ts'
import { createPlanCompiler } from '../../src/backends/postgres/compile/compile-postgres.ts'
import {
  createPostgresPool,
  type PostgresPool,
} from '../../src/backends/postgres/connect/postgres-pool.ts'
import { createExecutor } from '../../src/backends/postgres/execute/execute-postgres.ts'
import { createPreparation } from '../../src/backends/postgres/execute/preparation.ts'
import { toBuffer } from '../../src/core/http-exchange.ts'
import type { Observation } from '../../src/observe/observation.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { loadTestConfig } from './load-test-config.ts'
import { planOf, type RequestParts, requestOf } from './plan-of.ts'
import { connectorTo } from './postgres-connector.ts'
import { observeTraced, traceExecution } from './trace-in-process.ts'

export interface ExecutorOptions {
  readonly max?: number
  readonly acquisitionTimeoutMs?: number
}

export interface RunOptions extends RequestParts {
  readonly role?: string
  readonly isAuthenticated?: boolean
  readonly claims?: string
  /** Environment of the configuration, e.g. `PGRST_DB_PRE_REQUEST`. */
  readonly config?: Readonly<Record<string, string>>
  readonly extraSearchPath?: readonly string[]
  readonly roleSettings?: Readonly<Record<string, RoleSettings>>
  readonly signal?: AbortSignal
}

export interface TestExecutor {
  readonly pool: PostgresPool
  readonly seen: readonly Observation[]
  run(line: string, options?: RunOptions): Promise<Execution>
}

export function executorOn(
  uri: string,
  snapshot: SchemaSnapshot,
  { max = 2, acquisitionTimeoutMs = 60_000 }: ExecutorOptions = {},
): TestExecutor {
  const seen: Observation[] = []
  const observe = (observation: Observation) => {
    seen.push(observation)
    observeTraced(observation)
  }
  const connector = connectorTo(uri)
  const pool = createPostgresPool({
    connect: (id, signal) => connector.connect({ id, signal }),
    limits: { max, acquisitionTimeoutMs, maxIdleMs: 60_000, maxLifetimeMs: 60_000 },
    observe,
  })
  const execute = createExecutor({
    onUnreachable: () => undefined,
    pool,
    preparation: createPreparation(observe),
    compile: createPlanCompiler(),
    // strict mode is played on whole servers
    guards: { guardOf: () => null },
    observe,
  })
  return {
    pool,
    seen,
    async run(line, options = {}) {
      const plan = planOf(snapshot, line, options)
      if (!plan.ok) throw new Error(JSON.stringify(plan.error))
      if (plan.value.kind === 'inspect' || plan.value.kind === 'info')
        throw new Error('no database')
      const role = options.role ?? 'postgres'
      const context: RequestContext = {
        snapshot: {
          ...snapshot,
          options: {
            ...snapshot.options,
            dbExtraSearchPath: options.extraSearchPath ?? ['public'],
          },
          engineFacts: new PostgresFacts(new Map(Object.entries(options.roleSettings ?? {}))),
        },
        config: loadTestConfig({
          env: { PGRST_DB_TX_END: 'commit-allow-override', ...options.config },
        }),
        request: requestOf(snapshot, line, options),
        role,
        isAuthenticated: options.isAuthenticated ?? true,
        claims: options.claims ?? JSON.stringify({ role }),
        signal: options.signal ?? new AbortController().signal,
      }
      const execution = await execute(plan.value, context)
      traceExecution(execution)
      return execution
    },
  }
}

/** The parsed body of an execution that went well. */
export function bodyOf(execution: Execution): unknown {
  if (execution.kind !== 'done') throw new Error(JSON.stringify(execution))
  const { body } = execution.result
  const text = toBuffer(body).toString('utf8')
  return text === '' ? null : JSON.parse(text)
}
