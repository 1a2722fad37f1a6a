/**
 * Bodies that nobody wants: who may not write is told so before the body is asked for or taken, and
 * the connection is kept or closed so that the answer arrives and the next request is not mistaken.
 *
 * Rule  RFC 9110: 10.1.1 (Expect), RFC 9112: 9.3 (Persistence)
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, authorRole, createApiDatabase } from '../support/api-database.ts'
import { freePort } from '../support/postgres.ts'
import { openRaw, type RawConnection, readReply } from '../support/raw-http.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve, serveForAll } from '../support/test-server.ts'

let database: ApiDatabase
let goodToken: string
let badToken: string
beforeAll(async () => {
  database = await createApiDatabase('create table films (id int primary key, title text)')
  goodToken = await signJwt({ role: authorRole })
  badToken = await signJwt({ role: authorRole }, Buffer.from('a key that the server does not know'))
})
afterAll(() => database.drop())

const maxBody = 64 * 1024 * 1024
const running = serveForAll(() => ({
  env: {
    ...database.env,
    DBREST_JWT_SECRET: testSecret,
    DBREST_MAX_REQUEST_BODY: String(maxBody),
  },
}))

function post(token: string, ...more: readonly string[]): string {
  return [
    'POST /films HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Authorization: Bearer ${token}`,
    ...more,
    '',
    '',
  ].join('\r\n')
}

function open(port = running().port, goesOn = false): RawConnection {
  const connection = openRaw(port, { goesOn })
  onTestFinished(() => {
    connection.socket.destroy()
  })
  return connection
}

/** Wraps a part of a body for its way. */
type Frame = (bytes: Buffer) => Buffer

const endOfJson = (text: string) => text.endsWith('}')
const expects = 'Expect: 100-continue'

describe('a client that waits to be asked for its body', () => {
  test('is refused without being asked, and not waited for', async () => {
    const connection = open()
    connection.send(post(badToken, 'Content-Length: 20', expects))
    const reply = readReply(await connection.closed)
    expect(reply).toMatchObject({
      status: 401,
      headers: { connection: 'close' },
      body: { code: 'PGRST301' },
    })
  })

  test('is asked when its token is good', async () => {
    const connection = open()
    const body = '{"id":1,"title":"Arrival"}'
    connection.send(post(goodToken, `Content-Length: ${body.length}`, expects))
    expect(await connection.until((text) => text.endsWith('\r\n\r\n'))).toBe(
      'HTTP/1.1 100 Continue\r\n\r\n',
    )
    connection.send(body)
    expect(await connection.until((text) => text.includes(' 201 '))).toMatch(/100 .*201 Created/s)
    expect(await database.query('select title from films where id = 1')).toEqual([
      { title: 'Arrival' },
    ])
  })

  test('is told that its body is too long, and not waited for', async () => {
    const connection = open()
    connection.send(post(goodToken, `Content-Length: ${maxBody + 1}`, expects))
    expect(readReply(await connection.closed)).toMatchObject({
      status: 413,
      headers: { connection: 'close' },
    })
  })

  test('is not asked while there is no schema', async () => {
    const { port } = await serve({
      env: {
        ...database.env,
        DBREST_DB_URI: `postgresql://nobody@127.0.0.1:${await freePort()}/nothing`,
        DBREST_JWT_SECRET: testSecret,
      },
    })
    const connection = open(port)
    connection.send(post(goodToken, 'Content-Length: 20', expects))
    expect(readReply(await connection.closed)).toMatchObject({
      status: 503,
      headers: { connection: 'close' },
      body: { code: 'PGRST002' },
    })
  })
})

describe('a body that is sent unasked', () => {
  test('is taken in chunks with a good token', async () => {
    const connection = open()
    connection.send(post(goodToken, 'Transfer-Encoding: chunked'))
    connection.send('8\r\n{"id":2,\r\n')
    connection.send('10\r\n"title":"Dune"} \r\n0\r\n\r\n')
    expect(await connection.until((text) => text.includes(' 201 '))).toMatch(/^HTTP\/1\.1 201 /)
    expect(await database.query('select title from films where id = 2')).toEqual([
      { title: 'Dune' },
    ])
  })

  test('and is short leaves the connection of a refused request to the next one', async () => {
    const connection = open()
    connection.send(post(badToken, 'Content-Length: 8'))
    const refusal = await connection.until(endOfJson)
    expect(readReply(refusal)).toMatchObject({
      status: 401,
      headers: { connection: 'keep-alive' },
    })
    connection.send('{"id":3}')
    connection.send('GET /films?select=id&id=eq.0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const both = await connection.until((text) => text.endsWith('[]'))
    expect(readReply(both.slice(refusal.length))).toMatchObject({ status: 200, body: [] })
  })

  /** Sends that much of a body whatever is answered meanwhile; how much of it was taken. */
  async function flood({ socket, closed }: RawConnection, length: number, frame: Frame) {
    const chunk = frame(Buffer.alloc(1024 * 1024, ' '))
    let taken = 0
    for (let sent = 0; sent < length && !socket.destroyed; sent += chunk.length) {
      const isRoomLeft = socket.write(chunk, (failure) => {
        if (!failure) taken += chunk.length
      })
      const drained = () => new Promise((resolve) => socket.once('drain', resolve))
      if (!isRoomLeft) await Promise.race([drained(), closed])
    }
    await closed
    return taken
  }

  const declared = `Content-Length: ${maxBody}`
  const asItIs: Frame = (bytes) => bytes
  const chunked: Frame = (bytes) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

  test.each([
    ['declared', declared, asItIs],
    ['chunked', 'Transfer-Encoding: chunked', chunked],
  ] as const)('and is long is not taken with a bad token (%s)', async (_, header, frame) => {
    const connection = open(running().port, true)
    connection.send(post(badToken, header))
    const taken = await flood(connection, maxBody, frame)
    // what systems hold on the way between two sockets is some megabytes
    expect(taken).toBeLessThan(maxBody / 2)
    expect(readReply(await connection.closed)).toMatchObject({
      status: 401,
      headers: { connection: 'close' },
      body: { code: 'PGRST301' },
    })
  })

  test('is not kept in memory with a bad token', async () => {
    const { child } = running()
    const peakBytes = () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    }
    const before = peakBytes()
    const connections = Array.from({ length: 6 }, () => open(running().port, true))
    await Promise.all(
      connections.map((connection) => {
        connection.send(post(badToken, declared))
        return flood(connection, maxBody, asItIs)
      }),
    )
    for (const connection of connections) {
      expect(readReply(await connection.closed).status).toBe(401)
    }
    expect(peakBytes() - before).toBeLessThan(2 * maxBody)
  })
})
