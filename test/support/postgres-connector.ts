/**
 * Connections of the PostgreSQL backend to a test database, with what a test wants to decide left
 * open.
 */
import { setMaxListeners } from 'node:events'
import { userInfo } from 'node:os'
import {
  type Connector,
  createConnector,
} from '../../src/backends/postgres/connect/connect-postgres.ts'
import { parseConnection } from '../../src/backends/postgres/connect/parse-connection.ts'
import type {
  BatchStep,
  DataRow,
  PostgresConnection,
} from '../../src/backends/postgres/protocol/postgres-connection.ts'

/** Never aborted; many wait on it at once. */
export const noSignal = new AbortController().signal
setMaxListeners(0, noSignal)

/** `env` are libpq's variables; none come from the environment of the test. */
export function connectorTo(
  uri: string,
  env: Readonly<Record<string, string>> = {},
  statementCapacity = 100,
): Connector {
  return createConnector({
    settings: () =>
      parseConnection(uri, { env, systemUser: userInfo().username, readFile: () => null }),
    files: { readFile: () => null, home: null },
    statementCapacity,
    random: () => 0.5,
  })
}

export function connectTo(uri: string, statementCapacity?: number): Promise<PostgresConnection> {
  return connectorTo(uri, {}, statementCapacity).connect({ id: 'test', signal: noSignal })
}

/** A statement whose rows are wanted. */
export function step(text: string, ...params: readonly (string | Uint8Array | null)[]): BatchStep {
  return { text, params, types: [], isPrepared: true, keep: 'rows' }
}

export function texts(rows: readonly DataRow[]): readonly (readonly (string | null)[])[] {
  return rows.map((row) => row.map((value) => value?.toString('utf8') ?? null))
}
