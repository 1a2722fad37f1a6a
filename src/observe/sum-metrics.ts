/**
 * The metrics of several processes → those of all of them together. Counters and histograms are sums,
 * of the processes that have ended too, so that none of them ever falls; gauges are sums of those that
 * run, or what their definition says.
 */
import { AggregatorRegistry, type Registry } from 'prom-client'

/** The metrics of one process as plain data. */
export type MetricFamilies = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export function sumMetrics(all: readonly MetricFamilies[]): Registry {
  return AggregatorRegistry.aggregate([...all])
}

const growing: ReadonlySet<unknown> = new Set(['counter', 'histogram'])

/** What is left of processes that have ended: what they have counted. */
export async function countedOnly(all: readonly MetricFamilies[]): Promise<MetricFamilies> {
  const families = await sumMetrics(all).getMetricsAsJSON()
  return families.filter(({ type }) => growing.has(type))
}
