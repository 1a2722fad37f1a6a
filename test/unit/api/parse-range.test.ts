import { describe, expect, test } from 'vitest'
import {
  embedWindows,
  noteWindow,
  rootWindow,
  type WindowTexts,
} from '../../../src/api/parse-range.ts'

function windowsOf(query: string): WindowTexts {
  const windows: WindowTexts = new Map()
  for (const [key, value] of new URLSearchParams(query)) {
    noteWindow(windows, key, key.endsWith('limit') ? 'limit' : 'offset', value)
  }
  return windows
}

const negativeLimit = { kind: 'invalid-range', failure: { kind: 'negative-limit' } }
const inverted = { kind: 'invalid-range', failure: { kind: 'lower-above-upper' } }

describe('limit and offset', () => {
  test.each([
    ['', { offset: 0 }],
    ['limit=3', { offset: 0, limit: 3 }],
    ['offset=2', { offset: 2 }],
    ['limit=3&offset=2', { offset: 2, limit: 3 }],
    ['limit=0', { offset: 0, limit: 0 }],
    ['limit=3&limit=5', { offset: 0, limit: 5 }],
    ['offset=-4', { offset: 0 }],
    ['limit=5&offset=-3', { offset: 0, limit: 2 }],
    ['limit=abc', { offset: 0 }],
    ['offset=abc', { offset: 0 }],
    ['limit=1.5', { offset: 0 }],
    ['limit= 3 ', { offset: 0, limit: 3 }],
    // beside an offset, a limit that is no number counts as zero
    ['limit=abc&offset=0', { offset: 0, limit: 0 }],
    ['limit=99999999999999999999', { offset: 0, limit: Number.MAX_SAFE_INTEGER }],
    ['offset= - 4 ', { offset: 0 }],
    ['limit=3 x', { offset: 0 }],
    ['limit=3 4', { offset: 0 }],
    ['limit=', { offset: 0 }],
  ])('%s', (query, window) => {
    expect(rootWindow('GET', windowsOf(query), undefined)).toEqual({ ok: true, value: window })
  })

  test.each(['limit=-1', 'limit=0&offset=5', 'limit=abc&offset=5', 'limit=-1&offset=3'])(
    '%s is not satisfiable, whatever the method',
    (query) => {
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
        const window = rootWindow(method, windowsOf(query), undefined)
        expect(window).toEqual({ ok: false, error: negativeLimit })
      }
    },
  )
})

describe('the Range header', () => {
  test.each([
    ['0-9', '', { offset: 0, limit: 10 }],
    ['5-', '', { offset: 5 }],
    ['3-3', '', { offset: 3, limit: 1 }],
    ['0-1', 'limit=3', { offset: 0, limit: 2 }],
    ['0-9', 'limit=3', { offset: 0, limit: 3 }],
    ['2-9', 'offset=4', { offset: 4, limit: 6 }],
    ['items=0-4', '', { offset: 0 }],
    ['-5', '', { offset: 0 }],
    ['junk', '', { offset: 0 }],
    // limit=0 outranks even an inverted range
    ['4-2', 'limit=0', { offset: 0, limit: 0 }],
  ])('%s with %s', (range, query, window) => {
    expect(rootWindow('GET', windowsOf(query), range)).toEqual({ ok: true, value: window })
  })

  test.each([
    ['1-0', '', inverted],
    ['4-2', 'limit=3', inverted],
    ['0-1', 'offset=5', negativeLimit],
    ['0-9', 'limit=-1', negativeLimit],
  ])('%s with %s is not satisfiable', (range, query, error) => {
    expect(rootWindow('GET', windowsOf(query), range)).toEqual({ ok: false, error })
  })

  test.each(['HEAD', 'POST', 'PATCH', 'DELETE', 'PUT'])('means nothing on %s', (method) => {
    expect(rootWindow(method, windowsOf(''), '1-0')).toEqual({ ok: true, value: { offset: 0 } })
  })
})

describe('PUT', () => {
  test.each(['limit=1', 'offset=1', 'limit=0'])('takes no %s', (query) => {
    const window = rootWindow('PUT', windowsOf(query), undefined)
    expect(window).toEqual({ ok: false, error: { kind: 'put-limit' } })
  })

  test.each(['offset=0', 'limit=abc', 'offset=-1'])('does not mind %s', (query) => {
    expect(rootWindow('PUT', windowsOf(query), undefined).ok).toBe(true)
  })
})

describe('windows of embeds', () => {
  test('come in order of appearance, without the root', () => {
    const windows = windowsOf('limit=1&a.limit=2&a.b.offset=3&a.offset=4&c.limit=x')
    expect(embedWindows(windows)).toEqual({
      ok: true,
      value: [
        { path: ['a'], value: { offset: 4, limit: 2 } },
        { path: ['a', 'b'], value: { offset: 3 } },
        { path: ['c'], value: { offset: 0 } },
      ],
    })
  })

  test.each([
    ['a.limit=-1', '2201W', 'LIMIT must not be negative'],
    ['a.offset=-1', '2201X', 'OFFSET must not be negative'],
  ])('%s fails as PostgreSQL would', (query, sqlState, message) => {
    expect(embedWindows(windowsOf(query))).toMatchObject({
      ok: false,
      error: { kind: 'database', failure: { sqlState, message } },
    })
  })
})
