/**
 * What reaches the server before and beside requests that it understands: every refusal is an
 * answer in the error envelope, whoever refuses.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import { exchange, openRaw, readReply } from '../support/raw-http.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { serveForAll } from '../support/test-server.ts'

let films: SqliteFile
beforeAll(() => {
  films = createFilmsFile()
})
afterAll(() => films.drop())

const maxBody = 100_000
const running = serveForAll(() => ({
  args: [films.path],
  env: { DBREST_MAX_REQUEST_BODY: String(maxBody) },
}))

/** Lines of a request's head, with their ends. */
function head(...lines: readonly string[]): string {
  return [...lines, '', ''].join('\r\n')
}

const last = ['Host: localhost', 'Connection: close'] as const

/** Of every refusal: JSON with the four keys, and the code in a header as well. */
function refusal(status: number, code: string) {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'proxy-status': `PostgREST; error=${code}`,
      server: expect.stringMatching(/^dbrest\/\d/),
      date: expect.any(String),
    },
    body: {
      code,
      message: expect.any(String),
      details: expect.toSatisfy((value) => value === null || typeof value === 'string'),
      hint: expect.toSatisfy((value) => value === null || typeof value === 'string'),
    },
  }
}

describe('a connection', () => {
  test('is kept for longer than load balancers keep theirs', async () => {
    const connection = openRaw(running().port)
    connection.send(head('GET /directors?select=id&id=eq.1 HTTP/1.1', 'Host: localhost'))
    const reply = readReply(await connection.until((text) => text.endsWith('}]')))
    expect(Number(/timeout=(\d+)/.exec(reply.headers['keep-alive'] ?? '')?.[1])).toBeGreaterThan(60)
    connection.socket.destroy()
  })

  test('answers pipelined requests in their order', async () => {
    const connection = openRaw(running().port)
    const one = (id: number, ...more: readonly string[]) =>
      head(`GET /directors?select=id&id=eq.${id} HTTP/1.1`, 'Host: localhost', ...more)
    connection.send(one(1) + one(2) + one(3, 'Connection: close'))
    const text = await connection.closed
    expect(text.match(/\[\{"id":\d\}\]/g)).toEqual(['[{"id":1}]', '[{"id":2}]', '[{"id":3}]'])
  })

  test.each([
    ['with a Host', head('GET /directors?id=eq.1 HTTP/1.0', 'Host: localhost')],
    ['without one', head('GET /directors?id=eq.1 HTTP/1.0')],
  ])('of HTTP/1.0 %s is answered and closed', async (_, request) => {
    expect(await exchange(running().port, request)).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
      body: [{ id: 1, name: 'Greta Gerwig' }],
    })
  })

  test('that asks for HTTP/2 is answered in HTTP/1.1', async () => {
    const request = head(
      'GET /directors?id=eq.1&select=id HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    )
    const connection = openRaw(running().port)
    connection.send(request)
    const reply = readReply(await connection.until((text) => text.endsWith('}]')))
    expect(reply).toMatchObject({ status: 200, body: [{ id: 1 }] })
    // and goes on being a connection of HTTP/1.1
    connection.send(head('GET /directors?id=eq.2&select=id HTTP/1.1', ...last))
    expect(await connection.closed).toContain('[{"id":2}]')
  })

  test('that begins with the preface of HTTP/2 is refused', async () => {
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
    expect(await exchange(running().port, preface)).toMatchObject(refusal(400, 'PGRSTX00'))
  })

  test('that is cut in the middle of a request harms nobody', async () => {
    const connection = openRaw(running().port)
    connection.send(
      'POST /directors HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"na',
    )
    connection.socket.end()
    await connection.closed
    expect((await ask(`${running().url}/directors?limit=1`)).status).toBe(200)
  })
})

