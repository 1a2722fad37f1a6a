/**
 * Where observations go: the log and the metrics. Sinks read what happened; nothing else does.
 */
import { createLogObserver, type LogDeps } from './log-observer.ts'
import { createMetricsObserver, type MetricsDeps } from './metrics-observer.ts'
import type { Observe } from './observation.ts'

export interface Sinks {
  readonly observe: Observe
  /** In Prometheus' text format. */
  readonly metricsText: () => Promise<string>
}

/** On the clock and the timers of the process. */
export function createSinks(deps: Omit<LogDeps, 'now' | 'later'> & MetricsDeps): Sinks {
  const log = createLogObserver({
    ...deps,
    now: () => new Date(),
    later: (work, delayMs) => {
      setTimeout(work, delayMs).unref()
    },
  })
  const metrics = createMetricsObserver(deps)
  return {
    observe(observation) {
      log(observation)
      metrics.observe(observation)
    },
    metricsText: metrics.text,
  }
}
