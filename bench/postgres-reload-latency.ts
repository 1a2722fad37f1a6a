/**
 * How long after a migration's COMMIT its change is served on PostgreSQL, at several sizes of a schema:
 * tables of eight columns, each with a foreign key to the one before. A migration adds a column to a
 * table in the middle and notifies, in one transaction; the log line of the reload says when its snapshot
 * is in force. Meanwhile a client reads a row every few milliseconds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { type Cluster, startCluster } from '../test/support/postgres.ts'
import { type RunningServer, startServer } from '../test/support/server.ts'

export interface PostgresSettings {
  /** Sizes of the schema, one after the other. */
  readonly tables: readonly number[]
  readonly migrations: number
  /** Notifications of the storm. */
  readonly storm: number
  readonly print: (line: string) => void
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A transaction of more tables would run out of locks. */
const tablesAtOnce = 250

async function createTables(client: pg.Client, from: number, to: number): Promise<void> {
  for (let first = from + 1; first <= to; first += tablesAtOnce) {
    const last = Math.min(to, first + tablesAtOnce - 1)
    await client.query(`
      do $$ begin
        for i in ${first}..${last} loop
          execute format(
            'create table api.t%s (id int primary key, a text, b int, c date, d numeric, e timestamptz,
              f boolean, before_id int references api.t%s)', i, greatest(i - 1, 1));
          execute format('grant select on api.t%s to bench_anon', i);
        end loop;
      end $$`)
  }
}

interface Read {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly ms: number
}

type Span = readonly [from: number, to: number]

const now = () => performance.timeOrigin + performance.now()

/** Reads from a process of its own, until it is stopped. */
async function readSteadily(url: string) {
  const reader = runProgram('steady-reads.js', [url])
  await reader.isReady
  return {
    async stop(): Promise<readonly Read[]> {
      reader.child.stdin.end()
      const reads: readonly Span[] = JSON.parse(await reader.rest())
      return reads.map(([at, ms]) => ({ at, ms }))
    },
  }
}

/**
 * A program of this folder as a process. It says when it is ready; `rest`: what it says then.
 * `isReady` rejects where it ends before.
 */
