/**
 * Connections that clients open ahead of need and have sent nothing on yet: browsers and client
 * pools have them at any moment, and a stop is not to wait for them.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import type { RunningServer } from '../support/server.ts'
import { serve } from '../support/test-server.ts'

async function startWithConnection(): Promise<readonly [RunningServer, Socket]> {
  const file = createFilmsFile()
  onTestFinished(() => file.drop())
  const server = await serve({ env: { DBREST_DB_URI: file.path } })
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  // connections are accepted in their order: behind this answer, so is ours
  expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
  return [server, socket]
}

test('a stop ends a connection that has sent nothing, while a request under way is waited for', async () => {
  const [server, silent] = await startWithConnection()
  const body = '{"name":"Chloé Zhao"}'
  const busy = connect(server.port, '127.0.0.1')
  busy.setEncoding('utf8')
  busy.write(
    [
      'POST /directors HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  )
  const [asked] = await once(busy, 'data')
  expect(asked).toMatch(/^HTTP\/1\.1 100 /)
  server.signal('SIGTERM')
  // the deadline of a stop would cut both
  await once(silent, 'close')
  busy.write(body)
  let answer = ''
  for await (const chunk of busy) answer += String(chunk)
  expect(answer).toMatch(/^HTTP\/1\.1 201 /)
  expect(await server.exited).toBe(0)
})

test('a request that such a connection sends at the moment of the stop is answered', async () => {
  const [server, socket] = await startWithConnection()
  server.signal('SIGTERM')
  socket.write('GET /films?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n')
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(await server.exited).toBe(0)
})
