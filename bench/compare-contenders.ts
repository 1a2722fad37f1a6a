/**
 * Servers against each other on one request, in one interleaved run: medians over rounds and the
 * spread of ratios, CPU time of a server, of the processes that it has started and of the database,
 * memory as PSS. The first is dbrest, and the others are what it is a share of.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startServer } from '../test/support/server.ts'
import { type LoadOptions, runLoad } from './load.ts'
import { type ChildTime, childTimesOf, cpuTimesOf, memoryOf } from './process-tree.ts'

export interface Contender {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly stop: () => void
  /** What it is asked, where that is not what all are asked. */
  readonly target?: string
}

export interface Rounds {
  readonly rounds: number
  readonly connections: number
  readonly durationMs: number
}

export type Request = Pick<
  LoadOptions,
  'target' | 'method' | 'headers' | 'body' | 'lanes' | 'tokens' | 'isRefused'
> & {
  readonly name: string
}

export interface Surroundings {
  /** Before each measurement, so that no contender works on what the one before it left. */
  readonly reset?: () => Promise<unknown>
  /** The database's main process: what it and its children use is told as well. */
  readonly databasePid?: number
}

/** Of one contender; microseconds of CPU for each request, megabytes. */
export interface Measured {
  readonly perSecond: number
  readonly ownCpu: number
  readonly childCpu: number
  /** The same, one by one: who did most comes first, and who did nothing is left out. */
  readonly children: readonly ChildTime[]
  /** Null where the database has no process of its own. */
  readonly databaseCpu: number | null
  readonly memory: number
  /** What dbrest is of it: lowest, median, highest of the rounds. */
  readonly ratio: readonly [lowest: number, median: number, highest: number]
}

export interface Comparison {
  readonly request: string
  readonly failures: number
  readonly contenders: Readonly<Record<string, Measured>>
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
  /** Microseconds. */
  ownTime: number
  childTime: number
  readonly children: Map<number, ChildTime>
  databaseTime: number
  memory: number
}

function sumOf(times: ReadonlyMap<number, number>): number {
  return [...times.values()].reduce((sum, time) => sum + time, 0)
}

async function measure(
  { pid, port, target }: Contender,
  request: Request,
  { connections, durationMs }: Rounds,
  { databasePid }: Surroundings,
  figures: Figures,
): Promise<number> {
  const databaseTime = () => (databasePid === undefined ? 0 : sumOf(cpuTimesOf(databasePid)))
  const before = cpuTimesOf(pid)
  const childrenBefore = childTimesOf(pid)
  const databaseBefore = databaseTime()
  const asked = target === undefined ? request : { ...request, target }
  const load = runLoad({ ...asked, port, connections, durationMs })
  setTimeout(() => {
    figures.memory = Math.max(figures.memory, memoryOf(pid))
  }, durationMs * 0.9)
  const result = await load
  for (const [each, time] of cpuTimesOf(pid)) {
    const spent = time - (before.get(each) ?? 0)
    if (each === pid) figures.ownTime += spent
    else figures.childTime += spent
  }
  for (const [child, { own, below }] of childTimesOf(pid)) {
    const { own: ownBefore = 0, below: belowBefore = 0 } = childrenBefore.get(child) ?? {}
    const sum = figures.children.get(child) ?? { own: 0, below: 0 }
    figures.children.set(child, {
      own: sum.own + own - ownBefore,
      below: sum.below + below - belowBefore,
    })
  }
  figures.databaseTime += databaseTime() - databaseBefore
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
  around: Surroundings = {},
): Promise<Comparison> {
  const none = (): Figures => ({
    perSecond: [],
    requests: 0,
    ownTime: 0,
    childTime: 0,
    children: new Map(),
    databaseTime: 0,
    memory: 0,
  })
  const figures = new Map<string, Figures>(contenders.map((each) => [each.name, none()]))
  let failures = 0
  try {
    for (const contender of contenders) {
      await around.reset?.()
      await measure(contender, request, { ...rounds, durationMs: 1500 }, {}, none())
    }
    for (let round = 0; round < rounds.rounds; round += 1) {
      for (const contender of contenders) {
        await around.reset?.()
        const own = figures.get(contender.name) ?? none()
        failures += await measure(contender, request, rounds, around, own)
      }
    }
  } finally {
    for (const contender of contenders) contender.stop()
  }
  const own = figures.get('dbrest')?.perSecond ?? []
  const comparison = {
    request: request.name,
    failures,
    contenders: Object.fromEntries(
      [...figures].map(([name, each]) => [name, summarize(each, own, around)]),
    ),
  }
  report(request, comparison)
  return comparison
}

function summarize(
  { perSecond, requests, ownTime, childTime, children, databaseTime, memory }: Figures,
  own: readonly number[],
  { databasePid }: Surroundings,
): Measured {
  const ratios = own.map((value, i) => value / (perSecond[i] ?? Number.NaN))
  return {
    perSecond: median(perSecond),
    ownCpu: ownTime / requests,
    childCpu: childTime / requests,
    children: [...children.values()]
      .map((each) => ({ own: each.own / requests, below: each.below / requests }))
      .filter(({ own, below }) => own + below >= 0.5)
      .sort((a, b) => b.own + b.below - a.own - a.below),
    databaseCpu: databasePid === undefined ? null : databaseTime / requests,
    memory,
    ratio: [Math.min(...ratios), median(ratios), Math.max(...ratios)],
  }
}

function report(request: Request, { contenders, failures }: Comparison): void {
  const { target } = request
  const shown = target.length > 80 ? `${target.slice(0, 79)}…` : target
  console.log(`\n${request.name}  (${request.method ?? 'GET'} ${shown})`)
  for (const [name, each] of Object.entries(contenders)) {
    const database = each.databaseCpu === null ? '' : ` / ${each.databaseCpu.toFixed(0)}`
    const children = each.childCpu === 0 ? '' : ` + ${each.childCpu.toFixed(0)}`
    const [lowest, middle, highest] = each.ratio.map((ratio) => ratio.toFixed(2))
    console.log(
      `  ${name.padEnd(16)} ${each.perSecond.toFixed(0).padStart(7)} requests/s, ` +
        `${each.ownCpu.toFixed(0)}${children}${database} µs of CPU each, ${each.memory.toFixed(0)} MB` +
        (name === 'dbrest' ? '' : `  dbrest is ${middle} of it (${lowest} to ${highest})`),
    )
  }
  if (failures > 0) {
    console.log(`  ${failures} answers were no ${request.isRefused === true ? '4xx' : '2xx'}`)
  }
}
