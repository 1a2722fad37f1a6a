/**
 * Strict mode under fire: clients that read and write at every isolation level, and a migration every
 * 50 milliseconds, of which nothing tells the server. A checker that knows the history of the schema
 * judges every answer: it must be that of a state that was in force at some moment of its request. Nor
 * does a migration wait: it is refused its locks after twenty seconds, and none of them is on the mark.
 *
 * `STRICT_CHECK_MS` says for how long, `STRICT_CHECK_SEED` in which order, `STRICT_CHECK_POSTGRES` on
 * which version.
 */
import { Agent } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createRandom } from '../fuzz/random.ts'
import { anonRole, createApiDatabaseIn, loginRole, serverEnv } from '../support/api-database.ts'
import { ask, type HttpReply } from '../support/http-client.ts'
import { type JudgedRequest, judgedRequests } from '../support/judged-requests.ts'
import { hasPgbouncer, startPgbouncer } from '../support/pgbouncer.ts'
import { availableVersions, type Cluster, startCluster } from '../support/postgres.ts'
import {
  createSchemaHistory,
  historyFixture,
  historyRows,
  type SchemaHistory,
} from '../support/schema-history.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve } from '../support/test-server.ts'

const durationMs = Number(process.env['STRICT_CHECK_MS'] ?? 2000)
const seed = Number(process.env['STRICT_CHECK_SEED'] ?? Date.now() % 100_000)
const wantedVersion = process.env['STRICT_CHECK_POSTGRES'] ?? '18'
const clients = 16
/** Milliseconds between migrations: without a rest, and so that most requests meet one state alone. */
const paces = { storm: 50, breeze: 400 } as const

const levels = ['read committed', 'repeatable read', 'serializable']
const roleOf = (level: string) => `strict_${level.replace(' ', '_')}`

const rolesSql = levels
  .map(
    (level) => `
    create role ${roleOf(level)} nologin;
    grant ${anonRole} to ${roleOf(level)};
    alter role ${roleOf(level)} set default_transaction_isolation = '${level}';`,
  )
  .join('')

interface Verdicts {
  readonly counts: Record<string, number>
  judged: number
  readonly contradictions: string[]
  readonly latencies: number[]
  /** Tokens of the inserts by how they were answered. */
  readonly done: Set<string>
  readonly refused: Set<string>
}

let cluster: Cluster
beforeAll(async () => {
  const version = availableVersions().find((each) => each === wantedVersion)
  if (version === undefined) throw new Error(`PostgreSQL ${wantedVersion} is not here`)
  cluster = await startCluster({ version })
})
afterAll(() => cluster?.destroy())

async function freshDatabase(): Promise<string> {
  const { name } = await createApiDatabaseIn(cluster, historyFixture)
  const [row] = await cluster.query(
    `select count(*)::int as n from pg_roles where rolname = '${roleOf('serializable')}'`,
  )
  if (row?.['n'] === 0) {
    await cluster.query(rolesSql)
    await cluster.query(`grant ${levels.map(roleOf).join(', ')} to ${loginRole}`)
  }
  const installed = await runCommand(['schema-mark', 'install'], {
    DBREST_DB_URI: cluster.uri(name),
  })
  expect(installed.code).toBe(0)
  return name
}

/** Not answered: the schema could not be proven, or the transaction met another one. */
function isRefused({ status, body }: HttpReply): boolean {
  if (typeof body !== 'object' || body === null || !('code' in body)) return false
  return (status === 503 && body.code === 'PGRST002') || /^40(001|P01)$/.test(String(body.code))
}

function judge(
  verdicts: Verdicts,
  request: JudgedRequest,
  row: number,
  reply: HttpReply,
  history: SchemaHistory,
  [begun, ended]: readonly [number, number],
): void {
  const { counts, contradictions } = verdicts
  const count = (word: string) => {
    counts[word] = (counts[word] ?? 0) + 1
  }
  if (isRefused(reply)) {
    count('refused')
    return
  }
  verdicts.judged += 1
  const states = history.statesBetween(begun, ended)
  count(states.length === 1 ? 'judged by one state' : 'judged by several states')
  if (states.some((state) => request.fits(reply, state, row))) return
  const took = Math.round(ended - begun)
  contradictions.push(
    `${request.name}, ${took} ms: ${reply.status} ${reply.text.slice(0, 300)} in ${JSON.stringify(states)}`,
  )
}

interface Duration {
  readonly forMs: number
  /** It goes on until then, however slow the machine is. */
  readonly until: (verdicts: Verdicts) => boolean
  /** Whether migrations end after the time, and requests alone go on. */
  readonly endsInPeace: boolean
}

