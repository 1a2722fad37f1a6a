/**
 * Requests that ask for as much as a request line can, on both engines: each is answered or refused
 * as the client's mistake, whatever limit it meets, ours or the database's, and other clients are
 * served meanwhile.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { schema, targets } from '../support/greatest-requests.ts'
import { ask } from '../support/http-client.ts'
import { startServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`${schema};
    create function endless(n int) returns int stable language plpgsql
      as 'begin return endless(n + 1); end'`)
})
afterAll(() => database.drop())

describe.each(['postgres', 'sqlite'] as const)('%s', (engine) => {
  test('answers other clients between the greatest requests, none of which is its own fault', async () => {
    const url = await start(engine)
    const waiting = [...targets]
    const refusals: string[] = []
    let left = targets.length
    const askNext = async (): Promise<void> => {
      const target = waiting.pop()
      if (target === undefined) return
      const reply = await ask(`${url}${target}`, {
        headers: { prefer: 'count=exact', range: '0-9' },
      }).catch((error: unknown) => ({ status: 0, text: String(error) }))
      left -= 1
      const { status, text } = reply
      if (![200, 206, 400].includes(status)) {
        refusals.push(`${status} ${target.slice(0, 80)} ${text.slice(0, 300)}`)
      }
      return askNext()
    }
    const asked = Promise.all([askNext(), askNext(), askNext()])
    let between = 0
    while (left > 0) {
      const { status } = await ask(`${url}/authors?id=eq.1`)
      expect(status).toBe(200)
      between += 1
    }
    await asked
    expect(refusals).toEqual([])
    expect(between).toBeGreaterThan(0)
  })

  test.each([5_000, 50_000])('a payload nested %i levels deep is refused', async (levels) => {
    const body = '['.repeat(levels) + ']'.repeat(levels)
    for (const target of ['/authors', '/authors?columns=id']) {
      const { status, text } = await ask(`${await start(engine)}${target}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      expect({ target, status, text }).toMatchObject({ status: 400 })
    }
  })
})

test('a function that calls itself without end is the fault of the database', async () => {
  const { status, body } = await ask(`${await start('postgres')}/rpc/endless?n=1`)
  expect({ status, body }).toMatchObject({ status: 500, body: { code: '54001' } })
})

async function start(engine: 'postgres' | 'sqlite'): Promise<string> {
  if (engine === 'postgres') {
    const server = await startServer({
      env: { ...database.env, PGRST_DB_AGGREGATES_ENABLED: 'true' },
    })
    onTestFinished(() => void server.child.kill('SIGKILL'))
    return server.url
  }
  const file = createSqliteFile(schema)
  onTestFinished(() => file.drop())
  const server = await startServer({ args: [file.path] })
  onTestFinished(() => void server.child.kill('SIGKILL'))
  return server.url
}
