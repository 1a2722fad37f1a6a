import { expect, test } from 'vitest'
import type { RequestContext } from '../../../../../src/backends/backend.ts'
import { PostgresFacts } from '../../../../../src/backends/postgres/catalog/postgres-facts.ts'
import {
  createContextStep,
  preRequestStep,
} from '../../../../../src/backends/postgres/execute/request-context.ts'
import { loadTestConfig } from '../../../../support/load-test-config.ts'
import { callPlan, readPlan, request, returns, root } from '../../../../support/plan-builders.ts'
import { describeSnapshot } from '../../../../support/snapshot.ts'

const described = describeSnapshot({})
const snapshot = {
  ...described,
  options: { ...described.options, dbExtraSearchPath: ['public', 'sch"ema'] },
  engineFacts: new PostgresFacts(new Map()),
}

function contextOf(more: Partial<RequestContext> = {}): RequestContext {
  return {
    snapshot,
    config: loadTestConfig({ env: {} }),
    request: {
      ...request(),
      schema: 'sch"ema',
      path: '/items',
      headers: [['x', 'a"b']],
      cookies: [['c', '1']],
    },
    role: 'web',
    isAuthenticated: true,
    claims: '{"role":"web"}',
    signal: new AbortController().signal,
    ...more,
  }
}

test('a request sets its path, role, claims and self, every value bound', () => {
  const step = createContextStep()(readPlan(root('items')), contextOf())
  expect(step.text).toBe(
    "select set_config('search_path', $1, true), set_config('role', $2, true), " +
      "set_config('request.jwt.claims', $3, true), set_config('request.method', $4, true), " +
      "set_config('request.path', $5, true), set_config('request.headers', $6, true), " +
      "set_config('request.cookies', $7, true)",
  )
  expect(step.params).toEqual([
    '"sch""ema", "public", "sch""ema"',
    'web',
    '{"role":"web"}',
    'GET',
    '/items',
    '{"x":"a\\"b"}',
    '{"c":"1"}',
  ])
})

test('settings of the role come before it, those of the function and of the application last', () => {
  const call = callPlan('f', returns('int4'), [])
  const plan = { ...call, routine: { ...call.routine, settings: [['work_mem', '1MB']] as const } }
  const step = createContextStep()(
    plan,
    contextOf({
      snapshot: {
        ...snapshot,
        engineFacts: new PostgresFacts(
          new Map([
            ['web', { isolationLevel: null, settings: [['statement_timeout', '5s']] }],
            ['other', { isolationLevel: null, settings: [['work_mem', '9MB']] }],
          ]),
        ),
      },
      config: loadTestConfig({ env: { PGRST_APP_SETTINGS_name: 'x' } }),
      request: { ...request(), preferences: { invalid: [], timezone: 'UTC' } },
    }),
  )
  const names = [...step.text.matchAll(/set_config\((?:'([^']+)'|\$(\d+)),/g)].map(
    ([, constant, bound]) => constant ?? step.params[Number(bound) - 1],
  )
  expect(names).toEqual([
    'search_path',
    'statement_timeout',
    'role',
    'request.jwt.claims',
    'request.method',
    'request.path',
    'request.headers',
    'request.cookies',
    'timezone',
    'work_mem',
    'app.settings.name',
  ])
})

test.each([
  [null, null],
  ['do_nothing', 'select "do_nothing"()'],
  ['api.check', 'select "api"."check"()'],
  ['api.ch"eck.x', 'select "api"."ch""eck.x"()'],
])('db-pre-request %j calls %j', (dbPreRequest, text) => {
  const step = preRequestStep({ dbPreRequest, dbPreparedStatements: true })
  expect(step?.text ?? null).toBe(text)
})
