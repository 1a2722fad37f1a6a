/**
 * The examples that have the API in an app of their own: started as their readers start them, in front
 * of the films sample, and ended with a signal.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'

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
      const [, found] = /(http:\S+)\/api\/films\n/.exec(printed) ?? []
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
