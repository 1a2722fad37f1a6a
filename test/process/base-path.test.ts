/**
 * `server-base-path`: the API below a path, as clients of Supabase expect it, with everything that the
 * server says of its own paths; and nothing outside of it. On SQLite, since no engine has to do with it.
 */
import { PostgrestClient } from '@supabase/postgrest-js'
import { expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { serve } from '../support/test-server.ts'

async function serveBelow(basePath: string) {
  const file = createFilmsFile()
  onTestFinished(() => file.drop())
  return serve({ args: [file.path], env: { DBREST_SERVER_BASE_PATH: basePath } })
}

test('the API is below the base path, and nothing is outside', async () => {
  const server = await serveBelow('/rest/v1')
  const status = async (target: string) => (await ask(`${server.url}${target}`)).status
  for (const target of ['/rest/v1', '/rest/v1/', '/rest/v1?', '/rest/v1/films?limit=1']) {
    expect([target, await status(target)]).toEqual([target, 200])
  }
  for (const target of ['/', '/films', '/rest/v1x/films', '/rest/films', '/rest/v1//films']) {
    const reply = await ask(`${server.url}${target}`)
    expect([target, reply.status, reply.body]).toMatchObject([target, 404, { code: 'PGRST125' }])
  }
  expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
})

test('what leads back is below it as well', async () => {
  const server = await serveBelow('/rest/v1')
  const made = await ask(`${server.url}/rest/v1/directors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'return=headers-only' },
    body: JSON.stringify({ id: 77, name: 'Somebody New' }),
  })
  expect(made.headers['location']).toBe('/rest/v1/directors?id=eq.77')
  const read = await ask(`${server.url}/rest/v1/directors?id=eq.77`)
  expect(read.headers['content-location']).toBe('/rest/v1/directors?id=eq.77')

  const { body: old } = await ask(`${server.url}/rest/v1/`)
  expect(old).toMatchObject({
    host: `127.0.0.1:${server.port}`,
    basePath: '/rest/v1',
    paths: { '/directors': {} },
  })
  const { body: new31 } = await ask(`${server.url}/rest/v1/`, {
    headers: { accept: 'application/openapi+json;version=3.1' },
  })
  expect(new31).toMatchObject({ servers: [{ url: `${server.url}/rest/v1` }] })
})

test('a warning in the log names the request as its client has sent it', async () => {
  const server = await serveBelow('/rest/v1')
  const target = '/rest/v1/films?select=d:directors(name)&directors.name=eq.x'
  expect((await ask(server.url + target)).status).toBe(200)
  await eventually(
    () => Promise.resolve(server.stderr.join('\n')),
    (log) => expect(log).toContain(`in \`GET ${target}\``),
  )
})

test('a client of Supabase is served', async () => {
  const server = await serveBelow('/rest/v1')
  const client = new PostgrestClient(`${server.url}/rest/v1`)
  const { data, error } = await client.from('directors').select('name').limit(1)
  expect(error).toBeNull()
  expect(data).toHaveLength(1)
})
