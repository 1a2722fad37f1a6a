/**
 * The primary dies and its standby is promoted, under reads and writes: what clients are answered until
 * then, and that the server goes on with the new primary by itself, its listener too.
 */
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createApiDatabaseIn } from '../support/api-database.ts'
import { cachedColumns } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { startCluster } from '../support/postgres.ts'
import { startReplica } from '../support/replica.ts'
import { serve } from '../support/test-server.ts'

test('requests are 503 with Retry-After until the standby is promoted, and go on there', async () => {
  const primary = await startCluster({ settings: ['max_prepared_transactions=5'] })
  onTestFinished(() => primary.destroy())
  const { name, env } = await createApiDatabaseIn(
    primary,
    'create table visits (id int primary key, note text)',
  )
  const standby = await startReplica(primary)
  onTestFinished(() => standby.destroy())
  const onStandby = new pg.Client(`postgresql://postgres@127.0.0.1:${standby.port}/${name}`)
  await onStandby.connect()
  onTestFinished(() => onStandby.end())

  const uri = new URL(env['DBREST_DB_URI'] ?? '')
  const both = uri.href.replace(uri.host, `${uri.host},127.0.0.1:${standby.port}`)
  const server = await serve({
    env: {
      ...env,
      DBREST_DB_URI: `${both}?target_session_attrs=read-write`,
      // what is seen at the end was heard
      DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
    },
  })
  await askUntil(200, `${server.adminUrl}/ready`)

  const refusals: unknown[] = []
  const written = new Set<number>()
  let isOver = false
  onTestFinished(() => {
    isOver = true
  })
  let count = 0
  async function writeOn(): Promise<void> {
    while (!isOver) {
      count += 1
      const id = count
      const reply = await ask(`${server.url}/visits`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id }),
      })
      if (reply.status === 201) written.add(id)
      else refusals.push([reply.status, reply.headers['retry-after']])
    }
  }
  async function readOn(): Promise<void> {
    while (!isOver) {
      const reply = await ask(`${server.url}/visits?id=eq.1`)
      if (reply.status !== 200) refusals.push([reply.status, reply.headers['retry-after']])
    }
  }
  const clients = Promise.all([writeOn(), writeOn(), readOn()])
  await eventually(
    async () => written.size,
    (size) => expect(size).toBeGreaterThan(5),
  )
  await primary.kill()
  await eventually(
    async () => refusals.length,
    (length) => expect(length).toBeGreaterThan(0),
  )
  // whoever asks from here on cannot have been answered by the old primary
  const lastBefore = count
  const ofNew = () => [...written].filter((id) => id > lastBefore)
  await onStandby.query('select pg_promote()')
  await eventually(
    async () => ofNew().length,
    (length) => expect(length).toBeGreaterThan(5),
    { timeout: 60_000 },
  )
  isOver = true
  await clients
  expect(new Set(refusals.map((refusal) => JSON.stringify(refusal)))).toEqual(
    new Set(['[503,"0"]']),
  )

  // what the new primary took is there; of the old one's last writes that is up to replication
  const { rows } = await onStandby.query<{ id: number }>('select id from visits')
  const kept = new Set(rows.map(({ id }) => id))
  expect(ofNew().filter((id) => !kept.has(id))).toEqual([])

  await askUntil(200, `${server.adminUrl}/ready`)
  await onStandby.query("alter table visits add column place text; notify pgrst, 'reload schema'")
  await eventually(
    () => cachedColumns(server, 'visits'),
    (columns) => expect(columns).toHaveProperty('place'),
  )
}, 180_000)
