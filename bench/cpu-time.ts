/**
 * CPU time that a process has used, as Linux tells it: on a machine that others use as well, the
 * time per request says more than requests per second.
 */
import { readFileSync } from 'node:fs'

/** What /proc counts in, on every Linux of today. */
const microsecondsPerTick = 10_000

/** Microseconds of user and system time; null where there is no /proc. */
export function cpuTimeOf(pid: number): number | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // the name, in parentheses, may hold anything; user and system time are the 12th and 13th behind
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick
}
