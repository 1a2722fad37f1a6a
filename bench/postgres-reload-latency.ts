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

interface Reads {
  /** Milliseconds of each read so far. */
  readonly latencies: readonly number[]
  stop(): Promise<void>
}

/** One read every few milliseconds, whether or not the last one has been answered. */
function readSteadily(url: string, everyMs = 5): Reads {
  const latencies: number[] = []
  const running = new Set<Promise<void>>()
  const read = async () => {
    const begin = performance.now()
    // by the number the loop's monitor knows that requests are served
    const answer = await fetch(url, { headers: { 'X-Request-Number': '1' } })
    await answer.text()
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`)
    latencies.push(performance.now() - begin)
  }
  const timer = setInterval(() => {
    const reading = read().finally(() => running.delete(reading))
    running.add(reading)
  }, everyMs)
  return {
    latencies,
    async stop() {
      clearInterval(timer)
      await Promise.all(running)
    },
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
  const reads = readSteadily(`${server.url}/t1?limit=1`)
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
  await reads.stop()
  const [median, p90] = [0.5, 0.9].map((share) => quantile(latencies, share).toFixed(0))
  print(
    `${String(tables).padStart(6)} tables: COMMIT to published ${median} ms (median), ${p90} ms (90 %); longest stall ${monitored.stallMs().toFixed(0)} ms; reads ${quantile(reads.latencies, 0.99).toFixed(0)} ms (99 %); RSS after ${migrations} reloads ${rssOf(server).toFixed(0)} MB; cold start ${monitored.coldStartMs.toFixed(0)} ms`,
  )
}

/** How often the storm comes. */
const storms = 10

/**
 * Reads during storms on the server's channel, and during the same on one that it does not listen to:
 * sender, backends and a listener of its own are busy then, as the floor of what the storm costs.
 */
async function measureStorm(
  client: pg.Client,
  server: RunningServer,
  uri: string,
  { storm, print }: PostgresSettings,
): Promise<void> {
  const calm = readSteadily(`${server.url}/t1?limit=1`)
  await rest(3000)
  await calm.stop()
  const loads = () => server.stderr.filter((line) => /Schema cache queried/.test(line)).length
  const before = loads()
  const latencies: number[] = []
  const unheard: number[] = []
  let seconds = 0
  const other = new pg.Client(uri)
  await other.connect()
  await other.query('listen bench_other')
  // one takes so short that few reads fall into it
  for (let round = 0; round < storms; round += 1) {
    await rest(500)
    const aside = await startStorm(server, uri, [String(storm), 'bench_other'])
    unheard.push(...(await aside.end()))
    await rest(500)
    const from = server.stderr.length
    const heard = await startStorm(server, uri, [String(storm), 'pgrst'])
    // no read waits for the lock on the table that is changed
    await client.query(`alter table api.t2 add column after_storm${round} int; notify pgrst`)
    await server.line(/Reload by \S+: .*api\.t2\(/, { from })
    seconds += (performance.now() - heard.startedAt) / 1000
    latencies.push(...(await heard.end()))
  }
  await other.end()
  const p99 = (all: readonly number[]) => quantile(all, 0.99).toFixed(1)
  const served = `${loads() - before} reloads, and each change behind them was served`
  print(
    `        ${storms} storms of ${storm} notifications in ${seconds.toFixed(1)} s: ${served}; reads ${p99(latencies)} ms (99 %), before ${p99(calm.latencies)} ms, during storms for another listener ${p99(unheard)} ms`,
  )
}

/** Resolves when all notifications are sent. `end`: how long the reads since its begin took. */
async function startStorm(server: RunningServer, uri: string, args: readonly string[]) {
  const program = join(import.meta.dirname, 'notify-storm.js')
  const sender = spawn(process.execPath, [program, uri, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(sender.stdout, 'data')
  const reads = readSteadily(`${server.url}/t1?limit=1`)
  const startedAt = performance.now()
  sender.stdin.write('go')
  await once(sender, 'exit')
  return {
    startedAt,
    async end(): Promise<readonly number[]> {
      await reads.stop()
      return reads.latencies
    },
  }
}
