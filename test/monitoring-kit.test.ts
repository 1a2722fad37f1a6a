/**
 * The alert rules and the dashboard of deploy/monitoring ask for what there is: every metric, every
 * label and, where a label has a closed set of values, every value. What a metric is called and bears
 * is told by the observer of the metrics itself; `test/process/monitoring-kit.test.ts` asks a server.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { reloadOrigins } from '../src/cache/reload-signal.ts'
import { createMetricsObserver, type MetricsDeps } from '../src/observe/metrics-observer.ts'
import {
  kitExpressions,
  monitoringFolder,
  type Panel,
  readAlertRules,
  readDashboard,
} from './support/monitoring-kit.ts'
import { readExposition, readExpression } from './support/prometheus-names.ts'

const times = { durationMs: 5, queuedMs: 0 }
const sources = ['notify', 'change-stream', 'poll'].map((name) => ({ name, state: 'up' as const }))
const expressions = kitExpressions()

/** All that can be told, told once. */
async function exposition(deps: Partial<MetricsDeps> = {}) {
  const metrics = createMetricsObserver({
    poolStats: () => ({ max: 10, available: 10, used: 0, waiting: 0 }),
    sources: () => sources,
    ...deps,
  })
  for (const origin of reloadOrigins) {
    metrics.observe({ kind: 'trigger', origin, scope: 'schema', depth: 'check', times: 1 })
  }
  const load = {
    reload: 1,
    origin: 'poll',
    snapshotVersion: 1,
    queryMs: 3,
    buildMs: 2,
    summary: '',
  }
  metrics.observe({ kind: 'reload-published', ...times, ...load })
  metrics.observe({ kind: 'reload-unchanged', ...times, reload: 2, snapshotVersion: 1 })
  metrics.observe({
    kind: 'reload-failed',
    ...times,
    reload: 3,
    origin: 'poll',
    error: { kind: 'internal' },
    schemas: [],
    extraSearchPath: [],
    attempt: 1,
  })
  metrics.observe({
    kind: 'request-finished',
    peer: '',
    role: null,
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    status: 200,
    bodyBytes: 2,
    referer: '',
    userAgent: '',
    durationMs: 1,
  })
  return readExposition(await metrics.text())
}

const served = await exposition()
/** What a scrape adds. */
const scraped = ['job', 'instance']

/** Values of a label that has others than those seen here: of requests. */
function isOpenLabel(metric: string, label: string): boolean {
  return label === 'le' || metric.startsWith('dbrest_http_request')
}

describe.each(expressions)('%s', (_, text) => {
  const { selectors, grouping } = readExpression(text)

  test('asks for metrics and labels that there are', () => {
    expect(selectors).not.toEqual([])
    const bearing = new Set(scraped)
    for (const { name, matchers } of selectors) {
      const labels = served.get(name)
      if (name !== 'up') expect(labels, name).toBeDefined()
      for (const label of labels?.keys() ?? []) bearing.add(label)
      const unknown = matchers.filter(
        ({ label }) => !labels?.has(label) && !scraped.includes(label),
      )
      expect(unknown).toEqual([])
    }
    expect(grouping.filter((label) => !bearing.has(label))).toEqual([])
  })

  test('compares labels with values that they can have', () => {
    for (const { name, matchers } of selectors) {
      for (const { label, operator, value } of matchers) {
        const values = served.get(name)?.get(label)
        if (values === undefined || isOpenLabel(name, label)) continue
        const wanted = operator.includes('~') ? value.split('|') : [value]
        expect([...values]).toEqual(expect.arrayContaining(wanted))
      }
    }
  })

  test('keeps to one job, and where braces are closed', () => {
    for (const { matchers } of selectors) {
      expect(matchers.map(({ label }) => label)).toContain('job')
    }
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split(''))) {
      expect(text.split(open ?? '').length).toBe(text.split(close ?? '').length)
    }
  })
})

/** What docs/monitoring.md names, in its words and in its expressions. */
describe('docs/monitoring.md', async () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'monitoring.md'), 'utf8')
  const withWorkers = await exposition({
    workers: { list: () => [], spreadMs: () => null, families: async () => [] },
  })
  const named = [...page.matchAll(/`((?:pgrst|dbrest|process|nodejs)_[a-z0-9_]+)`/g)].map(
    ([, name = '']) => name,
  )
  const asked = [...page.matchAll(/^```promql\n(.*?)^```$/gms)].map(([, text = '']) => text)

  test('names metrics that there are', () => {
    const histograms = new Set([...withWorkers.keys()].map((name) => name.replace(/_bucket$/, '')))
    expect(named.filter((name) => !withWorkers.has(name) && !histograms.has(name))).toEqual([])
    expect(named.length).toBeGreaterThan(20)
  })

  test('names every metric of ours', () => {
    const ours = [...withWorkers.keys()]
      .map((name) => name.replace(/_(?:bucket|sum)$/, ''))
      .filter((name) => /^(?:pgrst|dbrest)_/.test(name) && !name.endsWith('_seconds_count'))
    expect(ours.filter((name) => !named.includes(name))).toEqual([])
  })

  test.each(asked)('asks for what there is: %s', (text) => {
    const { selectors } = readExpression(text)
    expect(selectors).not.toEqual([])
    for (const { name, matchers } of selectors) {
      expect(withWorkers.has(name), name).toBe(true)
      for (const { label, operator, value } of matchers) {
        if (scraped.includes(label)) continue
        const values = withWorkers.get(name)?.get(label)
        expect(values, `${name} ${label}`).toBeDefined()
        if (isOpenLabel(name, label)) continue
        const wanted = operator.includes('~') ? value.split('|') : [value]
        expect([...(values ?? [])]).toEqual(expect.arrayContaining(wanted))
      }
    }
  })

  test('names alerts that there are', () => {
    const alerts = readAlertRules().map(({ alert }) => alert)
    const told = [...page.matchAll(/`(Dbrest\w+)`/g)].map(([, name = '']) => name)
    expect(told.filter((name) => !alerts.includes(name))).toEqual([])
    expect(told).not.toEqual([])
  })
})

