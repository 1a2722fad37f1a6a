/**
 * Where observations go: the log, the metrics and the history of reloads. Sinks read what happened;
 * nothing else does.
 */
import { createLogObserver, type LogDeps } from './log-observer.ts'
import { createMetricsObserver, type MetricsDeps } from './metrics-observer.ts'
import type { Observe } from './observation.ts'
import { createReloadHistory, type ReloadHistory } from './reload-history.ts'

export interface Sinks {
  readonly observe: Observe
  /** In Prometheus' text format. */
  readonly metricsText: () => Promise<string>
  readonly reloads: () => ReloadHistory
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
  const history = createReloadHistory()
  return {
    observe(observation) {
      log(observation)
      metrics.observe(observation)
      history.observe(observation)
    },
    metricsText: metrics.text,
    reloads: history.list,
  }
}