async function play(
  server: RunningServer,
  name: string,
  paceMs: number,
  { forMs, until, endsInPeace }: Duration,
): Promise<Verdicts & { history: SchemaHistory }> {
  const random = createRandom(seed)
  const history = createSchemaHistory(cluster.uri(name), random)
  const verdicts: Verdicts = {
    counts: {},
    judged: 0,
    contradictions: [],
    latencies: [],
    done: new Set(),
    refused: new Set(),
  }
  const tokens = await Promise.all(levels.map((level) => signJwt({ role: roleOf(level) })))
  const over = new AbortController()
  const peace = new AbortController()
  let isTimeUp = false
  function end(): void {
    peace.abort()
    over.abort()
  }
  function endIfEnough(): void {
    if (isTimeUp && until(verdicts)) end()
  }
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  onTestFinished(() => agent.destroy())

  async function runClient(row: number): Promise<void> {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const request = random.pick(judgedRequests)
      const token = `${row}.${n}`
      const body = request.body?.(token)
      const begun = performance.now()
      const reply = await ask(`${server.url}${request.path(row)}`, {
        method: request.method,
        agent,
        headers: {
          Authorization: `Bearer ${random.pick(tokens)}`,
          Prefer: 'return=representation',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const ended = performance.now()
      verdicts.latencies.push(ended - begun)
      if (request.path(row).startsWith('/visits')) {
        const list = reply.status === 201 ? verdicts.done : verdicts.refused
        list.add(token)
      }
      judge(verdicts, request, row, reply, history, [begun, ended])
      endIfEnough()
    }
  }

  /** Nobody ever waits for a lock on what is ours. */
  async function watchLocks(): Promise<void> {
    const client = new pg.Client(cluster.uri(name))
    await client.connect()
    try {
      while (!over.signal.aborted) {
        const { rows } = await client.query(
          `select relation::regclass::text || ' ' || locktype || ' ' || mode as name from pg_locks
            where not granted and relation in
              (select oid from pg_class where relnamespace = 'dbrest'::regnamespace)`,
        )
        for (const row of rows) verdicts.contradictions.push(`somebody waits for ${row.name}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      await client.end()
    }
  }

  const timer = setTimeout(() => {
    isTimeUp = true
    if (endsInPeace) peace.abort()
    endIfEnough()
  }, forMs)
  const ends = [
    history.migrate(paceMs, peace.signal),
    watchLocks(),
    ...Array.from({ length: clients }, (_, at) => runClient((at % historyRows) + 1)),
  ].map((work) =>
    work.catch((failure: unknown) => {
      end()
      throw failure
    }),
  )
  await Promise.all(ends).finally(() => clearTimeout(timer))
  return { ...verdicts, history }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

function tell(
  where: string,
  { counts, judged, latencies, history, contradictions }: Verdicts & { history: SchemaHistory },
): void {
  const share = Math.round((100 * judged) / Math.max(latencies.length, 1))
  console.info(
    `strict mode ${where} on PostgreSQL ${wantedVersion}, seed ${seed}: ${history.migrations} migrations (median ${percentile(history.durations, 0.5)} ms, most ${percentile(history.durations, 1)} ms), ${share} % of ${latencies.length} requests answered, ${JSON.stringify(counts)}, p50 ${percentile(latencies, 0.5)} ms, p99 ${percentile(latencies, 0.99)} ms, contradictions ${contradictions.length}`,
  )
}

/** Nothing tells the server of a change. */
const deaf = {
  DBREST_DB_CHANNEL_ENABLED: 'false',
  DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
  DBREST_JWT_SECRET: testSecret,
  DBREST_LOG_LEVEL: 'crit',
}

describe('answers while the schema never rests', () => {
  test.each([
    ['directly', 'storm'],
    ['directly', 'breeze'],
    ['behind PgBouncer', 'storm'],
    ['behind PgBouncer', 'breeze'],
  ] as const)(
    'are of a schema that was in force, %s in a %s',
    async (where, pace) => {
      if (where !== 'directly' && !hasPgbouncer()) return
      const name = await freshDatabase()
      const pooler = where === 'directly' ? null : await startPgbouncer(cluster.port, [loginRole])
      if (pooler !== null) onTestFinished(() => pooler.stop())
      const uri =
        pooler === null
          ? cluster.uri(name, loginRole)
          : `postgresql://${loginRole}@127.0.0.1:${pooler.port}/${name}`
      const server = await serve({
        env: { ...serverEnv(uri), ...deaf, DBREST_DB_SCHEMA_STRICT: 'true' },
      })
      // what is refused throughout contradicts nothing, and says nothing
      const played = await play(server, name, paces[pace], {
        forMs: durationMs,
        until: ({ judged }) => judged > 0,
        // in a storm a slow machine may prove nothing at all while it lasts
        endsInPeace: pace === 'storm',
      })
      tell(`${where} in a ${pace}`, played)
      expect(played.contradictions.slice(0, 5)).toEqual([])
      // each write that was answered was done once, and none of the others
      const rows = await cluster.query('select token from visits order by token', name)
      expect(rows.map(({ token }) => token)).toEqual([...played.done].sort())
    },
    durationMs + 90_000,
  )

  test('contradict it without strict mode, which the checker notices', async () => {
    const name = await freshDatabase()
    const server = await serve({ env: { ...serverEnv(cluster.uri(name, loginRole)), ...deaf } })
    const played = await play(server, name, paces.storm, {
      forMs: 2000,
      until: ({ contradictions }) => contradictions.length > 0,
      endsInPeace: false,
    })
    tell('off', played)
    expect(played.contradictions.length).toBeGreaterThan(0)
  })
})
