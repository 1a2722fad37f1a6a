/**
 * The clusters of this run, made by `global-setup.ts`, and databases in them.
 */
import pg from 'pg'
import { inject } from 'vitest'
import type { Cluster, PostgresVersion } from './postgres.ts'

export interface TestDatabase {
  readonly version: PostgresVersion
  readonly name: string
  readonly port: number
  uri(user?: string, password?: string): string
  /** Runs SQL as the superuser; several statements may be given. Returns the last one's rows. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  drop(): Promise<void>
}

export function clusterVersions(): readonly PostgresVersion[] {
  return inject('clusters').map((cluster) => cluster.version)
}

async function run(uri: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(uri)
  await client.connect()
  try {
    const result: unknown = await client.query(sql)
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last as pg.QueryResult<Record<string, unknown>>).rows
  } finally {
    await client.end()
  }
}

/**
 * A new database of its own for a test file, with `sql` run in it. Roles, and grants on parameters,
 * are shared by a cluster: a file that wants to be alone with them brings a cluster of its own.
 */
export async function createTestDatabase(
  sql = '',
  version: PostgresVersion = '18',
  own?: Pick<Cluster, 'port'>,
): Promise<TestDatabase> {
  const cluster = own ?? inject('clusters').find((candidate) => candidate.version === version)
  if (cluster === undefined) throw new Error(`no PostgreSQL ${version} in this run`)
  const { port } = cluster
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  const admin = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await run(admin, `create database ${name}`)
  const uri = `postgresql://postgres@127.0.0.1:${port}/${name}`
  if (sql !== '') await run(uri, sql)
  return {
    version,
    name,
    port,
    uri(user = 'postgres', password) {
      const login = password === undefined ? user : `${user}:${encodeURIComponent(password)}`
      return `postgresql://${login}@127.0.0.1:${port}/${name}`
    },
    query: (text) => run(uri, text),
    async drop() {
      await run(admin, `drop database if exists ${name} with (force)`)
    },
  }
}
