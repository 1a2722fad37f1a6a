/**
 * The same requests to PostgreSQL and to SQLite, through the whole server, get the same answers:
 * status, content type, range, body. The order of an object's keys is not compared, since `jsonb`
 * has its own.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresApi, servePostgres } from '../../support/postgres-api.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'
import { comparedRequests, postgresSchema, sqliteSchema } from './compared-requests.ts'

let postgres: PostgresApi
let sqlite: Awaited<ReturnType<typeof serveSqlite>>

beforeAll(async () => {
  sqlite = await serveSqlite(sqliteSchema)
  postgres = await servePostgres(postgresSchema)
})

afterAll(async () => {
  await sqlite.stop()
  await postgres.stop()
})

async function askPostgres(target: string, given: Readonly<Record<string, string>>) {
  const { status, headers, text } = await postgres.ask(target, { headers: given })
  return facts(status, headers, text)
}

function facts(status: number, headers: Headers, text: string): unknown {
  const isJson = headers.get('content-type')?.includes('json') === true
  return {
    status,
    type: headers.get('content-type'),
    range: headers.get('content-range'),
    body: isJson ? JSON.parse(text) : text,
  }
}

test.each(
  comparedRequests.map((request) =>
    typeof request === 'string' ? ([request, {}] as const) : request,
  ),
)('%s %o', async (target, headers) => {
  const { status, headers: given, text } = await sqlite.get(target, headers)
  // the engines call the schema by other names
  const renamed = text.replaceAll('main.', 'public.').replaceAll("schema 'main'", "schema 'public'")
  expect(facts(status, given, renamed)).toEqual(await askPostgres(target, headers))
})
