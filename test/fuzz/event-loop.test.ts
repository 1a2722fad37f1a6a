/**
 * The greatest requests, one at a time, and for how long each holds the event loop of the main
 * process: every other request waits that long. By hand with bodies of 10 MB.
 *
 *   FUZZ_LOOP_MS=100 npx vitest run --project system test/fuzz/event-loop.test.ts
 */
import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { greatestBodies, schema, targets } from '../support/greatest-requests.ts'
import { ask } from '../support/http-client.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { isByHand, printTurns, requestNumber, watchLoop } from '../support/watch-loop.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(schema)
})
afterAll(() => database.drop())

describe.each(['postgres', 'sqlite'] as const)('%s', (engine) => {
  test('the greatest requests are answered or refused', { timeout: 300_000 }, async () => {
    const { server, loop } = await start(engine)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    // in every run request-limits.test.ts reads them
    const read = isByHand ? targets : []
    const reads = read.map((target) => ({ method: 'GET', target, type: null, body: null }))
    const requests = [...reads, ...greatestBodies(isByHand ? 10_000_000 : 400_000)]
    for (const [index, { method, target, type, body }] of requests.entries()) {
      const { status, text } = await ask(`${server.url}${target}`, {
        method,
        agent,
        headers: {
          [requestNumber]: String(index),
          prefer: body === null ? 'count=exact' : 'tx=rollback, return=minimal',
          ...(type === null ? {} : { 'content-type': type }),
        },
        ...(body === null ? {} : { body }),
      })
      const shown = `${status} ${method} ${target.slice(0, 100)} ${text.slice(0, 200)}`
      expect([200, 201, 204, 206, 400, 404, 409], shown).toContain(status)
    }
    console.log(`${engine}, the greatest requests:\n${printTurns(loop.turns(), 40)}`)
    expect(loop.turns()).not.toEqual([])
    expect(loop.tooLong()).toEqual([])
  })
})

async function start(engine: 'postgres' | 'sqlite') {
  const loop = watchLoop()
  const options = {
    DBREST_DB_TX_END: 'rollback-allow-override',
    PGRST_DB_AGGREGATES_ENABLED: 'true',
    DBREST_DB_PLAN_ENABLED: 'true',
    ...loop.env,
  }
  const { nodeArguments } = loop
  const file = engine === 'sqlite' ? createSqliteFile(schema) : null
  const server: RunningServer =
    file === null
      ? await startServer({ nodeArguments, env: { ...database.env, ...options } })
      : await startServer({
          nodeArguments,
          args: [file.path],
          // what the writer takes for millions of rows is not what is looked at
          env: { ...options, DBREST_DB_STATEMENT_TIMEOUT: '300000' },
        })
  onTestFinished(async () => {
    await server.stop()
    file?.drop()
    loop.drop()
  })
  return { server, loop }
}
