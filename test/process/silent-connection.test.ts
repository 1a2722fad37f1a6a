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

test('a stop does not wait for a connection that has sent nothing', async () => {
  const [server, socket] = await startWithConnection()
  const startedAt = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(5000)
  expect(socket.readyState).not.toBe('open')
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
