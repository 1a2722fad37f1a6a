/**
 * What deploy/monitoring asks for is in the metrics of a server as it runs. With `promtool` at hand,
 * Prometheus' own check and test of the rules.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import { kitExpressions, monitoringFolder } from '../support/monitoring-kit.ts'
import { readExposition, readExpression } from '../support/prometheus-names.ts'
import { serve } from '../support/test-server.ts'
import { findTool } from '../support/tool.ts'

test('every metric of the rules, the dashboard and the page is in those of a server', async () => {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  const server = await serve({ args: [films.path] })
  expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
  const served = readExposition((await ask(`${server.adminUrl}/metrics`)).text)
  const asked = kitExpressions().flatMap(([, expr]) =>
    readExpression(expr).selectors.map(({ name }) => name),
  )
  expect(asked).toContain('dbrest_http_request_duration_seconds_bucket')
  expect(asked.filter((name) => name !== 'up' && !served.has(name))).toEqual([])
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'monitoring.md'), 'utf8')
  const named = [...page.matchAll(/`((?:pgrst|dbrest|process|nodejs)_[a-z0-9_]+)`/g)]
    .map(([, name = '']) => name)
    // those of workers, which this server has none of
    .filter((name) => !name.startsWith('dbrest_worker'))
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !served.has(name) && !served.has(`${name}_bucket`))).toEqual([])
  expect([...(served.get('dbrest_source_up')?.get('source') ?? [])]).toEqual(['poll'])
  expect([...(served.get('dbrest_http_request_duration_seconds_count')?.keys() ?? [])]).toEqual([
    'method',
    'status',
  ])
})

const promtool = findTool('promtool')

describe.skipIf(promtool === null)('promtool', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(promtool ?? '', args, { cwd: monitoringFolder, encoding: 'utf8' })

  test('finds the rules and the configuration well-formed', () => {
    expect(run('check', 'rules', 'alerts.yaml')).toMatchObject({ status: 0, stderr: '' })
    expect(run('check', 'config', '--syntax-only', 'prometheus.yaml')).toMatchObject({ status: 0 })
  })

  test('sees the alerts fire when they are to, and only then', () => {
    const told = run('test', 'rules', join(import.meta.dirname, 'alerts.promtool.yaml'))
    expect(`${told.stdout}${told.stderr}`).toContain('SUCCESS')
    expect(told.status).toBe(0)
  })
})
