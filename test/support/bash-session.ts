/**
 * One bash that scripts are given to, one after the other: directories, variables and jobs stay from
 * one to the next. What is printed is kept by stream, so that the lines of servers in the background,
 * which go to stderr, are not among the answers of clients.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

export interface ScriptEnd {
  readonly stdout: string
  readonly stderr: string
  /** Of the last command; null where the shell ended with it. */
  readonly code: number | null
  /** The process that was last left in the background; 0: none. */
  readonly job: number
}

export interface BashSession {
  /** One at a time. Rejects when it does not end within five minutes. */
  run(script: string): Promise<ScriptEnd>
  /** What was printed to stderr so far, by servers in the background too. */
  stderr(): string
  /** Resolves with the next thing that is printed, or when the time is over. */
  printed(withinMs: number): Promise<void>
  /** Ends what was left in the background as a user does, then the rest. */
  close(): Promise<void>
}

/** Ends what hangs: compilers and package managers take their time on a busy machine. */
const scriptLimitMs = 300_000

export function openBash(cwd: string, env: Readonly<Record<string, string>>): BashSession {
  // a group of its own, of which nothing is left behind
  const child = spawn('bash', ['--noprofile', '--norc'], { cwd, env, detached: true })
  const texts = { stdout: '', stderr: '' }
  let isOver = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const waiter of [...waiting]) waiter()
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
      wake()
    })
  }
  const over = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isOver = true
      wake()
      resolve()
    })
  })
  // a script that ends the shell leaves nobody to read the next one
  child.stdin.on('error', () => undefined)

  function printed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      waiting.add(done)
    })
  }

  async function run(script: string): Promise<ScriptEnd> {
    const mark = `end-of-script-${randomUUID()}`
    const from = { stdout: texts.stdout.length, stderr: texts.stderr.length }
    const quoted = script.replaceAll("'", "'\\''")
    child.stdin.write(
      `eval '${quoted}' </dev/null\nprintf '\\n%s %s %s' ${mark} $? "\${!:-0}"; echo\n`,
    )
    const deadline = Date.now() + scriptLimitMs
    for (;;) {
      const stdout = texts.stdout.slice(from.stdout)
      const stderr = () => texts.stderr.slice(from.stderr)
      const [end, code, job] = new RegExp(`\\n${mark} (\\d+) (\\d+)\\n`).exec(stdout) ?? []
      if (end !== undefined) {
        return {
          stdout: stdout.slice(0, stdout.indexOf(end)),
          stderr: stderr(),
          code: Number(code),
          job: Number(job),
        }
      }
      if (isOver) return { stdout, stderr: stderr(), code: null, job: 0 }
      if (Date.now() > deadline) {
        throw new Error(`this does not end:\n${script}\n${stdout}${stderr()}`)
      }
      await printed(deadline - Date.now())
    }
  }

  function signalGroup(signal: NodeJS.Signals): void {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // nothing of it is left
    }
  }

  return {
    run,
    stderr: () => texts.stderr,
    printed,
    async close() {
      if (!isOver) {
        child.stdin.end('kill $(jobs -p) 2>/dev/null; wait\n')
        const timer = setTimeout(() => signalGroup('SIGKILL'), 60_000)
        await over
        clearTimeout(timer)
      }
      signalGroup('SIGKILL')
    },
  }
}
