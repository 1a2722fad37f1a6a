/**
 * One process that answers requests against several (`server-workers`), in one interleaved run on a SQLite
 * file: where there is no database to wait for (a dear request that is refused, `OPTIONS`, the OpenAPI
 * document), where each request brings a JWT that nobody knows, and where SQLite's own processes want the
 * same cores. Whoever asks takes a share of the cores too, which is told: on two of them only what costs
 * the server far more than the asking, as the refused request does, can show what a second worker adds.
 *
 *   npm run bench:workers [-- --rounds 5 --seconds 3 --workers 2 --only OPTIONS --connections 32]
 */
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { compareContenders, type Request, startDbrest } from './compare-contenders.ts'
import { cpuTimeOf } from './cpu-time.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '32' },
  },
})
const rounds = {
  rounds: Number(options.rounds),
  connections: Number(options.connections),
  durationMs: Number(options.seconds) * 1000,
}

const secret = 'a secret of the benchmark, long enough'
/** Without a token, requests are this role's. */
const tokens = { DBREST_JWT_SECRET: secret, DBREST_DB_ANON_ROLE: 'anonymous' }

/** More than any cache of tokens holds, so that each request brings one that nobody knows. */
function signTokens(): readonly string[] {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return Array.from({ length: 20_000 }, (_, n) => {
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role: 'reader', n })}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  })
}

/**
 * Of 8 KB, in which each condition is read before the last one is found to have no such operator: about
 * two milliseconds of the server's time, and no database is asked. It is longer than what is kept parsed.
 */
function dearRequest(): string {
  const conditions = Array.from(
    { length: 120 },
    (_, i) => `or(id.eq.${i},name.like.*task%20${i}*,not.and(done.is.true,id.gt.${i}))`,
  )
  return `/tasks?select=id,name,done&and=(${conditions.join(',')},id.none.1)`
}

const byKey = '/tasks?id=eq.4711'
const requests: readonly Request[] = [
  { name: '8 KB of filters, refused', target: dearRequest(), isRefused: true },
  { name: 'OPTIONS, without a database', method: 'OPTIONS', target: '/tasks' },
  { name: 'the OpenAPI document', target: '/' },
  { name: 'read by key', target: byKey },
  { name: 'read by key, a new JWT each time', target: byKey, tokens: signTokens() },
]

async function compare(path: string, request: Request): Promise<void> {
  const start = (workers: string) =>
    startDbrest([path], { DBREST_SERVER_WORKERS: workers, ...tokens }, byKey)
  const several = await start(options.workers)
  const one = { ...(await start('1')), name: 'one process' }
  const [before, began] = [cpuTimeOf(process.pid) ?? 0, performance.now()]
  const { contenders } = await compareContenders([several, one], request, rounds)
  const share = ((cpuTimeOf(process.pid) ?? 0) - before) / 1000 / (performance.now() - began)
  const workers = contenders['dbrest']?.children.map(({ own, below }) =>
    below < 0.5 ? own.toFixed(0) : `${own.toFixed(0)} + ${below.toFixed(0)} in SQLite`,
  )
  console.log(
    `  dbrest has ${options.workers} workers, which took ${workers?.join(' and ')} µs for each ` +
      `request of all; who asks took ${share.toFixed(2)} of a core`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'dbrest-bench-'))
try {
  const path = join(folder, 'tasks.db')
  const db = new Database(path)
  db.exec(`create table tasks (id integer primary key, name text not null, done boolean not null);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
      insert into tasks select i, 'task ' || i, i % 3 = 0 from n`)
  db.close()
  for (const request of requests) {
    if (request.name.includes(options.only)) await compare(path, request)
  }
} finally {
  rmSync(folder, { recursive: true })
}
