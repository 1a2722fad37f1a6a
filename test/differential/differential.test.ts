/**
 * The same random requests to PostgreSQL and to SQLite over the same rows, with PostgreSQL as the
 * judge: status, range, type and body are equal, or `known-differences.ts` says why not. A slice in
 * every run, more by hand:
 *
 *   DIFFERENTIAL_REQUESTS=20000 DIFFERENTIAL_SEED=7 npx vitest run test/differential
 */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresApi, servePostgres } from '../support/postgres-api.ts'
import { serveSqlite } from '../support/sqlite-database.ts'
import { type Answer, comparable, toAnswer } from './compare-answers.ts'
import { generateRead, type Read } from './generate-read.ts'
import { knownDifferences } from './known-differences.ts'
import { schemaFor } from './schema.ts'

const requests = Number(process.env['DIFFERENTIAL_REQUESTS'] ?? 600)
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 1)

let postgres: PostgresApi
let sqlite: Awaited<ReturnType<typeof serveSqlite>>

beforeAll(async () => {
  sqlite = await serveSqlite(schemaFor('sqlite'))
  postgres = await servePostgres(schemaFor('postgres'))
})

afterAll(async () => {
  await sqlite.stop()
  await postgres.stop()
})

async function ask({ target, headers, method }: Read): Promise<readonly [Answer, Answer]> {
  const [judge, answer] = await Promise.all([
    postgres.ask(target, { method, headers }),
    sqlite.get(target, headers, { method }),
  ])
  return [
    toAnswer(judge.status, judge.headers, judge.text),
    toAnswer(answer.status, answer.headers, answer.text),
  ]
}

function shown(read: Read, index: number, judge: Answer, answer: Answer): string {
  const cut = (value: unknown) => JSON.stringify(value).slice(0, 600)
  return `${index}: ${read.method} ${decodeURIComponent(read.target)} ${JSON.stringify(read.headers)}
    PostgreSQL ${cut(comparable(judge))}
    SQLite     ${cut(comparable(answer))}`
}

test(`reads from seed ${seed}`, { timeout: 3_600_000 }, async () => {
  const unexplained: string[] = []
  const explained = new Map<string, number>()
  const statuses = new Map<number, number>()
  for (let index = 0; index < requests; index += 1) {
    const read = generateRead(seed, index)
    const [judge, answer] = await ask(read)
    statuses.set(judge.status, (statuses.get(judge.status) ?? 0) + 1)
    const isOrdered = /[?&]order=/.test(read.target)
    if (isDeepStrictEqual(comparable(judge, isOrdered), comparable(answer, isOrdered))) continue
    const known = knownDifferences.find(({ explains }) => explains(read, judge, answer))
    if (known === undefined) unexplained.push(shown(read, index, judge, answer))
    else explained.set(known.name, (explained.get(known.name) ?? 0) + 1)
  }
  if (process.env['DIFFERENTIAL_REQUESTS'] !== undefined) {
    console.log(requests, 'reads', [...statuses], 'explained', [...explained])
  }
  expect(unexplained.length, unexplained.slice(0, 60).join('\n')).toBe(0)
  // a generator whose requests were all refused would compare nothing
  expect(statuses.get(200) ?? 0).toBeGreaterThan(requests / 3)
})
