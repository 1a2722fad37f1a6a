/**
 * The real PgBouncer in front of a server, as Debian's package `pgbouncer` has it: in transaction
 * mode, where a few sessions with the server are handed on after each transaction.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

/** In front of the server on `port`, for `users` that it trusts. */
export async function startPgbouncer(port: number, users: readonly string[]): Promise<Pgbouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'dbrest-pgbouncer-'))
  chmodSync(directory, 0o755)
  const ownPort = await freePort()
  const userFile = join(directory, 'users.txt')
  const configFile = join(directory, 'pgbouncer.ini')
  writeFileSync(userFile, users.map((user) => `"${user}" ""\n`).join(''))
  writeFileSync(
    configFile,
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = trust
auth_file = ${userFile}
pool_mode = transaction
default_pool_size = 4
${plainNames()}`,
  )
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
