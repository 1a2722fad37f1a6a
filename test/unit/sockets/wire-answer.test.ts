import { describe, expect, test } from 'vitest'
import { type Content, type Header, toBuffer } from '../../../src/core/http-exchange.ts'
import { toWire } from '../../../src/sockets/wire-answer.ts'

const json: Header = ['Content-Type', 'application/json; charset=utf-8']

function bytesOf(body: Content, ...headers: readonly Header[]) {
  const { body: sent } = toWire({ status: 200, headers, body })
  return typeof sent === 'string' ? Buffer.from(sent, 'latin1') : toBuffer(sent ?? '')
}

describe('the body of an answer', () => {
  test.each([
    ['ASCII', Buffer.from('{"a": 1}')],
    ['UTF-8', Buffer.from('{"a": "é🎬"}')],
    ['a mark at the beginning', Buffer.from('\ufeff{}')],
    ['bytes that only claim to be UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['a sequence cut short', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['many bytes that are no UTF-8', Buffer.alloc(40_000, 0xff)],
    ['a part of a larger buffer', Buffer.from('abcdef').subarray(2, 4)],
  ])('goes out byte for byte: %s', (_, body) => {
    expect(bytesOf(body, json)).toEqual(body)
  })

  test('that is a text goes out as UTF-8, beside a header that is none as well', () => {
    const header: Header = ['Content-Location', '/映画']
    expect(bytesOf('["é映"]', json, header).toString()).toBe('["é映"]')
  })

  test('stays in its pieces where it is large, and their length is said', () => {
    const pieces = [Buffer.alloc(40_000, 'a'), Buffer.alloc(30_000, 'b')]
    const { body, headers } = toWire({ status: 200, headers: [], body: pieces })
    expect(body).toBe(pieces)
    expect(headers).toEqual(['Content-Length', '70000'])
    expect(bytesOf([Buffer.from('ab'), Buffer.from('c')])).toEqual(Buffer.from('abc'))
  })

  test('of none is none, which is not an empty one', () => {
    expect(toWire({ status: 204, headers: [], body: null }).body).toBeNull()
    expect(toWire({ status: 200, headers: [], body: '' }).body).toBe('')
  })
})

describe('the headers of an answer', () => {
  test.each([
    ['/films', '/films'],
    ['/映画', Buffer.from('/映画').toString('latin1')],
    ['/a\r\nSet-Cookie: b', '/a%0D%0ASet-Cookie: b'],
    ['/\u0000\u007f', '/%00%7F'],
    ['a\tb', 'a\tb'],
  ])('hold %j as bytes, without control characters', (value, sent) => {
    const { headers } = toWire({ status: 200, headers: [['Content-Location', value]], body: null })
    expect(headers).toEqual(['Content-Location', sent])
  })

  test('say how long the body is, where nobody has said it', () => {
    const said: Header = ['content-length', '3']
    expect(toWire({ status: 200, headers: [], body: '["é"]' }).headers).toEqual([
      'Content-Length',
      '6',
    ])
    expect(toWire({ status: 200, headers: [said], body: 'abc' }).headers).toEqual(said)
    expect(toWire({ status: 200, headers: [], body: null }).headers).toEqual([])
  })

  test('are in their order, repeated ones each on a line', () => {
    const headers: readonly Header[] = [
      ['Set-Cookie', 'a'],
      ['X-Other', 'c'],
      ['Set-Cookie', 'b'],
    ]
    expect(toWire({ status: 200, headers, body: null }).headers).toEqual(headers.flat())
  })
})

describe('the reason phrase', () => {
  test.each([
    [402, undefined, 'Payment Required'],
    [402, 'Pay first', 'Pay first'],
    [402, '', ''],
    [299, undefined, ''],
    [402, 'a\r\nSet-Cookie: b', 'Payment Required'],
    [402, 'x'.repeat(257), 'Payment Required'],
    [400, '映画', Buffer.from('映画').toString('latin1')],
  ])('of %i with the text %j is %j', (status, statusText, reason) => {
    const text = statusText === undefined ? {} : { statusText }
    expect(toWire({ status, ...text, headers: [], body: null }).reason).toBe(reason)
  })
})