test('a metric that is not there, or not with this label, is found', () => {
  const { selectors } = readExpression('sum by (a) (rate(dbrest_gone{b="c"}[5m])) > up')
  expect(selectors).toEqual([
    { name: 'dbrest_gone', matchers: [{ label: 'b', operator: '=', value: 'c' }] },
    { name: 'up', matchers: [] },
  ])
  expect(served.has('dbrest_gone')).toBe(false)
  expect(served.get('dbrest_source_up')?.has('b')).toBe(false)
})

describe('the alert rules', () => {
  const rules = readAlertRules()

  test('watch reloads, sources, staleness, the pool, refusals and how long answers take', () => {
    const names = rules.map(({ alert }) => alert)
    expect(names).toEqual([...new Set(names)])
    expect(names).toEqual(
      expect.arrayContaining([
        'DbrestReloadFails',
        'DbrestSourceDown',
        'DbrestMayBeStale',
        'DbrestPoolSaturated',
        'DbrestRefuses',
        'DbrestSlow',
      ]),
    )
  })

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says how bad it is',
    (_, rule) => {
      expect(['warning', 'critical']).toContain(rule.labels['severity'])
      const { grouping, selectors } = readExpression(rule.expr)
      const isGrouped = grouping.length > 0
      const bears = new Set([
        ...(isGrouped ? grouping : scraped),
        ...(isGrouped
          ? []
          : selectors.flatMap(({ name }) => [...(served.get(name)?.keys() ?? [])])),
      ])
      const text = Object.values(rule.annotations).join(' ')
      expect(rule.annotations['summary']).toMatch(/\S/)
      const named = [...text.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1] ?? '')
      expect(named.filter((label) => !bears.has(label))).toEqual([])
    },
  )

  test('are loaded by the scrape configuration, which has their job', () => {
    const config = parse(readFileSync(join(monitoringFolder, 'prometheus.yaml'), 'utf8')) as {
      readonly rule_files: readonly string[]
      readonly scrape_configs: readonly { readonly job_name: string }[]
    }
    expect(config.rule_files).toEqual(['alerts.yaml'])
    const jobs = new Set(
      rules.flatMap(({ expr }) =>
        readExpression(expr)
          .selectors.flatMap(({ matchers }) => matchers)
          .filter(({ label }) => label === 'job')
          .map(({ value }) => value),
      ),
    )
    expect([...jobs]).toEqual(config.scrape_configs.map(({ job_name }) => job_name))
  })
})

describe('the dashboard', () => {
  const { panels, templating } = readDashboard()

  test('lays no panel over another', () => {
    const overlaps = (a: Panel, b: Panel) =>
      a.gridPos.x < b.gridPos.x + b.gridPos.w &&
      b.gridPos.x < a.gridPos.x + a.gridPos.w &&
      a.gridPos.y < b.gridPos.y + b.gridPos.h &&
      b.gridPos.y < a.gridPos.y + a.gridPos.h
    const pairs = panels.flatMap((a, index) =>
      panels.slice(index + 1).map((b) => [a.title, b.title, overlaps(a, b)] as const),
    )
    expect(pairs.filter(([, , isOver]) => isOver)).toEqual([])
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
  })

  test('numbers its panels and takes its data from what the user chooses', () => {
    const ids = panels.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
    const from = panels.flatMap(({ datasource, targets }) => [
      datasource.uid,
      ...targets.map((target) => target.datasource.uid),
    ])
    expect([...new Set(from)]).toEqual([`$\{datasource}`])
  })

  test('has the variables that it uses, made of metrics that there are', () => {
    const names = templating.list.map(({ name }) => name)
    const used = JSON.stringify({ panels }).matchAll(/\$\{?([a-z]\w*)\}?/g)
    const unknown = [...used].map((match) => match[1] ?? '').filter((name) => !names.includes(name))
    expect(unknown).toEqual([])
    const made = templating.list.flatMap(({ definition }) => definition ?? [])
    const metrics = made.map((text) => /^label_values\((\w+)/.exec(text)?.[1] ?? '')
    expect(metrics.filter((name) => !served.has(name))).toEqual([])
  })

  test('names in legends what the series bear', () => {
    for (const { targets } of panels) {
      for (const { expr, legendFormat } of targets) {
        const { selectors, grouping } = readExpression(expr)
        const all = [
          ...scraped,
          ...selectors.flatMap(({ name }) => [...(served.get(name) ?? [])].map(([label]) => label)),
        ]
        const bears = grouping.length > 0 ? grouping : all
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '')
        expect(named.filter((label) => !bears.includes(label))).toEqual([])
      }
    }
  })
})
