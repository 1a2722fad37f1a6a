import { describe, expect, test } from 'vitest'
import { toBuffer } from '../../../src/core/http-exchange.ts'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import {
  createRootHandler,
  type Inspected,
  isBehind,
  type RootRequest,
} from '../../../src/http/handle-root.ts'
import type { InspectPlan } from '../../../src/plan/plan.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { planOf, requestOf } from '../../support/plan-of.ts'
import { describeSnapshot, type SnapshotDescription } from '../../support/snapshot.ts'

const films = {
  relations: { films: 'id:integer!', 'private.secrets': 'id:integer!', actors: 'id:integer!' },
  routines: [{ name: 'f' }, { name: 'private.g' }],
  schemas: ['api', 'private'],
} as const satisfies SnapshotDescription

const everything: Inspected = {
  kind: 'done',
  relations: null,
  routines: null,
  schemaDescription: null,
  statements: [],
}

function rootRequest(
  line = 'GET /',
  description: SnapshotDescription = films,
  headers: Readonly<Record<string, string>> = {},
): RootRequest {
  const snapshot = describeSnapshot(description)
  const plan = planOf(snapshot, line, { headers })
  if (!plan.ok || plan.value.kind !== 'inspect') throw new Error('not an inspection')
  return {
    plan: plan.value satisfies InspectPlan,
    request: requestOf(snapshot, line, { headers }),
    snapshot,
    config: loadTestConfig({}),
    host: 'api.example',
  }
}

function keys(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => nameKey(qualifiedName('api', name))))
}

async function pathsOf(root: RootRequest, inspected: Inspected, handle = createRootHandler()) {
  const { body } = await handle(root, inspected)
  return Object.keys(JSON.parse(toBuffer(body ?? '').toString('utf8')).paths)
}

describe('the answer to GET /', () => {
  test('shows all that the snapshot has of the schema', async () => {
    expect(await pathsOf(rootRequest(), everything)).toEqual(['/', '/actors', '/films', '/rpc/f'])
  })

  test('shows the schema that was asked for', async () => {
    const root = rootRequest('GET /', films, { 'accept-profile': 'private' })
    expect(await pathsOf(root, everything)).toEqual(['/', '/secrets', '/rpc/g'])
  })

  test('shows only what the role may see', async () => {
    const handle = createRootHandler()
    const root = rootRequest()
    const none = { ...everything, relations: keys(), routines: [] }
    expect(await pathsOf(root, none, handle)).toEqual(['/'])
    const some = { ...everything, relations: keys('films'), routines: [] }
    expect(await pathsOf(root, some, handle)).toEqual(['/', '/films'])
    expect(await pathsOf(root, everything, handle)).toContain('/actors')
  })

  test('shows functions as the backend has them now', async () => {
    const newer = describeSnapshot({ routines: [{ name: 'new_one' }] })
    const routines = [...newer.routines.values()].flat()
    const inspected = { ...everything, relations: keys(), routines }
    expect(await pathsOf(rootRequest(), inspected)).toEqual(['/', '/rpc/new_one'])
  })

  test('shows no functions where the engine has none', async () => {
    const root = rootRequest('GET /', { ...films, unsupported: ['functions'] })
    expect(await pathsOf(root, everything)).toEqual(['/', '/actors', '/films'])
  })

  test('says how long it is, and which schema it is of where there are several', async () => {
    const answer = await createRootHandler()(rootRequest(), everything)
    expect(answer.status).toBe(200)
    expect(answer.headers).toEqual([
      ['Content-Type', 'application/openapi+json; charset=utf-8'],
      ['Content-Length', String(toBuffer(answer.body ?? '').byteLength)],
      ['Content-Profile', 'api'],
    ])
  })

  test('says nothing of schemas where there is one', async () => {
    const root = rootRequest('GET /', { relations: { films: 'id:integer' } })
    const { headers } = await createRootHandler()(root, everything)
    expect(headers.map(([name]) => name)).toEqual(['Content-Type', 'Content-Length'])
  })

  test('has neither body nor length for HEAD', async () => {
    const answer = await createRootHandler()(rootRequest('HEAD /'), everything)
    expect(answer).toEqual({
      status: 200,
      headers: [
        ['Content-Type', 'application/openapi+json; charset=utf-8'],
        ['Content-Profile', 'api'],
      ],
      body: null,
    })
  })
})

describe('the version of the document', () => {
  async function versionOf(
    accept: string,
    openapiVersion: '2.0' | '3.1',
    handle = createRootHandler(),
  ) {
    const root = rootRequest('GET /', films, { accept })
    const config = { ...root.config, openapiVersion }
    const { headers, body } = await handle({ ...root, config }, everything)
    const { swagger, openapi } = JSON.parse(toBuffer(body ?? '').toString('utf8'))
    return [swagger ?? openapi, headers[0]?.[1]]
  }
  const old = ['2.0', 'application/openapi+json; charset=utf-8']
  const recent = ['3.1.0', 'application/openapi+json;version=3.1; charset=utf-8']

  test.each([
    ['*/*', '2.0', old],
    ['application/openapi+json', '2.0', old],
    ['application/openapi+json;version=3.1', '2.0', recent],
    ['application/openapi+json; version="3.1", */*;q=0.1', '2.0', recent],
    ['application/json', '3.1', recent],
    ['application/openapi+json', '3.1', recent],
    ['application/openapi+json;version=2.0', '3.1', old],
    ['application/openapi+json;version=7', '2.0', old],
  ] as const)('with Accept: %s and openapi-version=%s', async (accept, configured, expected) => {
    expect(await versionOf(accept, configured)).toEqual(expected)
  })

  test('is that of each request, whatever was made for the one before', async () => {
    const root = rootRequest('GET /', films, { accept: 'application/openapi+json;version=3.1' })
    const handle = createRootHandler()
    const plain = { ...root, request: rootRequest().request }
    const shown = []
    for (const each of [root, plain, root, plain]) {
      const { body } = await handle(each, everything)
      shown.push(Object.keys(JSON.parse(toBuffer(body ?? '').toString('utf8')))[0])
    }
    expect(shown).toEqual(['openapi', 'swagger', 'openapi', 'swagger'])
  })

  test('decides nothing about what is shown', async () => {
    const root = rootRequest('GET /', films, { accept: 'application/openapi+json;version=3.1' })
    expect(await pathsOf(root, everything)).toEqual(['/', '/actors', '/films', '/rpc/f'])
    expect(await pathsOf(root, { ...everything, relations: keys('films'), routines: [] })).toEqual([
      '/',
      '/films',
    ])
  })
})

describe('a snapshot', () => {
  test('is behind when the role may see a relation that it lacks', () => {
    const root = rootRequest()
    expect(isBehind(root, everything)).toBe(false)
    expect(isBehind(root, { ...everything, relations: keys('films') })).toBe(false)
    expect(isBehind(root, { ...everything, relations: keys('films', 'fresh') })).toBe(true)
  })

  test('is not behind about a schema that it does not cover', () => {
    const root = rootRequest()
    const plan = { ...root.plan, schema: 'added_since' }
    const relations = new Set([nameKey(qualifiedName('added_since', 'films'))])
    expect(isBehind({ ...root, plan }, { ...everything, relations })).toBe(false)
  })
})
