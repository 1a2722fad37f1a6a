/**
 * Replacement without a gap: with `server-reuseport` processes share a port, so that each is followed
 * by another under load, and no request fails. It needs a Node.js with SO_REUSEPORT, which
 * `TEST_NODE24` names, and a kernel that hands on what a closed socket had not accepted
 * (net.ipv4.tcp_migrate_req). Without them it is skipped, which is said.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import { endServer, serve } from '../support/test-server.ts'

const node = process.env['TEST_NODE24']
const missing =
  node === undefined
    ? 'TEST_NODE24 names no Node.js 24'
    : migratesRequests()
      ? null
      : 'net.ipv4.tcp_migrate_req is not 1'
if (missing !== null) process.stderr.write(`server-reuseport is not tested: ${missing}\n`)

function migratesRequests(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1'
  } catch {
    return false
  }
}

const main = join(import.meta.dirname, '..', '..', 'dist', 'main.js')

describe.skipIf(missing !== null)('servers that share a port', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase('create table films (id int primary key)')
  })
  afterAll(() => database?.drop())

  test('are replaced five times under load, and no request fails', async () => {
    const port = String(await freePort())
    const next = () =>
      serve({
        command: node ?? '',
        args: [main],
        env: { ...database.env, DBREST_SERVER_PORT: port, DBREST_SERVER_REUSEPORT: 'true' },
      })
    let current = await next()
    const { url } = current
    let isOver = false
    onTestFinished(() => {
      isOver = true
    })
    const outcomes = new Set<string>()
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const outcome = await ask(`${url}/films`).then(
          ({ status }) => String(status),
          (failure: unknown) => String(failure),
        )
        outcomes.add(outcome)
      }
    })
    for (let replaced = 0; replaced < 5; replaced += 1) {
      const before = current
      current = await next()
      await endServer(before)
    }
    isOver = true
    await Promise.all(clients)
    expect([...outcomes]).toEqual(['200'])
  })
})
