/**
 * The real PgBouncer in front of a server, as Debian's package `pgbouncer` has it, with the
 * configuration of docs/poolers.md: in transaction mode a few sessions with the server are handed on
 * after each transaction, in session mode each client has one to itself.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, serverUser } from './postgres.ts'

const binary = '/usr/sbin/pgbouncer'

/** Where it is not, this is told. */
export function hasPgbouncer(): boolean {
  if (existsSync(binary)) return true
  console.warn(`SKIPPED: tests behind PgBouncer, ${binary} is not installed`)
  return false
}

/** From 1.21 on it can keep the prepared statements of clients apart; here it is not to. */
function plainNames(): string {
  const version = /PgBouncer (\d+)\.(\d+)/.exec(execFileSync(binary, ['--version']).toString())
  const isAble = Number(version?.[1]) * 1000 + Number(version?.[2]) >= 1021
  return isAble ? 'max_prepared_statements = 0\n' : ''
}

export interface Pgbouncer {
  readonly port: number
  stop(): Promise<void>
}

const page = join(import.meta.dirname, '..', '..', 'docs', 'poolers.md')

/** The blocks of the page in `ini`, in their order. */
export function poolerBlocks(): readonly string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```ini\n(.*?)^```$/gms)].map(
    ([, block = '']) => block,
  )
}

/** The page's file for the places of a test; every line that is named has to be there. */
function configuration(lines: Readonly<Record<string, string>>): string {
  return Object.entries(lines).reduce((file, [name, value]) => {
    const line = new RegExp(`^${name} = .*$`, 'm')
    if (!line.test(file)) throw new Error(`docs/poolers.md says nothing of ${name}`)
    return file.replace(line, `${name === 'films' ? '*' : name} = ${value}`)
  }, poolerBlocks()[0] ?? '')
}

/** In front of the server on `port`, for `users` that it trusts. */
export async function startPgbouncer(
  port: number,
  users: readonly string[],
  mode: 'transaction' | 'session' = 'transaction',
): Promise<Pgbouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'dbrest-pgbouncer-'))
  chmodSync(directory, 0o755)
  const ownPort = await freePort()
  const userFile = join(directory, 'users.txt')
  const configFile = join(directory, 'pgbouncer.ini')
  writeFileSync(userFile, users.map((user) => `"${user}" ""\n`).join(''))
  const own = configuration({
    films: `host=127.0.0.1 port=${port}`,
    listen_addr: '127.0.0.1',
    listen_port: String(ownPort),
    auth_type: 'trust',
    auth_file: userFile,
    pool_mode: mode,
    // few, so that clients meet each other on them; in session mode as many as they hold
    default_pool_size: mode === 'transaction' ? '4' : '20',
  })
  writeFileSync(configFile, `${own}unix_socket_dir =\n${plainNames()}`)
  const user = serverUser()
  const child = spawn(binary, [configFile], { stdio: ['ignore', 'ignore', 'pipe'], ...user })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-50_000)
      if (log.includes('process up')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`pgbouncer exited with ${code}:\n${log}`)))
  })
  return {
    port: ownPort,
    async stop() {
      child.kill('SIGKILL')
      await exited
      rmSync(directory, { recursive: true })
    },
  }
}
