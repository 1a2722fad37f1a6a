/**
 * Where observations go: the log, the metrics, the history of reloads and who watches live. Sinks read what happened;
 * nothing else does.
 */
import { createEventFeed, type EventFeed } from './event-feed.ts'
import { createLogObserver, type LogDeps } from './log-observer.ts'
import { createMetricsObserver, type MetricsDeps } from './metrics-observer.ts'
import type { Observe } from './observation.ts'
import { createReloadHistory, type ReloadHistory } from './reload-history.ts'
import type { ServerFigures } from './server-figures.ts'
import type { SourceStatus } from './source-status.ts'
import type { MetricFamilies } from './sum-metrics.ts'

export interface Sinks {
  readonly observe: Observe
  /** In Prometheus' text format. */
  readonly metricsText: () => Promise<string>
  /** Of this process alone, for another one to add up. */
  readonly metricFamilies: () => Promise<MetricFamilies>
  readonly reloads: () => ReloadHistory
  readonly events: EventFeed
  readonly figures: () => Promise<ServerFigures>
}

interface Watched {
  readonly sources: () => readonly SourceStatus[]
  /** Who is told of everything as well. */
  readonly listen?: Observe
}

/** On the clock and the timers of the process. */
export function createSinks(deps: Omit<LogDeps, 'now' | 'later'> & Watched & MetricsDeps): Sinks {
  const log = createLogObserver({
    ...deps,
    now: () => new Date(),
    later: (work, delayMs) => {
      setTimeout(work, delayMs).unref()
    },
  })
  const metrics = createMetricsObserver(deps)
  const history = createReloadHistory()
  const events = createEventFeed()
  return {
    observe(observation) {
      log(observation)
      metrics.observe(observation)
      history.observe(observation)
      events.observe(observation)
      deps.listen?.(observation)
    },
    metricsText: metrics.text,
    metricFamilies: metrics.families,
    reloads: history.list,
    events,
    async figures() {
      const figures = await metrics.figures()
      return { at: new Date().toISOString(), ...figures, sources: deps.sources() }
    },
  }
}
