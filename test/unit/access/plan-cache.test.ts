import { describe, expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import {
  createPlanCache,
  type PlanCache,
  type RuledOptions,
} from '../../../src/access/plan-cache.ts'
import { defaultPlanOptions, type RequestParts, requestOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const description = {
  relations: { films: 'id:integer!, title:text', directors: 'id:integer!' },
  routines: [{ name: 'go', parameters: 'a:integer?, b:integer?' }],
}
const snapshot = describeSnapshot(description)

const openOptions = {
  ...defaultPlanOptions,
  policyRegistry: null,
  openapiMode: 'follow-privileges',
} as const

function planned(
  cache: PlanCache,
  line: string,
  parts: RequestParts = {},
  at: {
    readonly snapshot?: typeof snapshot
    readonly options?: RuledOptions
    readonly role?: string
  } = {},
) {
  return cache.plan(
    requestOf(snapshot, line, parts),
    at.snapshot ?? snapshot,
    at.options ?? openOptions,
    { role: at.role ?? 'anyone', isAuthenticated: true },
  )
}

describe('requests that differ in values only share a plan', () => {
  test.each([
    ['GET /films?id=eq.1', 'GET /films?id=eq.2'],
    ['GET /films?id=in.(1,2)', 'GET /films?id=in.(3)'],
    ['GET /films?limit=5&offset=3', 'GET /films?limit=7&offset=9'],
    ['GET /rpc/go?a=1', 'GET /rpc/go?a=2'],
  ])('%s and %s', (first, second) => {
    const cache = createPlanCache(10, createAccessControl())
    expect(planned(cache, second)).toBe(planned(cache, first))
  })

  test('as do writes of other rows', () => {
    const cache = createPlanCache(10, createAccessControl())
    const first = planned(cache, 'POST /films', { body: '{"id":1}' })
    expect(planned(cache, 'POST /films', { body: '{"id":2}' })).toBe(first)
  })
})

describe('requests that plan differently do not', () => {
  const text = (body: string, type = 'application/json'): RequestParts => ({
    body,
    headers: { 'Content-Type': type },
  })
  const header = (name: string, value: string): RequestParts => ({ headers: { [name]: value } })

  test.each<readonly [string, RequestParts, string, RequestParts]>([
    ['GET /films', {}, 'HEAD /films', {}],
    ['GET /films', {}, 'GET /directors', {}],
    ['GET /films', {}, 'GET /films?select=id', {}],
    ['GET /films?id=eq.1', {}, 'GET /films?id=gt.1', {}],
    ['GET /films?id=eq.1', {}, 'GET /films?title=eq.1', {}],
    ['GET /films', {}, 'GET /films?order=id', {}],
    ['GET /films', {}, 'GET /films?limit=5', {}],
    ['GET /films?limit=5', {}, 'GET /films?limit=5&offset=5', {}],
    ['GET /films', {}, 'GET /films', header('Range', '3-')],
    ['GET /films', {}, 'GET /films', header('Accept', '')],
    ['GET /films', {}, 'GET /films', header('Accept', 'text/csv')],
    ['GET /films', {}, 'GET /films', header('Prefer', 'count=exact')],
    ['POST /films', text('{"id":1}'), 'POST /films', text('[{"id":1}]')],
    ['POST /films', text('{"id":1}'), 'POST /films', text('{"title":1}')],
    ['POST /films?columns=id', text('{}'), 'POST /films?columns=id', text('[{}]')],
    ['POST /films', text('{"id":1}'), 'PATCH /films', text('{"id":1}')],
    ['DELETE /films', {}, 'DELETE /films', header('Prefer', 'return=representation')],
    ['GET /rpc/go?a=1', {}, 'GET /rpc/go?b=1', {}],
    [
      'POST /rpc/go',
      text('{"a":1}'),
      'POST /rpc/go',
      text('a=1', 'application/x-www-form-urlencoded'),
    ],
  ])('%s %j and %s %j', (first, firstParts, second, secondParts) => {
    const cache = createPlanCache(10, createAccessControl())
    const plan = planned(cache, first, firstParts)
    expect(planned(cache, second, secondParts)).not.toEqual(plan)
  })
})

test('plans belong to their snapshot and options', () => {
  const cache = createPlanCache(10, createAccessControl())
  const first = planned(cache, 'GET /films')
  expect(planned(cache, 'GET /films', {}, { snapshot: describeSnapshot(description) })).not.toBe(
    first,
  )
  const options = { ...openOptions, dbMaxRows: 3 }
  const bounded = planned(cache, 'GET /films', {}, { options })
  expect(bounded).toMatchObject({ value: { plan: { maxRows: 3 } } })
  expect(planned(cache, 'GET /films', {}, { options })).toBe(bounded)
  expect(planned(cache, 'GET /films')).toBe(first)
})

test('failures are not kept', () => {
  const cache = createPlanCache(1, createAccessControl())
  const first = planned(cache, 'GET /films')
  const failure = planned(cache, 'GET /nothing')
  expect(failure.ok).toBe(false)
  expect(planned(cache, 'GET /nothing')).not.toBe(failure)
  expect(planned(cache, 'GET /films')).toBe(first)
})

test('the least recently used plan goes when there are too many', () => {
  const cache = createPlanCache(2, createAccessControl())
  const films = planned(cache, 'GET /films')
  const directors = planned(cache, 'GET /directors')
  expect(planned(cache, 'GET /films')).toBe(films)
  planned(cache, 'GET /films?select=id')
  expect(planned(cache, 'GET /films')).toBe(films)
  expect(planned(cache, 'GET /directors')).not.toBe(directors)
})

test('plans go when their shapes are too long together, however few they are', () => {
  const cache = createPlanCache(10, createAccessControl())
  const films = planned(cache, 'GET /films')
  const wide = (name: string) => `GET /films?select=${name}:id,${'id,'.repeat(600)}id`
  const first = planned(cache, wide('a'))
  expect(planned(cache, wide('a'))).toBe(first)
  expect(planned(cache, 'GET /films')).toBe(films)
  planned(cache, wide('b'))
  const third = planned(cache, wide('c'))
  expect(planned(cache, wide('c'))).toBe(third)
  expect(planned(cache, wide('a'))).not.toBe(first)
})

test('the plan of a very long shape is not kept, and drives out no other', () => {
  const cache = createPlanCache(10, createAccessControl())
  const films = planned(cache, 'GET /films')
  const line = `GET /films?select=${'id,'.repeat(3000)}id`
  expect(planned(cache, line)).not.toBe(planned(cache, line))
  expect(planned(cache, 'GET /films')).toBe(films)
})

test('a cache of no entries keeps nothing', () => {
  const cache = createPlanCache(0, createAccessControl())
  expect(planned(cache, 'GET /films')).not.toBe(planned(cache, 'GET /films'))
})

describe('with a registry', () => {
  const text = JSON.stringify({
    roles: { trainee: { inherits: ['clerk'] } },
    grants: [
      { role: ['clerk', 'auditor'], relation: 'films', actions: ['select'] },
      { role: 'director', relation: 'directors', actions: ['select'] },
    ],
    policies: [
      { name: 'one', role: 'clerk', relation: 'films', using: 'title=eq.{{claims.title}}' },
    ],
  })
  const options: RuledOptions = { ...openOptions, policyRegistry: { file: null, text } }
  const cache = createPlanCache(10, createAccessControl())
  const plan = (line: string, role: string) => planned(cache, line, {}, { options, role })

  test('roles that may do the same share a plan, others do not', () => {
    const clerk = plan('GET /films?id=eq.1', 'clerk')
    expect(plan('GET /films?id=eq.2', 'trainee')).toBe(clerk)
    expect(plan('GET /films?id=eq.2', 'auditor')).not.toBe(clerk)
    expect(clerk).toMatchObject({
      value: {
        plan: { root: { rows: { kind: 'policed', columns: null } } },
        operands: [{ kind: 'one', part: { kind: 'claim', path: ['title'] } }],
      },
    })
  })

  test('a role without a policy sees no row', () => {
    expect(plan('GET /films', 'auditor')).toMatchObject({
      value: { plan: { root: { rows: { conditions: [{ kind: 'never' }] } } } },
    })
  })

  test('what is not granted is refused, once it is known to be there', () => {
    expect(plan('GET /directors', 'clerk')).toMatchObject({
      error: { kind: 'database', failure: { sqlState: '42501' }, authenticated: true },
    })
    expect(plan('GET /nothing', 'clerk')).toMatchObject({ error: { kind: 'relation-not-found' } })
    expect(plan('GET /directors', 'director').ok).toBe(true)
  })

  test('the root document has what is granted, or everything where the operator says so', () => {
    const shown = (openapiMode: RuledOptions['openapiMode']) => {
      const at = { options: { ...options, openapiMode }, role: 'clerk' }
      const root = planned(cache, 'GET /', {}, at)
      const plan = root.ok ? root.value.plan : null
      return plan?.kind === 'inspect'
        ? [...plan.shown.relations.values()].map(({ name }) => name)
        : []
    }
    expect(shown('follow-privileges')).toEqual(['films'])
    expect(shown('ignore-privileges').sort()).toEqual(['directors', 'films'])
  })

  test('so is a role that occurs nowhere, whatever another has asked', () => {
    expect(plan('GET /films', 'clerk').ok).toBe(true)
    expect(plan('GET /films', 'stranger')).toMatchObject({
      error: { failure: { sqlState: '22023', message: 'role "stranger" does not exist' } },
    })
  })
})
