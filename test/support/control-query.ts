/**
 * A control connection to a test database, left open for several pieces of work, and the ways in
 * which introspection is asked for in tests.
 */
import { randomUUID } from 'node:crypto'
import type { CatalogSession } from '../../src/backends/postgres/catalog/catalog-transaction.ts'
import { createSchemaFollower } from '../../src/backends/postgres/catalog/follow-schema.ts'
import type { PostgresIntrospectionRequest } from '../../src/backends/postgres/catalog/mirror/load-mirror.ts'
import {
  type ControlBatch,
  type ControlQuery,
  createControlConnection,
} from '../../src/backends/postgres/connect/control-connection.ts'
import type { Catalog, SchemaVersion } from '../../src/schema/catalog.ts'
import type { SchemaOptions } from '../../src/schema/schema-snapshot.ts'
import { plainSchemaOptions } from './plain-schema-options.ts'
import { connectorTo } from './postgres-connector.ts'

export interface TestControl {
  run<T>(
    work: (query: ControlQuery, batch: ControlBatch) => Promise<T>,
    timeoutMs?: number,
  ): Promise<T>
  /** The same, for what asks for catalogs. */
  read<T>(work: (session: CatalogSession) => Promise<T>, timeoutMs?: number): Promise<T>
  close(): Promise<void>
}

/** Work ends with BackendFailure when it takes longer than `timeoutMs`. */
export function controlOf(uri: string): TestControl {
  const connector = connectorTo(uri)
  const control = createControlConnection({
    connect: (signal) => connector.connect({ id: randomUUID(), signal, target: 'any' }),
  })
  const run: TestControl['run'] = (work, timeoutMs = 60_000) =>
    control.run((query, _address, batch) => work(query, batch), AbortSignal.timeout(timeoutMs))
  return {
    run,
    read: (work, timeoutMs) => run((query, batch) => work({ query, batch }), timeoutMs),
    close: () => control.close(),
  }
}

export function schemaOptions(options: Partial<SchemaOptions> = {}): SchemaOptions {
  return plainSchemaOptions({
    dbHoistedTxSettings: ['statement_timeout', 'default_transaction_isolation'],
    ...options,
  })
}

export interface IntrospectionChoices
  extends Partial<Omit<PostgresIntrospectionRequest, 'options' | 'signal'>> {
  readonly options?: Partial<SchemaOptions>
  readonly timeoutMs?: number
}

/** A backend that goes on knowing what it has read. */
export interface TestFollower {
  version(options?: Partial<SchemaOptions>, limitMs?: number): Promise<SchemaVersion>
  load(choices?: IntrospectionChoices): Promise<Catalog>
}

export function followerOn(control: TestControl): TestFollower {
  const follower = createSchemaFollower()
  return {
    version: (options, limitMs = 0) =>
      control.read((session) => follower.readVersion(session, schemaOptions(options), limitMs)),
    load: ({ options, timeoutMs, ...choices } = {}) =>
      control.read(
        (session) =>
          follower.load(session, {
            options: schemaOptions(options),
            previous: null,
            depth: 'load',
            signal: AbortSignal.timeout(timeoutMs ?? 60_000),
            readRoleSettings: true,
            statementTimeoutMs: 0,
            ...choices,
          }),
        timeoutMs,
      ),
  }
}

/** A load by a backend that knows nothing yet. */
export function introspect(control: TestControl, choices?: IntrospectionChoices): Promise<Catalog> {
  return followerOn(control).load(choices)
}
