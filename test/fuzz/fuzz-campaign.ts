/**
 * Plays the requests of a seed against a running server over many connections and judges the
 * answers. Between them, canaries: requests whose exact answers are known, so that a connection
 * left in a wrong role, transaction or state is noticed at once.
 */
import { requestNumber } from '../support/watch-loop.ts'
import { checkAnswer } from './check-answer.ts'
import type { FuzzRequest, GeneratorOptions } from './generate-request.ts'
import { requestAt } from './generate-request.ts'
import { createWireClient, type WireClient } from './wire-client.ts'

export interface Canary {
  readonly name: string
  readonly request: FuzzRequest
  readonly status: number
  readonly body: string
}

export interface CampaignOptions {
  readonly port: number
  readonly generator: GeneratorOptions
  readonly requests: number
  readonly connections: number
  /** No request starts later. */
  readonly deadlineMs: number
  readonly canary: (index: number) => Canary
  /** Called between requests, every `refillEvery`; the database gets its rows back. */
  readonly refill: () => Promise<void>
  readonly refillEvery: number
}

export interface Failure {
  readonly index: number | string
  readonly problem: string
  readonly request: string
}

export interface CampaignReport {
  readonly played: number
  readonly seconds: number
  readonly byStatus: ReadonlyMap<number, number>
  readonly byCode: ReadonlyMap<string, number>
  readonly failures: readonly Failure[]
  readonly canaries: number
}

const answerTimeoutMs = 60_000
/** Requests that are played after the deadline as well: a slow machine says something, too. */
const fewest = 200
const maxFailures = 50

function describe({ method, target, headers, body }: FuzzRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${value.slice(0, 300)}`)
  const text = body === null ? '' : `\n  ${body.toString('latin1').slice(0, 500)}`
  return `${method} ${target.slice(0, 2000)}\n  ${lines.join('\n  ')}${text}`
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { port, generator, requests, deadlineMs } = options
  const byStatus = new Map<number, number>()
  const byCode = new Map<string, number>()
  const failures: Failure[] = []
  let canaries = 0
  let next = 0
  let played = 0
  const started = performance.now()

  function fail(index: number | string, problem: string, request: string): void {
    if (failures.length < maxFailures) failures.push({ index, problem, request })
  }

  async function playCanary(client: WireClient): Promise<void> {
    const { name, request, status, body } = options.canary(canaries)
    canaries += 1
    const answer = await client.send(request, answerTimeoutMs)
    const text = answer.body.toString()
    if (answer.status !== status || text !== body) {
      fail(name, `answers ${answer.status} ${text.slice(0, 300)}, not ${body}`, describe(request))
    }
  }

  async function play(client: WireClient, index: number): Promise<void> {
    const request = requestAt(index, generator)
    // for whoever measures the server
    const numbered: FuzzRequest = {
      ...request,
      headers: [...request.headers, [requestNumber, String(index)]],
    }
    try {
      const answer = await client.send(numbered, answerTimeoutMs)
      const verdict = checkAnswer(request, answer)
      count(byStatus, answer.status)
      if (verdict.code !== null) count(byCode, verdict.code)
      for (const problem of verdict.problems) fail(index, problem, describe(request))
    } catch (failure) {
      fail(index, failure instanceof Error ? failure.message : String(failure), describe(request))
    }
    played += 1
  }

  async function work(): Promise<void> {
    const client = createWireClient(port)
    try {
      for (;;) {
        const index = next
        next += 1
        if (index >= requests) return
        if (played >= fewest && performance.now() - started > deadlineMs) return
        if (failures.length >= maxFailures) return
        await play(client, index)
        if (index % 40 === 39) await playCanary(client)
        if (index % options.refillEvery === options.refillEvery - 1) await options.refill()
      }
    } catch (failure) {
      fail('canary', failure instanceof Error ? failure.message : String(failure), '')
    } finally {
      client.close()
    }
  }

  await Promise.all(Array.from({ length: options.connections }, work))
  return {
    played,
    seconds: (performance.now() - started) / 1000,
    byStatus,
    byCode,
    failures,
    canaries,
  }
}

export function printReport(title: string, report: CampaignReport): string {
  const { played, seconds, byStatus, byCode, canaries } = report
  const sorted = <K>(counts: ReadonlyMap<K, number>) =>
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([key, times]) => `${key}: ${times}`)
      .join(', ')
  const fine = [...byStatus].reduce((sum, [status, n]) => sum + (status < 300 ? n : 0), 0)
  return [
    `${title}: ${played} requests in ${seconds.toFixed(1)} s (${(played / seconds).toFixed(0)}/s), ${canaries} canaries, ${((100 * fine) / Math.max(played, 1)).toFixed(0)} % are 2xx`,
    `  statuses  ${sorted(byStatus)}`,
    `  codes     ${sorted(byCode)}`,
  ].join('\n')
}

export function printFailures(failures: readonly Failure[]): string {
  return failures
    .slice(0, 20)
    .map(({ index, problem, request }) => `#${index}: ${problem}\n  ${request}`)
    .join('\n\n')
}
