import { expect, test } from 'vitest'
import {
  type KnownHeads,
  parseRequest,
  parseRequestInSteps,
} from '../../../src/api/parse-request.ts'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'
import { keepHeads } from '../../../src/http/keep-heads.ts'

const config = {
  dbSchemas: ['api', 'other'],
  dbRootSpec: null,
  openapiMode: 'follow-privileges',
  dbTxEnd: 'commit-allow-override',
} as const

type Line = readonly [
  method: string,
  target: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
]

function rawOf([method, target, headers = {}, body = '']: Line) {
  const [path = '', query = ''] = target.split('?')
  return { method, path, query, headers: Object.entries(headers), body: Buffer.from(body) }
}

function parsed(line: Line, heads: KnownHeads) {
  return runAtOnce(parseRequestInSteps(rawOf(line), config, heads))
}

const lines: readonly Line[] = [
  ['GET', '/films?id=eq.1&select=id,actors(name)&order=id&limit=2&actors.limit=1'],
  ['HEAD', '/films?id=eq.1&select=id,actors(name)&order=id&limit=2&actors.limit=1'],
  ['GET', '/films?id=eq.1', { range: '0-4' }],
  ['GET', '/films?id=eq.1', { accept: 'text/csv' }],
  ['GET', '/films?id=eq.1', { 'content-type': 'text/csv' }],
  ['GET', '/films?id=eq.1', { 'accept-profile': 'other' }],
  ['GET', '/films?id=eq.1', { prefer: 'count=exact' }],
  ['GET', '/films?id=eq.1', { prefer: 'count=exact, tx=rollback' }],
  ['GET', '/films?id=eq.1', { cookie: 'a=b', 'x-any': '1' }],
  ['GET', '/films?id=eq.1', { cookie: 'a=c', 'x-any': '2' }],
  ['POST', '/films', {}, '{"id":1}'],
  ['POST', '/films', {}, '[{"id":1,"title":"a"}]'],
  ['POST', '/films', {}, 'no json'],
  ['POST', '/films', { 'content-type': 'text/csv' }, 'id\n1'],
  ['POST', '/films', { 'content-profile': 'other' }, '{"id":1}'],
  ['POST', '/films?columns=id', {}, '{"id":1}'],
  ['PATCH', '/films?id=eq.1', {}, '{"id":1}'],
  ['POST', '/rpc/f', {}, '{"a":1}'],
  ['GET', '/rpc/f?a=1'],
  ['GET', '/'],
  ['DELETE', '/films?id=eq.1'],
  ['GET', '/films?id=bad'],
  ['GET', '/films?actors.limit=x'],
]

test('a request whose head is known is parsed as if it were not', () => {
  const heads = keepHeads()
  for (let time = 0; time < 3; time += 1) {
    for (const line of lines) {
      expect(parsed(line, heads), JSON.stringify(line)).toEqual(parseRequest(rawOf(line), config))
    }
  }
})

test('a head is parsed twice at most', () => {
  const heads = keepHeads()
  const line = ['GET', '/films?id=eq.1'] as const
  const valuesOf = () => {
    const request = parsed(line, heads)
    return request.ok ? request.value.filters : null
  }
  const [, second, third, fourth] = [valuesOf(), valuesOf(), valuesOf(), valuesOf()]
  expect(third).toBe(second)
  expect(fourth).toBe(second)
})

test('those that were not asked for again are forgotten, and long ones never known', () => {
  const heads = keepHeads(2)
  const head = parseRequestHead()
  const know = (text: string) => {
    heads.set(text, head)
    heads.set(text, head)
  }
  know('a')
  know('b')
  know('c')
  expect(heads.get('a')).toBe(head)
  know('d')
  know('e')
  expect(heads.get('a')).toBe(head)
  expect(heads.get('b')).toBeUndefined()
  know('x'.repeat(3000))
  expect(heads.get('x'.repeat(3000))).toBeUndefined()
})

/** Some head, caught on its way to those that are known. */
function parseRequestHead() {
  const caught: Parameters<KnownHeads['set']>[1][] = []
  parsed(['GET', '/films'], { get: () => undefined, set: (_, head) => caught.push(head) })
  const [head] = caught
  if (head === undefined) throw new Error('no head')
  return head
}
