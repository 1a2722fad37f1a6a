/**
 * PostgreSQL databases as an API's are set up: a login role of its own that may become the
 * anonymous role and nothing else. The roles are shared by a cluster, so they are made by one
 * session at a time.
 */
import pg from 'pg'
import type { Cluster, PostgresVersion } from './postgres.ts'
import { createTestDatabase, type TestDatabase } from './shared-cluster.ts'

export const loginRole = 'process_login'
/** Clusters of tests do not ask for it, unless told to; servers of tests know it all the same. */
const loginPassword = 'login/pass@word%of:tests'
export const anonRole = 'process_anon'
export const authorRole = 'process_author'

const rolesSql = `
  begin;
  select pg_advisory_xact_lock(7261);
  do $$
  declare
    name text;
  begin
    foreach name in array array['${anonRole}', '${authorRole}'] loop
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin', name);
      end if;
    end loop;
    if not exists (select from pg_roles where rolname = '${loginRole}') then
      create role ${loginRole} login noinherit;
      grant ${anonRole}, ${authorRole} to ${loginRole};
    end if;
  end $$;
  commit`

/** Whatever the tests create in `public` later is granted as well. */
const grantsSql = `
  grant all on all tables in schema public to ${anonRole}, ${authorRole};
  grant all on all sequences in schema public to ${anonRole}, ${authorRole};
  alter default privileges in schema public grant all on tables to ${anonRole}, ${authorRole};
  alter default privileges in schema public grant all on sequences to ${anonRole}, ${authorRole};`

export interface ApiDatabase extends TestDatabase {
  /** What a server needs to serve it. */
  readonly env: Readonly<Record<string, string>>
  /** A session left open, as a migration or a client has it. Closed by whoever asked for it. */
  connect(): Promise<pg.Client>
}

export function serverEnv(uri: string): Readonly<Record<string, string>> {
  return { DBREST_DB_URI: uri, DBREST_DB_ANON_ROLE: anonRole }
}

async function connectTo(uri: string): Promise<pg.Client> {
  const client = new pg.Client(uri)
  // a test that kills servers or backends says so itself
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** A database of the run's shared cluster. */
export async function createApiDatabase(
  sql: string,
  version: PostgresVersion = '18',
): Promise<ApiDatabase> {
  const database = await createTestDatabase('', version)
  const roles = await connectTo(
    `postgresql://postgres@127.0.0.1:${database.port}/postgres?application_name=test`,
  )
  await roles.query(rolesSql).finally(() => roles.end())
  await database.query(`${sql};${grantsSql}`)
  return {
    ...database,
    env: serverEnv(database.uri(loginRole, loginPassword)),
    connect: () => connectTo(database.uri()),
  }
}

/** The same in a cluster of the test's own, which may be stopped and killed. */
export async function createApiDatabaseIn(
  cluster: Cluster,
  sql: string,
): Promise<{ readonly name: string; readonly env: Readonly<Record<string, string>> }> {
  const name = await cluster.createDatabase()
  await cluster.query(rolesSql)
  await cluster.query(`${sql};${grantsSql}`, name)
  return { name, env: serverEnv(cluster.uri(name, loginRole, loginPassword)) }
}
