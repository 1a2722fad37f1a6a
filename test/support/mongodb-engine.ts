/**
 * Servers that speak MongoDB's wire protocol, for tests: secantusd-rs, an independent implementation
 * which cargo builds into a cache (`npm run test:mongodb-engine`), since no registry has a mongod.
 * A server is a process of its own on a free loopback port, a replica set of one member.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './postgres.ts'

/** The release that tests are written against; `scripts/mongodb-engine.js` builds the same. */
export const engineVersion = '0.5.3-beta.196'

export interface MongodbServer {
  readonly port: number
  readonly uri: string
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Starts again on the same port and data, with these flags beside those of before. */
  start(more?: readonly string[]): Promise<void>
  /** Ends it and removes the data. */
  destroy(): Promise<void>
}

/** What a test that needs an engine says where there is none. */
export const engineMissing =
  'SKIPPED: tests on MongoDB, no engine for them is here: `npm run test:mongodb-engine` builds one ' +
  'with cargo, once; or name a server in TEST_MONGODB_URI'

/** The binary: named, on the PATH, or built into the cache; null where it cannot be had. */
export function mongodbBinary(): string | null {
  const { TEST_SECANTUSD: named, XDG_CACHE_HOME: cache } = process.env
  if (named !== undefined && named !== '') {
    // whoever names a binary wants it used: it is not passed over in silence
    if (existsSync(named)) return named
    throw new Error(`TEST_SECANTUSD is ${named}, where there is no file`)
  }
  const found = spawnSync('sh', ['-c', 'command -v secantusd-rs'], { encoding: 'utf8' })
  if (found.status === 0) return found.stdout.trim()
  const built = join(
    cache === undefined || cache === '' ? join(homedir(), '.cache') : cache,
    'dbrest-test',
    `secantusd-rs-${engineVersion}`,
  )
  return existsSync(built) ? built : null
}

/**
 * Starts a server on this port or a free one, with an empty folder of its own. `flags` are added to
 * its arguments: `--standalone`, `--auth`, `--sync-on-commit`.
 */
export async function startMongodb(
  flags: readonly string[] = [],
  ownPort?: number,
): Promise<MongodbServer> {
  const binary = mongodbBinary()
  if (binary === null) throw new Error(engineMissing)
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-mongodb-'))
  const common = ['--host', '127.0.0.1', '--storage-path', folder, '--enable-test-commands']
  const sizes = ['--cache-size', '256M', '--log-file-max', '16MB']
  let child: ChildProcess | undefined
  // not one of the system's choice: that may be given to a connection while the server is down
  const port = ownPort ?? (await freePort())

  async function start(more: readonly string[] = []): Promise<void> {
    const args = [...common, ...sizes, '--port', String(port), ...flags, ...more]
    const started = spawn(binary as string, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    let log = ''
    await new Promise<void>((resolve, reject) => {
      const onOutput = (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-20_000)
        if (/listening on 127\.0\.0\.1:\d/.test(log)) resolve()
      }
      started.stdout.on('data', onOutput)
      started.stderr.on('data', onOutput)
      started.once('error', reject)
      started.once('exit', (code) => reject(new Error(`secantusd-rs exited with ${code}:\n${log}`)))
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
  return {
    port,
    uri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    async destroy() {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
