import { describe, expect, test } from 'vitest'
import {
  contentTypeOf,
  type MediaType,
  parseMediaType,
  printMediaType,
  sameMediaType,
} from '../../../src/core/media-type.ts'

const json: MediaType = { kind: 'json' }
const plan = (of: MediaType, format: 'text' | 'json', ...options: string[]) => ({
  kind: 'plan',
  of,
  format,
  options,
})

describe('parsing', () => {
  test.each([
    ['application/json', json],
    ['application/json; charset=utf-8', json],
    ['APPLICATION/Json', json],
    ['application/geo+json', { kind: 'geojson' }],
    ['text/csv', { kind: 'csv' }],
    ['text/plain', { kind: 'text' }],
    ['text/xml', { kind: 'xml' }],
    ['application/openapi+json', { kind: 'openapi' }],
    ['application/openapi+json;version=3.1', { kind: 'openapi', version: '3.1' }],
    ['application/openapi+json; version="2.0"', { kind: 'openapi', version: '2.0' }],
    ['application/openapi+json;version=3.0', { kind: 'openapi' }],
    ['application/x-www-form-urlencoded', { kind: 'form' }],
    ['application/octet-stream', { kind: 'octet-stream' }],
    ['*/*', { kind: 'any' }],
    ['application/vnd.pgrst.object', { kind: 'singular', stripNulls: false }],
    ['application/vnd.pgrst.object+json', { kind: 'singular', stripNulls: false }],
    ['ApplicatIon/vnd.PgRsT.object+json', { kind: 'singular', stripNulls: false }],
    ['application/vnd.pgrst.object+json;nulls=stripped', { kind: 'singular', stripNulls: true }],
    ['application/vnd.pgrst.object; NULLS="stripped"', { kind: 'singular', stripNulls: true }],
    ['application/vnd.pgrst.object+json;nulls=kept', { kind: 'singular', stripNulls: false }],
    ['application/vnd.pgrst.array+json;nulls=stripped', { kind: 'array-stripped' }],
    ['application/vnd.pgrst.array+json', json],
    ['application/vnd.pgrst.array', json],
    ['application/vnd.twkb', { kind: 'other', text: 'application/vnd.twkb' }],
    ['text/html; charset=utf-8', { kind: 'other', text: 'text/html; charset=utf-8' }],
    ['application/*', { kind: 'other', text: 'application/*' }],
    ['nonsense', { kind: 'other', text: 'nonsense' }],
    ['', { kind: 'other', text: '' }],
  ])('%s', (text, type) => {
    expect(parseMediaType(text)).toEqual(type)
  })

  test.each([
    ['application/vnd.pgrst.plan', plan(json, 'text')],
    ['application/vnd.pgrst.plan;', plan(json, 'text')],
    ['application/vnd.pgrst.plan+text', plan(json, 'text')],
    ['application/vnd.pgrst.plan+json', plan(json, 'json')],
    ['application/vnd.pgrst.plan;for="application/json"', plan(json, 'text')],
    [
      'application/vnd.pgrst.plan ; for="text/xml" ; options=analyze',
      plan({ kind: 'xml' }, 'text', 'analyze'),
    ],
    ['application/vnd.pgrst.plan+json;for="text/csv"', plan({ kind: 'csv' }, 'json')],
    [
      'application/vnd.pgrst.plan+text; for="text/xml"; options=wal|analyze|verbose|settings|buffers|x',
      plan({ kind: 'xml' }, 'text', 'analyze', 'verbose', 'settings', 'buffers', 'wal'),
    ],
    [
      'application/vnd.pgrst.plan;for="application/vnd.pgrst.object+json;nulls=stripped"',
      plan({ kind: 'singular', stripNulls: true }, 'text'),
    ],
    // what is no parameter ends the list
    ['application/vnd.pgrst.plan; junk; options=analyze', plan(json, 'text')],
  ])('%s', (text, type) => {
    expect(parseMediaType(text)).toEqual(type)
  })
})

describe('Content-Type', () => {
  test.each([
    ['application/json', 'application/json; charset=utf-8'],
    ['text/csv', 'text/csv; charset=utf-8'],
    ['application/octet-stream', 'application/octet-stream'],
    ['application/vnd.twkb', 'application/vnd.twkb'],
    ['application/vnd.pgrst.object', 'application/vnd.pgrst.object+json; charset=utf-8'],
    [
      'application/vnd.pgrst.object;nulls=stripped',
      'application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8',
    ],
    [
      'application/vnd.pgrst.array;nulls=stripped',
      'application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8',
    ],
    [
      'application/vnd.pgrst.plan',
      'application/vnd.pgrst.plan+text; for="application/json"; charset=utf-8',
    ],
    [
      'application/vnd.pgrst.plan+json; for="text/csv"; options=wal|analyze',
      'application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|wal; charset=utf-8',
    ],
  ])('of %s is %s', (text, header) => {
    expect(contentTypeOf(parseMediaType(text))).toBe(header)
  })
})

test.each([
  ['application/geo+json'],
  ['text/plain'],
  ['text/xml'],
  ['application/openapi+json'],
  ['application/openapi+json;version=3.1'],
  ['application/x-www-form-urlencoded'],
  ['*/*'],
])('%s prints as it was', (text) => {
  expect(printMediaType(parseMediaType(text))).toBe(text)
})

test.each([
  ['application/json', 'APPLICATION/JSON; a=b', true],
  ['application/vnd.pgrst.object', 'application/vnd.pgrst.object+json', true],
  ['application/vnd.pgrst.object', 'application/vnd.pgrst.object;nulls=stripped', false],
  ['application/vnd.a', 'application/vnd.a', true],
  ['application/vnd.a', 'application/vnd.b', false],
  ['text/csv', 'text/xml', false],
  ['application/openapi+json', 'application/openapi+json;version=3.1', true],
  ['application/openapi+json;version=2.0', 'application/openapi+json;version=3.1', true],
  ['application/openapi+json', 'application/json', false],
])('%s and %s are the same: %s', (a, b, expected) => {
  expect(sameMediaType(parseMediaType(a), parseMediaType(b))).toBe(expected)
})
