/**
 * A streaming replica of a test cluster, made from a copy of its stopped data directory.
 */
import { spawn } from 'node:child_process'
import {
  chownSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, freePort, postgresBinaries } from './postgres.ts'

export interface Replica {
  readonly port: number
  destroy(): Promise<void>
}

/** Stops the primary for a moment. */
export async function startReplica(primary: Cluster): Promise<Replica> {
  const [row] = await primary.query('show data_directory')
  const source = String(row?.['data_directory'])
  const { uid, gid } = statSync(source)
  const base = mkdtempSync(join(tmpdir(), 'dbrest-replica-'))
  const data = join(base, 'data')
  await primary.stop()
  cpSync(source, data, { recursive: true, preserveTimestamps: true })
  await primary.start()
  rmSync(join(data, 'postmaster.pid'), { force: true })
  writeFileSync(join(data, 'standby.signal'), '')
  chownAll(base, uid, gid)

  const bin = postgresBinaries(primary.version)
  if (bin === null) throw new Error('the primary runs, so its binaries are there')
  const port = await freePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${base}`,
    `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres`,
    'hot_standby=on',
    // no less than the primary's, else it does not start
    'max_connections=200',
    'max_prepared_transactions=5',
  ]
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      cwd: base,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let log = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('ready to accept read-only connections')) resolve()
    })
    server.once('exit', (code) => reject(new Error(`the replica exited with ${code}:\n${log}`)))
  })
  return {
    port,
    async destroy() {
      const exited = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGQUIT')
      await exited
      rmSync(base, { recursive: true, force: true })
    },
  }
}

function chownAll(folder: string, uid: number, gid: number): void {
  if (process.getuid?.() !== 0) return
  chownSync(folder, uid, gid)
  for (const entry of readAll(folder)) chownSync(entry, uid, gid)
}

function readAll(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(folder, name),
  )
}
