/**
 * The workers of a running server: which processes they are, and a connection to each of them.
 */
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { onTestFinished } from 'vitest'
import { ask, eventually } from './http-client.ts'
import type { RunningServer } from './server.ts'

export interface RunningWorker {
  readonly worker: number
  readonly pid: number
  readonly state: string
  readonly ended: number
}

/** As `/health` lists them. */
export async function workersOf(
  server: Pick<RunningServer, 'adminUrl'>,
): Promise<readonly RunningWorker[]> {
  const { body } = await ask(`${server.adminUrl}/health`)
  const workers: unknown = Reflect.get(Object(body), 'workers')
  if (!Array.isArray(workers)) throw new Error('the server has no workers')
  return workers
}

/** Resolves when each of `count` workers takes requests. */
export function allListen(
  server: Pick<RunningServer, 'adminUrl'>,
  count: number,
): Promise<readonly RunningWorker[]> {
  return eventually(
    () => workersOf(server),
    (workers) => {
      const listening = workers.filter(({ state }) => state === 'listening')
      if (listening.length !== count) throw new Error(JSON.stringify(workers))
    },
  )
}

/**
 * One kept connection to each worker: the primary hands connections to one after the other, so that as
 * many as there are workers, opened one after the other, reach all of them.
 */
export async function connectToEach(
  server: Pick<RunningServer, 'url'>,
  count: number,
): Promise<readonly Agent[]> {
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  onTestFinished(() => {
    for (const agent of agents) agent.destroy()
  })
  for (const agent of agents) await ask(server.url, { agent })
  return agents
}

/** Whether there is such a process. */
export function isRunning(pid: number): boolean {
  try {
    // a process that nobody has waited for is no process any more
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** A process and all that it has started, itself included. */
export function processTree(pid: number): readonly number[] {
  let children: readonly number[]
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    children = listed === '' ? [] : listed.split(' ').map(Number)
  } catch {
    children = []
  }
  return [pid, ...children.flatMap(processTree)]
}
