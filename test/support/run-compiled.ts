/**
 * Runs compiled PostgreSQL statements over plain pg, so that tests of the compiler need nothing of
 * the server's own connection. Every run is rolled back: tests do not see each other's writes.
 */
import pg from 'pg'
import type { ApiRequest } from '../../src/api/api-request.ts'
import {
  type CompiledRequest,
  compilePlan,
} from '../../src/backends/postgres/compile/compile-postgres.ts'
import {
  bindPostgres,
  type PostgresStatement,
} from '../../src/backends/postgres/compile/postgres-statement.ts'
import type { DatabasePlan } from '../../src/plan/plan.ts'

export interface CompiledAnswer {
  readonly compiled: CompiledRequest
  readonly total: string | null
  readonly page: string | null
  readonly header: readonly string[]
  /** The body's text. */
  readonly body: string
  /** What it says as JSON; undefined when it is none. */
  readonly json: unknown
  readonly inserted: number | null
  readonly responseHeaders: string | null
  readonly responseStatus: string | null
  readonly columns: readonly string[]
  /** The planner's guess, when the plan asks for one. */
  readonly guess: number | null
  /** First column of every row: the lines of an EXPLAIN. */
  readonly lines: readonly string[]
}

export interface Runner {
  run(plan: DatabasePlan, request: ApiRequest): Promise<CompiledAnswer>
  close(): Promise<void>
}

export async function createRunner(uri: string): Promise<Runner> {
  const client = new pg.Client(uri)
  await client.connect()
  return {
    async run(plan, request) {
      await client.query('BEGIN')
      try {
        return await answer(client, plan, request)
      } finally {
        await client.query('ROLLBACK')
      }
    },
    close: () => client.end(),
  }
}

async function answer(
  client: pg.Client,
  plan: DatabasePlan,
  request: ApiRequest,
): Promise<CompiledAnswer> {
  const compiled = compilePlan(plan)
  const result = await send(client, compiled.mainFor(request), request)
  const row = result.rows[0] ?? []
  const columns = result.fields.map((field) => field.name)
  const named = new Map(columns.map((column, index) => [column, row[index] ?? null]))
  const body = named.get('body') ?? ''
  let guess: number | null = null
  if (compiled.explainCount !== null) {
    const explained = await send(client, compiled.explainCount, request)
    const parsed: readonly { readonly Plan: { readonly 'Plan Rows': number } }[] = JSON.parse(
      explained.rows[0]?.[0] ?? '',
    )
    guess = parsed[0]?.Plan['Plan Rows'] ?? null
  }
  return {
    compiled,
    total: named.get('total_result_set') ?? null,
    page: named.get('page_total') ?? null,
    header: toMembers(named.get('header') ?? '{}'),
    body,
    json: parseJson(body),
    inserted:
      named.get('response_inserted') == null ? null : Number(named.get('response_inserted')),
    responseHeaders: named.get('response_headers') ?? null,
    responseStatus: named.get('response_status') ?? null,
    columns,
    guess,
    lines: result.rows.map((each) => each[0] ?? ''),
  }
}

/** pg hands `types` to Parse and takes parsers from it too: an array of oids that leaves all text. */
function send(client: pg.Client, statement: PostgresStatement, request: ApiRequest) {
  const types = Object.assign([...statement.types], {
    getTypeParser: () => (text: string) => text,
  }) as unknown as pg.CustomTypesConfig
  return client.query<(string | null)[]>({
    text: statement.text,
    values: [...bindPostgres(statement, request)],
    rowMode: 'array',
    types,
  })
}

function toMembers(literal: string): readonly string[] {
  return literal === '{}'
    ? []
    : literal
        .slice(1, -1)
        .split(',')
        .map((each) => each.replaceAll('"', ''))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