describe('a request', () => {
  test.each([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['TLS', Buffer.from('16030100c8010000c403035f', 'hex')],
    ['a header without a colon', head('GET / HTTP/1.1', 'Host: localhost', 'nonsense')],
    ['a header with a blank in its name', head('GET / HTTP/1.1', ...last, 'X Y: 1')],
    ['an unknown version', head('GET / HTTP/3.7', ...last)],
    ['a blank in its target', head('GET /directors? a HTTP/1.1', ...last)],
    [
      'two lengths',
      head('POST /directors HTTP/1.1', ...last, 'Content-Length: 1', 'Content-Length: 2'),
    ],
    ['a length that is none', head('POST /directors HTTP/1.1', ...last, 'Content-Length: x')],
    [
      'a length beside chunks',
      head('POST /directors HTTP/1.1', ...last, 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    ],
    ['no Host in HTTP/1.1', head('GET /directors HTTP/1.1', 'Connection: close')],
    ['an empty Host', head('GET /directors HTTP/1.1', 'Host:', 'Connection: close')],
    ['a Host that is none', head('GET /directors HTTP/1.1', 'Host: a b', 'Connection: close')],
    ['a path in its Host', head('GET /directors HTTP/1.1', 'Host: a/b', 'Connection: close')],
  ])('with %s is 400', async (_, bytes) => {
    expect(await exchange(running().port, bytes)).toMatchObject(refusal(400, 'PGRSTX00'))
  })

  test.each(['TRACE', 'PROPFIND', 'SEARCH', 'LINK'])('by %s is 405', async (method) => {
    const reply = await exchange(running().port, head(`${method} /directors HTTP/1.1`, ...last))
    expect(reply).toMatchObject({
      ...refusal(405, 'PGRST117'),
      body: { code: 'PGRST117', message: `Unsupported HTTP method: ${method}` },
    })
  })

  test('by a method that HTTP does not know is refused', async () => {
    const reply = await exchange(running().port, head('FETCH /directors HTTP/1.1', ...last))
    expect([400, 405]).toContain(reply.status)
    expect(reply).toMatchObject(
      refusal(reply.status, reply.status === 400 ? 'PGRSTX00' : 'PGRST117'),
    )
  })

  test('by CONNECT is 405, and its connection closed', async () => {
    const reply = await exchange(
      running().port,
      head('CONNECT example.com:443 HTTP/1.1', 'Host: x'),
    )
    expect(reply).toMatchObject({
      ...refusal(405, 'PGRST117'),
      headers: { connection: 'close' },
    })
  })

  test.each([
    ['GET http://example.com/directors?id=eq.1&select=id HTTP/1.1'],
    ['GET https://example.com:8443/directors?id=eq.1&select=id HTTP/1.1'],
  ])('with an absolute target, %s, is served', async (line) => {
    expect(await exchange(running().port, head(line, ...last))).toMatchObject({
      status: 200,
      headers: { 'content-location': '/directors?id=eq.1&select=id' },
      body: [{ id: 1 }],
    })
  })

  test('for the whole server (OPTIONS *) is answered', async () => {
    const reply = await exchange(running().port, head('OPTIONS * HTTP/1.1', ...last))
    expect(reply.status).toBeLessThan(500)
  })

  test.each(['/directors?id=eq.1', '/nothing', '/directors?id=eq.x&select=id'])(
    'by HEAD of %s has the head of a GET and no body',
    async (target) => {
      const { port } = running()
      const got = await exchange(port, head(`GET ${target} HTTP/1.1`, ...last))
      const asked = await exchange(port, head(`HEAD ${target} HTTP/1.1`, ...last))
      expect(asked.text).toBe('')
      expect(asked.status).toBe(got.status)
      expect(asked.headers['content-type']).toBe(got.headers['content-type'])
      expect(asked.headers['content-range']).toBe(got.headers['content-range'])
    },
  )
})

describe('the limit', () => {
  const long = (bytes: number) => 'x'.repeat(bytes)

  test('of a target lets 60 KB pass', async () => {
    const target = `/directors?select=id&name=neq.${long(60_000)}&limit=1`
    const reply = await exchange(running().port, head(`GET ${target} HTTP/1.1`, ...last))
    expect(reply.status).toBe(200)
  })

  test.each([66_000, 200_000])('of a target ends before %d bytes', async (bytes) => {
    const request = head(`GET /directors?name=eq.${long(bytes)} HTTP/1.1`, ...last)
    expect(await exchange(running().port, request)).toMatchObject(refusal(414, 'PGRSTX14'))
  })

  test('of a head that never ends is one or the other', async () => {
    const request = head(`GET /directors?name=eq.${long(1_000_000)} HTTP/1.1`, ...last)
    const reply = await exchange(running().port, request)
    expect(reply).toMatchObject(
      reply.status === 414 ? refusal(414, 'PGRSTX14') : refusal(431, 'PGRSTX31'),
    )
    expect(reply.body).toMatchObject({ details: 'The limit is 65536 bytes' })
  })

  test('of headers lets 60 KB pass', async () => {
    const request = head('GET /directors?limit=1 HTTP/1.1', ...last, `X-Long: ${long(60_000)}`)
    expect((await exchange(running().port, request)).status).toBe(200)
  })

  test.each([66_000, 1_000_000])('of a header ends before %d bytes', async (bytes) => {
    const request = head('GET /directors HTTP/1.1', ...last, `X-Long: ${long(bytes)}`)
    expect(await exchange(running().port, request)).toMatchObject(refusal(431, 'PGRSTX31'))
  })

  test('of headers counts all of them', async () => {
    const many = Array.from({ length: 1500 }, (_, i) => `X-Header-${i}: ${long(40)}`)
    const request = head('GET /directors HTTP/1.1', ...last, ...many)
    expect(await exchange(running().port, request)).toMatchObject(refusal(431, 'PGRSTX31'))
  })

  test('of headers is one of bytes: the thousandth counts like the first', async () => {
    const many = Array.from({ length: 1200 }, (_, i) => `X-${i}: 1`)
    const request = head('GET /directors?limit=1 HTTP/1.1', ...last, ...many, 'Accept: text/csv')
    expect(await exchange(running().port, request)).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/csv; charset=utf-8' },
    })
  })

  const post = ['POST /directors HTTP/1.1', ...last, 'Content-Type: application/json'] as const

  test('of a body ends a declared one before it is sent', async () => {
    const request = head(...post, `Content-Length: ${maxBody + 1}`)
    expect(await exchange(running().port, request)).toMatchObject(refusal(413, 'PGRSTX13'))
  })

  test('of a body is told to a client that waits to be asked for it', async () => {
    const request = head(...post, `Content-Length: ${maxBody + 1}`, 'Expect: 100-continue')
    expect(await exchange(running().port, request)).toMatchObject(refusal(413, 'PGRSTX13'))
  })

  test('of a body ends one in chunks when it is passed', async () => {
    const connection = openRaw(running().port)
    connection.send(head(...post, 'Transfer-Encoding: chunked'))
    const chunk = `4000\r\n${long(0x4000)}\r\n`
    for (let sent = 0; sent <= maxBody; sent += 0x4000) connection.send(chunk)
    // the body does not end here
    const answer = await connection.until((text) => text.endsWith('}'))
    expect(readReply(answer)).toMatchObject(refusal(413, 'PGRSTX13'))
    connection.socket.destroy()
  })

  test.each(['declared', 'chunked'])(
    'of a body reaches a client that sends on (%s)',
    async (way) => {
      const body = Buffer.alloc(30_000_000, 'x')
      const reply = await ask(`${running().url}/directors`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(way === 'declared'
            ? { 'content-length': String(body.length) }
            : { 'transfer-encoding': 'chunked' }),
        },
        body,
      })
      expect(reply).toMatchObject({ status: 413, body: { code: 'PGRSTX13' } })
    },
  )

  test('of a body is not passed by one of its length', async () => {
    const body = JSON.stringify({ name: long(maxBody - 11) })
    expect(body).toHaveLength(maxBody)
    const reply = await ask(`${running().url}/directors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(reply.status).not.toBe(413)
  })
})
