/**
 * What servers inside a test's own process tell and answer, written as a server of its own would
 * write it: log lines in both formats at the most talkative level, metrics, health and answers. The
 * run's last test looks for secrets in them (`trace.ts`).
 */

import { afterAll } from 'vitest'
import { type HealthReport, reportHealth } from '../../src/admin/print-health.ts'
import type { Execution } from '../../src/backends/backend.ts'
import type { ReloadPipeline } from '../../src/cache/reload-pipeline.ts'
import { toBuffer } from '../../src/core/http-exchange.ts'
import { renderError } from '../../src/errors/error-envelope.ts'
import { createLogObserver } from '../../src/observe/log-observer.ts'
import { createMetricsObserver } from '../../src/observe/metrics-observer.ts'
import type { Observe } from '../../src/observe/observation.ts'
import type { SourceHealth } from '../../src/sources/source-health.ts'
import { traceAnswer, traceStream, traceVariable } from './trace.ts'

interface Sinks {
  /** Of this run. */
  readonly folder: string | undefined
  readonly observe: Observe
  readonly metricsText: () => Promise<string>
}

/** Those of all servers of one test file: each observer of metrics costs timers. */
let current: Sinks | null = null

function sinks(): Sinks {
  const folder = process.env[traceVariable]
  if (current?.folder === folder && current !== null) return current
  const write = traceStream('log of servers in the test process')
  const logs = (['text', 'json'] as const).map((format) =>
    createLogObserver({
      level: () => 'debug',
      format,
      writeOut: write,
      writeError: write,
      now: () => new Date(),
      later: () => undefined,
    }),
  )
  const metrics = createMetricsObserver({
    poolStats: () => ({ max: 0, waiting: 0, available: 0, used: 0 }),
    sources: () => [],
  })
  current = {
    folder,
    observe(observation) {
      for (const log of logs) log(observation)
      metrics.observe(observation)
    },
    metricsText: metrics.text,
  }
  return current
}

/** To be told whatever a server in the test process tells, besides what the test wants of it. */
export const observeTraced: Observe = (observation) => sinks().observe(observation)

export function traceHealth(
  pipeline: Pick<ReloadPipeline, 'state' | 'lastReload'>,
  health: Pick<SourceHealth, 'list'>,
): HealthReport {
  const state = {
    cache: pipeline.state(),
    apiIsAlive: true,
    isLeaving: false,
    databaseIsReachable: true,
  }
  const report = reportHealth(
    state,
    { sources: health.list(), unbound: [], workers: null, fleet: null, schemaMark: null },
    pipeline.lastReload(),
    true,
  )
  traceAnswer('health of a server in the test process', JSON.stringify(report.body))
  return report
}

/** The text of an answer that came without a socket. */
export async function traceResponse(response: Response): Promise<string> {
  const text = await response.text()
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  traceAnswer(`${response.status}\n${headers.join('\n')}`, text)
  return text
}

/** What a client would get of it. */
export function traceExecution(execution: Execution): void {
  switch (execution.kind) {
    case 'done': {
      const { body, ...rest } = execution.result
      traceAnswer(JSON.stringify(rest), toBuffer(body))
      return
    }
    case 'failed': {
      const { status, headers, body } = renderError(execution.error, 'verbose')
      traceAnswer(`${status}\n${JSON.stringify(headers)}`, body)
      return
    }
    default:
      traceAnswer(execution.kind, '')
  }
}

/** The metrics of the servers so far; after each test file they are written by themselves. */
export async function traceMetrics(): Promise<void> {
  if (current !== null) {
    traceAnswer('metrics of servers in the test process', await current.metricsText())
  }
}

afterAll(traceMetrics)
