/**
 * The examples, played as their readers play them, with the films sample: those that have the API in an
 * app of their own are started, and ended with a signal.
 */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PostgrestClient } from '@supabase/postgrest-js'
import { expect, onTestFinished, test } from 'vitest'
import { browserForAll, chromiumPath } from '../support/browser.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import { serve } from '../support/test-server.ts'
import { findTool } from '../support/tool.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')

/** Resolves with the address that it prints. */
async function start(example: string) {
  const films = createFilmsFile()
  const child = spawn(process.execPath, [join(examples, example, 'server.js'), films.path], {
    env: { PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    films.drop()
  })
  let [printed, told] = ['', '']
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const [, found] = /(http:\/\/[^/\s]+)\S*\n/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => reject(new Error(told)))
  })
  return { url, child, ended }
}

test.each(['hono', 'express'])('%s has the API and the admin app mounted', async (example) => {
  const { url, child, ended } = await start(example)
  const read = await ask(`${url}/api/films?select=title,directors(name)&id=eq.8`)
  expect(read.body).toEqual([{ title: 'Dune', directors: { name: 'Denis Villeneuve' } }])
  const written = await ask(`${url}/api/directors?select=name`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Prefer: 'return=representation' },
    body: JSON.stringify({ name: 'A'.repeat(100_000) }),
  })
  expect(written).toMatchObject({ status: 201, body: [{ name: 'A'.repeat(100_000) }] })
  const large = await ask(`${url}/api/directors?select=name&order=id.desc&limit=1`)
  expect(large.body).toEqual(written.body)
  expect((await ask(`${url}/api/nothing`)).status).toBe(404)
  expect((await ask(`${url}/admin/health`)).body).toMatchObject({ status: 'ok' })
  expect((await ask(`${url}/admin/`)).text).toContain('dashboard/main.js')
  expect((await ask(`${url}/admin/dashboard/main.js`)).status).toBe(200)
  expect((await ask(`${url}/`)).text).toBe('The API is below /api')
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

const open = browserForAll()
const best = ['Spirited Away (2001), Hayao Miyazaki', 'City Lights (1931), Charlie Chaplin']

test('supabase-js finds the API of the page where it looks for it', async () => {
  const { url, child, ended } = await start('page')
  const { text } = await ask(`${url}/`)
  const [, key = ''] = /'(ey[^']+)'/.exec(text) ?? []
  // as supabase-js makes it; all of that needs a WebSocket, which Node 20 has not
  const headers = { apikey: key, Authorization: `Bearer ${key}` }
  const client = new PostgrestClient(`${url}/rest/v1`, { headers })
  const { data, error } = await client.from('films').select('title').order('id').limit(2)
  expect({ data, error }).toEqual({
    data: [{ title: 'Lady Bird' }, { title: 'Little Women' }],
    error: null,
  })
  expect((await client.from('directors').insert({ name: 'Ana Lily Amirpour' })).status).toBe(201)
  expect((await ask(`${url}/supabase.js`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test.skipIf(chromiumPath === undefined)('the page shows films in a browser', async () => {
  const { url } = await start('page')
  const { page, problems } = await open(`${url}/`)
  const items = page.locator('#films li')
  await items.nth(2).waitFor()
  expect((await items.allTextContents()).slice(0, 2)).toEqual(best)
  expect(problems).toEqual([])
})

const curl = findTool('curl')

test.skipIf(curl === null)('the script with curl reads, counts and writes', async () => {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  const server = await serve({ args: [films.path] })
  const script = join(examples, 'curl', 'films.sh')
  const { stdout } = await promisify(execFile)('sh', [script], {
    env: { ...process.env, API: server.url },
  })
  expect(stdout.replaceAll('\r', '').split('\n')).toEqual([
    '# the three best films of this century, with who made them',
    expect.stringMatching(
      /^\[\{"title":"Spirited Away","year":2001,.*Parasite.*Memories of Murder/,
    ),
    '# how many there are, without reading them',
    'Content-Range: 0-19/20',
    '# a director is added, renamed and taken away again',
    '[{"name":"A. L. Amirpour"}]',
    '# a name that is nearly one',
    expect.stringMatching(/^\{"code":"PGRST205",.*films.*\}$/),
    '',
  ])
})
