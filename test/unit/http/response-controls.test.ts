import { describe, expect, test } from 'vitest'
import {
  applyControls,
  parseResponseHeaders,
  parseResponseStatus,
} from '../../../src/http/response-controls.ts'

describe('response.headers', () => {
  test.each([
    [null, []],
    ['[]', []],
    [
      '[{"A":"1"},{"B":"2"},{"A":"3"}]',
      [
        ['A', '1'],
        ['B', '2'],
        ['A', '3'],
      ],
    ],
    ['[{"A":"é\\tb"}]', [['A', 'é\tb']]],
    // the server alone knows where the body ends
    ['[{"content-length":"1000"},{"A":"1"},{"Transfer-Encoding":"chunked"}]', [['A', '1']]],
  ])('%s', (text, headers) => {
    expect(parseResponseHeaders(text)).toEqual({ ok: true, value: headers })
  })

  test.each([
    'no JSON',
    '{"A":"1"}',
    '["A"]',
    '[{"A":"1","B":"2"}]',
    '[{}]',
    '[{"A":1}]',
    '[{"A b":"1"}]',
    '[{"":"1"}]',
    '[{"A":"1\\r\\nB: 2"}]',
    '[{"A":"\\u0001"}]',
    '[{"A":"\\u007f"}]',
  ])('%s is refused', (text) => {
    expect(parseResponseHeaders(text)).toEqual({ ok: false, error: { kind: 'guc-headers' } })
  })
})

describe('response.status', () => {
  test.each([
    [null, null],
    ['200', 200],
    ['418', 418],
    ['404 Not Found', 404],
  ])('%s', (text, status) => {
    expect(parseResponseStatus(text)).toEqual({ ok: true, value: status })
  })

  test.each(['fine', '', '-1', '199', '600', '99999'])('%j is refused', (text) => {
    expect(parseResponseStatus(text)).toEqual({ ok: false, error: { kind: 'guc-status' } })
  })
})

test('what the database says replaces what we would', () => {
  const answer = { status: 200, headers: [['Vary', 'a'] as const, ['B', 'b'] as const], body: 'x' }
  expect(applyControls(answer, 201, [['vary', 'c']])).toEqual({
    status: 201,
    headers: [
      ['B', 'b'],
      ['vary', 'c'],
    ],
    body: 'x',
  })
  expect(applyControls(answer, null, [])).toBe(answer)
})
