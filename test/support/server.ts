/**
 * The built server as a real process: started with arguments and environment, watched by its log
 * lines, stopped with a signal. Nothing here sleeps: waiting means waiting for a line or an exit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from './postgres.ts'
import { registerSecretsOf, traceStream } from './trace.ts'

/** The checkout: benchmarks run compiled, from deeper inside it than tests do. */
function projectRoot(from: string = import.meta.dirname): string {
  return existsSync(join(from, 'package.json')) ? from : projectRoot(dirname(from))
}

const main = join(projectRoot(), 'dist', 'main.js')

export interface ServerOptions {
  readonly args?: readonly string[]
  /** `undefined` takes away what servers of tests have otherwise. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Resolve once this line appears on stderr; `null`: at once. */
  readonly until?: RegExp | null
  /** An executable in place of Node with the built server. */
  readonly command?: string
  /** For Node itself, in front of the built server. */
  readonly nodeArguments?: readonly string[]
  /** stdout and stderr are one pipe, read as both: for the order of lines between them. */
  readonly isOnePipe?: boolean
  /** Where it runs, if not here. */
  readonly cwd?: string
  /** The user that it runs as, for a run as root. */
  readonly uid?: number
  /** Sees every line first; one that it answers false to is not kept. */
  readonly onLine?: (stream: 'stdout' | 'stderr', line: string) => boolean
}

export interface RunningServer {
  readonly url: string
  readonly adminUrl: string
  readonly port: number
  readonly adminPort: number
  readonly child: ChildProcess
  /** Whole lines written so far. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Resolves with the first line from `from` on that matches. Rejects when the process ends first. */
  line(
    pattern: RegExp,
    options?: { readonly from?: number; readonly on?: 'stdout' | 'stderr' },
  ): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal's name, once the process has ended. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** SIGTERM, then waits for the end. */
  stop(): Promise<number | NodeJS.Signals>
}

function collectLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    rest += chunk.toString()
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) onLine(part)
  })
}

export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const port = Number(options.env?.['DBREST_SERVER_PORT'] ?? (await freePort()))
  const adminPort = Number(options.env?.['DBREST_ADMIN_SERVER_PORT'] ?? (await freePort()))
  const command: readonly [string, ...string[]] = [
    options.command ?? process.execPath,
    ...(options.command === undefined ? [...(options.nodeArguments ?? []), main] : []),
    ...(options.args ?? []),
  ]
  const [file, args] = options.isOnePipe
    ? (['/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command]] as const)
    : ([command[0], command.slice(1)] as const)
  registerSecretsOf(options.args ?? [], options.env ?? {})
  const child = spawn(file, args, {
    env: {
      DBREST_SERVER_HOST: '127.0.0.1',
      DBREST_ADMIN_SERVER_HOST: '127.0.0.1',
      DBREST_SERVER_PORT: String(port),
      DBREST_ADMIN_SERVER_PORT: String(adminPort),
      DBREST_LOG_LEVEL: 'info',
      // for a run of tests that are about something else, with workers
      ...(process.env['TEST_SERVER_WORKERS'] === undefined
        ? {}
        : { DBREST_SERVER_WORKERS: process.env['TEST_SERVER_WORKERS'] }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  const stdout: string[] = []
  const lines = { stdout, stderr: options.isOnePipe ? stdout : [] }
  const waiters = new Set<() => void>()
  const wake = () => {
    for (const waiter of [...waiters]) waiter()
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', traceStream(`${name} of a server`))
    collectLines(child[name], (text) => {
      if (options.onLine?.(name, text) === false) return
      lines[name].push(text)
      wake()
    })
  }
  let ended: number | NodeJS.Signals | undefined
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      ended = code ?? signal ?? 1
      wake()
      resolve(ended)
    })
  })

  const server: RunningServer = {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    port,
    adminPort,
    child,
    stdout: lines.stdout,
    stderr: lines.stderr,
    line(pattern, { from = 0, on = 'stderr' } = {}) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = lines[on].slice(from).find((line) => pattern.test(line))
          if (found === undefined && ended === undefined) return
          waiters.delete(look)
          if (found !== undefined) resolve(found)
          else {
            const log = lines.stderr.join('\n')
            reject(new Error(`the server ended (${ended}) before ${pattern} appeared:\n${log}`))
          }
        }
        waiters.add(look)
        look()
      })
    },
    signal(name) {
      child.kill(name)
    },
    exited,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
  if (options.until !== null) await server.line(options.until ?? /API server listening on/)
  return server
}

interface CommandTraits {
  /** For a dump that is asked for with its secrets: it is not kept for the search after the run. */
  readonly mayPrintSecrets?: boolean
}

/** Runs a command of the built server to its end. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { mayPrintSecrets = false }: CommandTraits = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  registerSecretsOf(args, env)
  const child = spawn(process.execPath, [main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // a command that serves instead of ending must not outlive its test
    timeout: 80_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  if (!mayPrintSecrets) child.stdout.on('data', traceStream('stdout of a command'))
  child.stderr.on('data', traceStream('stderr of a command'))
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const code = await new Promise<number>((resolve) => {
    child.once('close', (status) => resolve(status ?? 1))
  })
  return { code, stdout, stderr }
}
