/**
 * The series of metrics → the figures that watchers get: of all methods and statuses together, of
 * triggers by what sent them, and of the pool.
 */
import type { PoolStats } from './pool-stats.ts'
import type { RequestFigures } from './server-figures.ts'

/** One series of a metric, as prom-client has it. */
export interface Series {
  readonly metricName?: string
  readonly value: number
  readonly labels: Readonly<Partial<Record<string, string | number>>>
}

/** Of a histogram with the labels `status` and `le`. */
export function requestFigures(series: readonly Series[]): RequestFigures {
  const buckets = new Map<number, number>()
  let [count, refused, failed, seconds] = [0, 0, 0, 0]
  for (const { metricName = '', value, labels } of series) {
    if (metricName.endsWith('_sum')) seconds += value
    else if (metricName.endsWith('_count')) {
      count += value
      const status = Number(labels['status'])
      if (status >= 500) failed += value
      else if (status >= 400) refused += value
    } else {
      const most = labels['le']
      if (typeof most === 'number') buckets.set(most, (buckets.get(most) ?? 0) + value)
    }
  }
  return { count, refused, failed, seconds, buckets: [...buckets].sort(([a], [b]) => a - b) }
}

/** Of a counter with the label `origin`. */
export function triggerFigures(series: readonly Series[]): Readonly<Record<string, number>> {
  return Object.fromEntries(series.map(({ labels, value }) => [String(labels['origin']), value]))
}

/** Of the gauges of the pool, in the order of its metrics. */
export function poolFigures([
  max,
  waiting,
  available,
  used,
]: readonly (readonly Series[])[]): PoolStats {
  const first = (series: readonly Series[] | undefined) => series?.[0]?.value ?? 0
  return {
    max: first(max),
    available: first(available),
    used: first(used),
    waiting: first(waiting),
  }
}
