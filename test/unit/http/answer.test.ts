import { describe, expect, test } from 'vitest'
import { type Header, toResponse } from '../../../src/http/answer.ts'

const json: Header = ['Content-Type', 'application/json; charset=utf-8']
const binary: Header = ['Content-Type', 'application/octet-stream']

async function bytesOf(body: string | Uint8Array, ...headers: readonly Header[]) {
  const response = toResponse({ status: 200, headers, body })
  return Buffer.from(await response.arrayBuffer())
}

describe('the body of an answer', () => {
  test.each([
    ['ASCII', Buffer.from('{"a": 1}'), json],
    ['UTF-8', Buffer.from('{"a": "é🎬"}'), json],
    ['a mark at the beginning', Buffer.from('\ufeff{}'), json],
    ['bytes that only claim to be UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), json],
    ['a sequence cut short', Buffer.from([0x22, 0xe2, 0x82, 0x22]), json],
    ['any bytes', Buffer.from([0, 255, 128]), binary],
    ['many bytes that are no UTF-8', Buffer.alloc(40_000, 0xff), json],
  ])('goes out byte for byte: %s', async (_, body, type) => {
    expect(await bytesOf(body, type)).toEqual(body)
  })

  test('goes out as UTF-8 beside a header that is none', async () => {
    const header: Header = ['Content-Location', '/映画']
    expect((await bytesOf('["é"]', json, header)).toString()).toBe('["é"]')
    expect((await bytesOf(Buffer.from('["é"]'), json, header)).toString()).toBe('["é"]')
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
    const response = toResponse({ status: 200, headers: [['Content-Location', value]], body: null })
    expect(response.headers.get('content-location')).toBe(sent)
  })

  test('hold the same when one of them is repeated', () => {
    const headers: readonly Header[] = [
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
      ['Content-Location', '/a\nb'],
    ]
    const response = toResponse({ status: 200, headers, body: null })
    expect(response.headers.get('content-location')).toBe('/a%0Ab')
    expect(response.headers.getSetCookie()).toEqual(['a', 'b'])
  })
})
