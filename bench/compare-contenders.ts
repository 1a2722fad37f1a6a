/**
 * Servers against each other on one request, in one interleaved run: medians over rounds, CPU time of
 * a server and of the processes that it has started, memory as PSS. The first is dbrest, and the
 * others are what it is a share of.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startServer } from '../test/support/server.ts'
import { type LoadOptions, runLoad } from './load.ts'
import { cpuTimesOf, memoryOf } from './process-tree.ts'

export interface Contender {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly stop: () => void
}

export interface Rounds {
  readonly rounds: number
  readonly connections: number
  readonly durationMs: number
}

export type Request = Pick<LoadOptions, 'target' | 'method' | 'headers' | 'body'> & {
  readonly name: string
}

/** dbrest, which is up once `probe` answers 200: its log says nothing that one could wait for. */
export async function startDbrest(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  probe: string,
): Promise<Contender> {
  const server = await startServer({ args, env: { DBREST_LOG_LEVEL: 'crit', ...env }, until: null })
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${server.port}${probe}`).catch(() => null)
    if (response?.status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    name: 'dbrest',
    port: server.port,
    pid: server.child.pid ?? 0,
    stop: () => server.signal('SIGTERM'),
  }
}

/** A floor: a script beside this one, which prints something when it listens. */
export async function startFloorScript(
  script: string,
  input: { readonly port: number },
): Promise<Contender> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, script), JSON.stringify(input)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return { name: 'floor', port: input.port, pid: child.pid ?? 0, stop: () => child.kill() }
}

interface Figures {
  readonly perSecond: number[]
  requests: number
  /** Microseconds: of the server, and of what it has started. */
  ownTime: number
  childTime: number
  memory: number
}

async function measure(
  { pid, port }: Contender,
  request: Request,
  { connections, durationMs }: Rounds,
  figures: Figures,
): Promise<number> {
  const before = cpuTimesOf(pid)
  const load = runLoad({ ...request, port, connections, durationMs })
  setTimeout(() => {
    figures.memory = Math.max(figures.memory, memoryOf(pid))
  }, durationMs * 0.9)
  const result = await load
  for (const [each, time] of cpuTimesOf(pid)) {
    const spent = time - (before.get(each) ?? 0)
    if (each === pid) figures.ownTime += spent
    else figures.childTime += spent
  }
  figures.perSecond.push(result.perSecond)
  figures.requests += result.requests
  return result.failures
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Stops the contenders when it is done. */
export async function compareContenders(
  contenders: readonly Contender[],
  request: Request,
  rounds: Rounds,
): Promise<void> {
  const none = () => ({ perSecond: [], requests: 0, ownTime: 0, childTime: 0, memory: 0 })
  const figures = new Map<string, Figures>(contenders.map((each) => [each.name, none()]))
  const { connections } = rounds
  let failures = 0
  try {
    for (const { port } of contenders) {
      await runLoad({ ...request, port, connections, durationMs: 1000 })
    }
    for (let round = 0; round < rounds.rounds; round += 1) {
      for (const contender of contenders) {
        const own = figures.get(contender.name) ?? none()
        failures += await measure(contender, request, rounds, own)
      }
    }
  } finally {
    for (const contender of contenders) contender.stop()
  }
  console.log(`\n${request.name}  (${request.method ?? 'GET'} ${request.target})`)
  const own = figures.get('dbrest')?.perSecond ?? []
  for (const [contender, each] of figures) {
    const ratios = own.map((value, i) => value / (each.perSecond[i] ?? Number.NaN))
    const cpu = [each.ownTime, each.childTime].map((time) => (time / each.requests).toFixed(0))
    console.log(
      `  ${contender.padEnd(8)} ${median(each.perSecond).toFixed(0).padStart(7)} requests/s, ` +
        `${cpu[0]} + ${cpu[1]} µs of CPU each, ${each.memory.toFixed(0)} MB` +
        (contender === 'dbrest' ? '' : `  dbrest is ${median(ratios).toFixed(2)} of it`),
    )
  }
  if (failures > 0) console.log(`  ${failures} answers were no 2xx`)
}
