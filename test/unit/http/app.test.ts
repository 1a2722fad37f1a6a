import { expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import { createPlanCache } from '../../../src/access/plan-cache.ts'
import { err } from '../../../src/core/result.ts'
import { createApp } from '../../../src/http/app.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { fetchApp } from '../../support/fetch-app.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

/** The API in front of nothing: it asks everybody for a token. */
function setUp() {
  const config = { ...loadTestConfig({}), serverTraceHeader: 'X-Request-Id' }
  const observed: Observation[] = []
  const unwanted = () => Promise.reject(new Error('no database was to be asked'))
  const app = createApp({
    currentGeneration: () => ({ config, snapshot: null }),
    backend: { abilities: describeSnapshot({}).capabilities, execute: unwanted, inspect: unwanted },
    authenticator: {
      authenticate: () => err({ kind: 'jwt', failure: { kind: 'token-required' } }),
    },
    planCache: createPlanCache(0, createAccessControl()),
    checkSchema: unwanted,
    observe: (observation) => observed.push(observation),
    now: () => 0,
  })
  async function request(method: string, headers: Readonly<Record<string, string>>) {
    const response = await fetchApp(
      app,
      new Request('http://api/films?id=eq.1', { method, headers }),
    )
    return { status: response.status, headers: Object.fromEntries(response.headers) }
  }
  return { request, observed }
}

const edges = { server: expect.stringMatching(/^dbrest\//), 'x-request-id': 'r1' }

test('a preflight needs no token, is traced and not logged', async () => {
  const { request, observed } = setUp()
  const asked = { origin: 'http://a.b', 'access-control-request-method': 'POST' }
  expect(await request('OPTIONS', { ...asked, 'x-request-id': 'r1' })).toMatchObject({
    status: 200,
    headers: { ...edges, 'access-control-allow-origin': '*' },
  })
  expect(observed).toEqual([])
})

test('any other answer is traced, logged, and can be read by other origins', async () => {
  const { request, observed } = setUp()
  const headers = {
    origin: 'http://a.b',
    'x-request-id': 'r1',
    'user-agent': 'probe',
    referer: 'r',
  }
  expect(await request('PATCH', headers)).toMatchObject({
    status: 401,
    headers: { ...edges, 'access-control-allow-origin': '*', 'www-authenticate': 'Bearer' },
  })
  expect(observed).toEqual([
    {
      kind: 'request-finished',
      peer: '-',
      role: null,
      method: 'PATCH',
      target: '/films?id=eq.1',
      httpVersion: '1.1',
      status: 401,
      code: 'PGRST302',
      bodyBytes: expect.any(Number),
      referer: 'r',
      userAgent: 'probe',
      durationMs: 0,
    },
  ])
})

test('a trace header that was not sent is there and empty', async () => {
  expect((await setUp().request('GET', {})).headers).toMatchObject({ ...edges, 'x-request-id': '' })
})
