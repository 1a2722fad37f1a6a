/**
 * What the log says of the processes that answer requests. Beside `log-lines.ts`, which has the rest.
 */
import { assertNever } from '../core/assert-never.ts'
import { always, type LogLine, seconds } from './log-line.ts'
import type { Observation } from './observation.ts'

type AboutWorkers = Extract<
  Observation,
  {
    readonly kind: 'worker-listening' | 'worker-unresponsive' | 'worker-ended' | 'pool-exceeded'
  }
>

export function workerLine(observation: AboutWorkers): LogLine {
  switch (observation.kind) {
    case 'worker-listening':
      return always(`${named(observation)} takes requests`)
    case 'worker-unresponsive':
      return always(`${named(observation)} does not respond, and is handed no connections`)
    case 'worker-ended': {
      const { how, restartInMs } = observation
      const when = restartInMs === 0 ? 'now' : `in ${seconds(restartInMs)} seconds`
      return always(`${named(observation)} ended ${how}; another one is started ${when}`)
    }
    case 'pool-exceeded': {
      const { dbPool, workers } = observation
      return always(
        `WARNING: db-pool is ${dbPool}, fewer than the ${workers} workers: each has one connection, ${workers} in all`,
      )
    }
    default:
      return assertNever(observation)
  }
}

function named({ worker, pid }: { readonly worker: number; readonly pid: number }): string {
  return `Worker ${worker} (process ${pid})`
}
