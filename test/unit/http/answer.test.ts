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
