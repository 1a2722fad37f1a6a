/**
 * A LISTEN connection that has died without a word: nothing is heard over it, nothing says so, and
 * the migration is seen all the same: by the next proof of life, which a request that meets it asks
 * for at once.
 */
import { expect, onTestFinished, test } from 'vitest'
import { createApiDatabase, loginRole, serverEnv } from '../support/api-database.ts'
import { cachedColumns } from '../support/cached-schema.ts'
import { startFreezingProxy } from '../support/freezing-proxy.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { serve } from '../support/test-server.ts'

async function serveFrozen() {
  const database = await createApiDatabase('create table films (id int)')
  onTestFinished(() => database.drop())
  const proxy = await startFreezingProxy(database.port)
  onTestFinished(() => proxy.close())
  const uri = `postgresql://${loginRole}@127.0.0.1:${proxy.port}/${database.name}`
  const server = await serve({ env: serverEnv(uri) })
  await askUntil(200, `${server.adminUrl}/ready`)
  return { database, proxy, server, from: server.stderr.length }
}

test('a listener that hears nothing any more is noticed and replaced', async () => {
  const { database, proxy, server, from } = await serveFrozen()
  expect(proxy.freezeThoseWhoSent('LISTEN "pgrst"')).toBe(1)
  await database.query(`alter table films add column unheard int; notify pgrst`)
  await server.line(
    /Failed listening for database notifications on the "pgrst" channel\. a notification of our own did not come back/,
    { from },
  )
  await eventually(
    () => cachedColumns(server, 'films'),
    (columns) => expect(columns).toHaveProperty('unheard'),
  )
  await server.line(/Listener connected to/, { from })
  await askUntil(200, `${server.adminUrl}/ready`)
  await database.query('alter table films add column heard int; notify pgrst')
  await eventually(
    () => cachedColumns(server, 'films'),
    (columns) => expect(columns).toHaveProperty('heard'),
  )
  expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({ status: 'ok' })
})

test('is noticed within a second of a request that met what it did not hear of', async () => {
  const { database, proxy, server } = await serveFrozen()
  for (let tries = 1, line = ''; !line.includes('within 1000 ms'); tries += 1) {
    const from = server.stderr.length
    expect(proxy.freezeThoseWhoSent('LISTEN "pgrst"')).toBe(1)
    await database.query(`create table unheard_${tries} (id int); notify pgrst`)
    expect((await ask(`${server.url}/unheard_${tries}`)).status).toBe(200)
    // the limit of a proof that nothing has asked for is 5000 ms: on a busy machine one that was due
    // anyway may be over in less than that second
    line = await server.line(/did not come back within/, { from })
    await server.line(/Listener connected to/, { from })
    await askUntil(200, `${server.adminUrl}/ready`)
  }
})
