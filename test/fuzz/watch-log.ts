/**
 * Judges the server's lines as they come and keeps none of them: a campaign writes gigabytes.
 */
import { checkAccessLine, checkErrorLine } from './check-log.ts'

export interface LogWatch {
  /** For `startServer`. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => boolean
  /** What starting and stopping write is not judged. */
  watch(isWatching: boolean): void
  readonly problems: readonly string[]
}

const maxProblems = 20

export function createLogWatch(): LogWatch {
  const problems: string[] = []
  let isWatching = false
  return {
    onLine(stream, line) {
      if (!isWatching) return true
      const problem = stream === 'stdout' ? checkAccessLine(line) : checkErrorLine(line)
      if (problem !== null && problems.length < maxProblems) problems.push(problem)
      return false
    },
    watch(wanted) {
      isWatching = wanted
    },
    problems,
  }
}