function runProgram(name: string, args: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal} before it was ready`)
  })
  return {
    child,
    isReady: Promise.race([once(child.stdout, 'data'), ended]),
    rest: async () => (await said).replace(/^ready\n/, ''),
  }
}

function rssOf({ child }: RunningServer): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

interface MonitoredServer {
  readonly server: RunningServer
  /** From the start of the process to its first snapshot. */
  readonly coldStartMs: number
  /** The longest that the event loop was held since the first read, of processor time. */
  stallMs(): number
  stop(): Promise<void>
}

async function start(cluster: Cluster): Promise<MonitoredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-bench-'))
  const report = join(folder, 'turns.json')
  const startedAt = performance.now()
  const server = await startServer({
    env: {
      DBREST_DB_URI: cluster.uri('postgres'),
      DBREST_DB_SCHEMAS: 'api',
      DBREST_DB_ANON_ROLE: 'bench_anon',
      LOOP_REPORT: report,
    },
    nodeArguments: ['--import', join(process.cwd(), 'test', 'support', 'loop-monitor.js')],
    until: /Schema cache loaded in/,
  })
  const coldStartMs = performance.now() - startedAt
  return {
    server,
    coldStartMs,
    stallMs() {
      const [longest]: readonly { readonly ms: number }[] = JSON.parse(readFileSync(report, 'utf8'))
      return longest?.ms ?? Number.NaN
    },
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function measurePostgres(settings: PostgresSettings): Promise<void> {
  const { print } = settings
  const cluster = await startCluster()
  const client = new pg.Client(cluster.uri('postgres'))
  try {
    await client.connect()
    await client.query(`
      create role bench_anon nologin; create schema api; grant usage on schema api to bench_anon`)
    let tables = 0
    for (const [at, wanted] of settings.tables.toSorted((a, b) => a - b).entries()) {
      await createTables(client, tables, wanted)
      await client.query('analyze')
      tables = wanted
      const monitored = await start(cluster)
      try {
        await measureMigrations(client, monitored, tables, settings)
        if (at === 0) {
          await measureStorm(client, monitored.server, cluster.uri('postgres'), settings)
        }
      } finally {
        await monitored.stop()
      }
    }
  } finally {
    await client.end()
    await cluster.destroy()
  }
  print('longest stall: processor time of one turn of the event loop, while a client read')
}

async function measureMigrations(
  client: pg.Client,
  monitored: MonitoredServer,
  tables: number,
  { migrations, print }: PostgresSettings,
): Promise<void> {
  const { server } = monitored
  const table = `api.t${Math.ceil(tables / 2)}`
  const reads = await readSteadily(`${server.url}/t1?limit=1`)
  const latencies: number[] = []
  for (let i = 0; i < migrations; i += 1) {
    // reloads that follow within 100 ms of another wait for it
    await rest(200)
    const from = server.stderr.length
    await client.query(
      `begin; alter table ${table} add column m${tables}_${i} int; notify pgrst, 'reload schema'; commit`,
    )
    const committedAt = performance.now()
    await server.line(/^.*Reload by \S+: /, { from })
    latencies.push(performance.now() - committedAt)
  }
  const readMs = (await reads.stop()).map(({ ms }) => ms)
  const [median, p90] = [0.5, 0.9].map((share) => quantile(latencies, share).toFixed(0))
  print(
    `${String(tables).padStart(6)} tables: COMMIT to published ${median} ms (median), ${p90} ms (90 %); longest stall ${monitored.stallMs().toFixed(0)} ms; reads ${quantile(readMs, 0.99).toFixed(0)} ms (99 %); RSS after ${migrations} reloads ${rssOf(server).toFixed(0)} MB; cold start ${monitored.coldStartMs.toFixed(0)} ms`,
  )
}

/** How often the storm comes: one takes so short that few reads fall into it. */
const storms = 20

/** Milliseconds before each storm. */
const calmMs = 500

/**
 * Reads during storms on the server's channel, in the calm before them, and during the same on a channel
 * that the server does not listen to: sender, backends and a listener of its own are busy then, as the
 * floor of what the storm costs. Behind each that it hears something changes, and has to be served.
 */
async function measureStorm(
  client: pg.Client,
  server: RunningServer,
  uri: string,
  { storm, print }: PostgresSettings,
): Promise<void> {
  const loads = () => server.stderr.filter((line) => /Schema cache queried/.test(line)).length
  const before = loads()
  const spans = { calm: [] as Span[], aside: [] as Span[], heard: [] as Span[] }
  const changes: Span[] = []
  const other = new pg.Client(uri)
  await other.connect()
  await other.query('listen bench_other')
  const reads = await readSteadily(`${server.url}/t1?limit=1`)
  for (let round = 0; round < storms; round += 1) {
    for (const kind of ['aside', 'heard'] as const) {
      const channel = kind === 'heard' ? 'pgrst' : 'bench_other'
      const sender = runProgram('notify-storm.js', [uri, String(storm), channel])
      await sender.isReady
      const calmFrom = now()
      await rest(calmMs)
      spans.calm.push([calmFrom, now()])
      const from = server.stderr.length
      sender.child.stdin.write('go')
      const span: Span = JSON.parse(await sender.rest())
      spans[kind].push(span)
      if (kind === 'aside') continue
      // no read waits for the lock on the table that is changed
      await client.query(`alter table api.t2 add column after_storm${round} int; notify pgrst`)
      await server.line(/Reload by \S+: .*api\.t2\(/, { from })
      changes.push([span[1], now()])
    }
  }
  const all = await reads.stop()
  await other.end()
  const p99 = (within: readonly Span[]) => {
    const during = all.filter(({ at }) => within.some(([from, to]) => from <= at && at < to))
    return `${quantile(
      during.map(({ ms }) => ms),
      0.99,
    ).toFixed(1)} ms (99 % of ${during.length})`
  }
  const seconds = spans.heard.reduce((sum, [from, to]) => sum + to - from, 0) / 1000
  print(
    `        ${storms} storms of ${storm} notifications in ${seconds.toFixed(1)} s, ${loads() - before} loads, and each change behind them was served: reads ${p99(spans.heard)}, in the calm before ${p99(spans.calm)}, during storms for another listener ${p99(spans.aside)}, while the changes behind were loaded ${p99(changes)}`,
  )
}
