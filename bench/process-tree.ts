/**
 * What a process and those that it has started use, as Linux tells it: CPU time, and memory as PSS,
 * which counts what several of them share once.
 */
import { readFileSync } from 'node:fs'
import { cpuTimeOf } from './cpu-time.ts'

export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** The process itself first, then all that it and those have started. */
function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Microseconds by process, the process itself first. */
export function cpuTimesOf(pid: number): ReadonlyMap<number, number> {
  return new Map(treeOf(pid).map((each) => [each, cpuTimeOf(each) ?? 0]))
}

/** A process that another one has started; microseconds of CPU. */
export interface ChildTime {
  readonly own: number
  /** Of all that it has started itself. */
  readonly below: number
}

/** By process. */
export function childTimesOf(pid: number): ReadonlyMap<number, ChildTime> {
  return new Map(
    childrenOf(pid).map((child) => {
      const [own = 0, ...below] = cpuTimesOf(child).values()
      return [child, { own, below: below.reduce((sum, time) => sum + time, 0) }]
    }),
  )
}

/** Megabytes of all of them together. */
export function memoryOf(pid: number): number {
  const kilobytes = treeOf(pid).map((each) => {
    try {
      const text = readFileSync(`/proc/${each}/smaps_rollup`, 'utf8')
      return Number(/^Pss: +(\d+) kB$/m.exec(text)?.[1])
    } catch {
      return 0
    }
  })
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024
}
