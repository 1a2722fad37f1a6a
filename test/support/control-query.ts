/**
 * A control connection to a test database, left open for several pieces of work, and the ways in
 * which introspection is asked for in tests.
 */
import { randomUUID } from 'node:crypto'
import {
  introspectPostgres,
  type PostgresIntrospectionRequest,
} from '../../src/backends/postgres/catalog/introspect-postgres.ts'
import {
  type ControlQuery,
  createControlConnection,
} from '../../src/backends/postgres/connect/control-connection.ts'
import type { Catalog } from '../../src/schema/catalog.ts'
import type { SchemaOptions } from '../../src/schema/schema-snapshot.ts'
import { connectorTo } from './postgres-connector.ts'

export interface TestControl {
  run<T>(work: (query: ControlQuery) => Promise<T>, timeoutMs?: number): Promise<T>
  close(): Promise<void>
}

/** Work ends with BackendFailure when it takes longer than `timeoutMs`. */
export function controlOf(uri: string): TestControl {
  const connector = connectorTo(uri)
  const control = createControlConnection({
    connect: (signal) => connector.connect({ id: randomUUID(), signal, target: 'any' }),
  })
  return {
    run: (work, timeoutMs = 20_000) => control.run(work, AbortSignal.timeout(timeoutMs)),
    close: () => control.close(),
  }
}

export function schemaOptions(options: Partial<SchemaOptions> = {}): SchemaOptions {
  return {
    dbSchemas: ['public'],
    dbExtraSearchPath: [],
    dbHoistedTxSettings: ['statement_timeout', 'default_transaction_isolation'],
    functionRegistry: null,
    declaredSchema: null,
    declaredRelationships: null,
    ...options,
  }
}

export interface IntrospectionChoices
  extends Partial<Omit<PostgresIntrospectionRequest, 'options' | 'signal'>> {
  readonly options?: Partial<SchemaOptions>
  readonly timeoutMs?: number
}

export function introspect(
  control: TestControl,
  { options, timeoutMs, ...choices }: IntrospectionChoices = {},
): Promise<Catalog> {
  return control.run(
    (query) =>
      introspectPostgres(query, {
        options: schemaOptions(options),
        previous: null,
        depth: 'full',
        signal: AbortSignal.timeout(timeoutMs ?? 20_000),
        readRoleSettings: true,
        ...choices,
      }),
    timeoutMs,
  )
}
