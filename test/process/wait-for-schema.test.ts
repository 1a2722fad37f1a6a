/**
 * deploy/wait-for-schema, which pipelines run before they let loose what rests on a migration: played
 * against running servers, as the action of GitHub and as a script by itself.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { createApiDatabase } from '../support/api-database.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'
import { findTool } from '../support/tool.ts'

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'wait-for-schema')
const script = join(folder, 'wait-for-schema')
// without it the script refuses whatever it is given
const isCurlHere = findTool('curl') !== null

interface Waited {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function wait(env: Readonly<Record<string, string>>): Promise<Waited> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [script], { env: { PATH: process.env['PATH'] ?? '', ...env } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => {
      stdout += String(text)
    })
    child.stderr.on('data', (text) => {
      stderr += String(text)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

async function serveFilms(env: Readonly<Record<string, string>> = {}) {
  const file = createSqliteFile('create table films (id integer primary key, title text)')
  onTestFinished(() => file.drop())
  const start = async () => {
    const server = await serve({
      args: [file.path],
      env: { DBREST_DB_SCHEMA_POLL_INTERVAL: '100', ...env },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    return server
  }
  return { file, start, server: await start() }
}

describe.skipIf(!isCurlHere)('a name', () => {
  test('is waited for until each server has it', async () => {
    const { file, start, server } = await serveFilms()
    const other = await start()
    const waiting = wait({
      ADMIN_URLS: `${server.adminUrl}\n  ${other.adminUrl}/`,
      RELATION: 'films',
      COLUMN: 'stars & more',
      TIMEOUT: '120',
    })
    file.exec('alter table films add column "stars & more" integer')
    const { code, stdout, stderr } = await waiting
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(`^${server.adminUrl} serves it: .*"missing":\\[\\]`),
      expect.stringMatching(`^${other.adminUrl} serves it: .*"missing":\\[\\]`),
      '',
    ])
  })

  test.each([
    [{ RELATION: 'films', COLUMN: 'nothing' }, 'column main.films.nothing'],
    [{ RELATION: 'nothing', COLUMN: 'title', SCHEMA: 'public' }, 'relation main.nothing'],
    [{ FUNCTION: 'nothing' }, 'function main.nothing'],
  ])('that does not come is said: %j', async (names, missing) => {
    const { server } = await serveFilms()
    const { code, stderr } = await wait({ ADMIN_URLS: server.adminUrl, TIMEOUT: '1', ...names })
    expect(code).toBe(1)
    expect(stderr).toContain(`${server.adminUrl} does not serve it after 1 s: 404 `)
    expect(stderr).toContain(`"missing":["${missing}"]`)
  })

  test('is asked for with the token, which is no argument', async () => {
    const token = 'a-token/of+all.kinds~of_characters-0123456789=='
    const { server } = await serveFilms({ DBREST_ADMIN_SERVER_TOKEN: token })
    const asked = { ADMIN_URLS: server.adminUrl, RELATION: 'films' }
    expect(await wait({ ...asked, ADMIN_TOKEN: token })).toMatchObject({ code: 0 })
    const refused = await wait({ ...asked, ADMIN_TOKEN: 'another "\\' })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('refuses the question: 401 ')
    expect(readFileSync(script, 'utf8')).not.toMatch(/set -- .*TOKEN|curl .*TOKEN/)
  })
})

describe.skipIf(!isCurlHere)('without a name', () => {
  test('each server reads its schema again', async () => {
    // it looks by itself so seldom that this test does not see it
    const { file, server } = await serveFilms({ DBREST_DB_SCHEMA_POLL_INTERVAL: '3600000' })
    file.exec('create table prizes (id integer primary key)')
    const { code, stdout, stderr } = await wait({ ADMIN_URLS: server.adminUrl })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/serves it: \{"outcome":"(published|unchanged)"/)
    const { status } = await ask(`${server.adminUrl}/schema/has?relation=prizes`)
    expect(status).toBe(200)
  })

  test('the whole fleet is told on PostgreSQL, and refused elsewhere', async () => {
    const database = await createApiDatabase('create table films (id int)')
    onTestFinished(() => database.drop())
    const server = await serve({ env: { ...database.env, DBREST_DB_CHANNEL_ENABLED: 'true' } })
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(await wait({ ADMIN_URLS: server.adminUrl, FLEET: 'true' })).toMatchObject({ code: 0 })
    const { server: alone } = await serveFilms()
    const refused = await wait({ ADMIN_URLS: alone.adminUrl, FLEET: 'true' })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('fleet=true needs PostgreSQL')
  })
})

test.skipIf(!isCurlHere)('a server that does not answer is named', async () => {
  // a port that is taken, so that nobody else takes it, and where nothing is said
  const silent = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => silent.close(() => resolve())))
  const address = silent.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')
  const url = `http://127.0.0.1:${address.port}`
  const { code, stderr } = await wait({ ADMIN_URLS: url, RELATION: 'films', TIMEOUT: '1' })
  expect(code).toBe(1)
  expect(stderr).toMatch(`${url} does not serve it after 1 s: 000 curl: (`)
})

test.skipIf(!isCurlHere).each([
  [{}, 'ADMIN_URLS names no admin server'],
  [{ ADMIN_URLS: ' \n ' }, 'ADMIN_URLS names no admin server'],
  [{ ADMIN_URLS: 'http://a', TIMEOUT: '1m' }, 'TIMEOUT is 1m'],
  [{ ADMIN_URLS: 'http://a', TIMEOUT: '08' }, 'TIMEOUT is 08'],
  [{ ADMIN_URLS: 'http://a', TIMEOUT: '9'.repeat(20) }, `TIMEOUT is ${'9'.repeat(20)}`],
  [{ ADMIN_URLS: 'http://a', ADMIN_TOKEN: 'a\nurl = b' }, 'ADMIN_TOKEN has a line break'],
  [{ ADMIN_URLS: 'http://a', FLEET: 'yes' }, 'FLEET is yes'],
  [{ ADMIN_URLS: 'http://a', COLUMN: 'a' }, 'COLUMN needs its RELATION'],
])('what makes no sense is refused: %j', async (env, text) => {
  const { code, stderr } = await wait(env)
  expect(code).toBe(2)
  expect(stderr).toContain(`wait-for-schema: ${text}`)
})

test('the action hands each of its inputs to the script, by the environment alone', () => {
  const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8'))
  const [step, ...others] = action.runs.steps
  expect(others).toEqual([])
  expect(step.run).toBe('sh "$GITHUB_ACTION_PATH/wait-for-schema"')
  const read = new Set(readFileSync(script, 'utf8').match(/\$\{[A-Z_]+(?=:)/g))
  expect(Object.keys(step.env).map((name) => `\${${name}`)).toEqual(
    expect.arrayContaining([...read]),
  )
  expect(Object.values(step.env)).toEqual(
    Object.keys(step.env).map(
      (name) => `\${{ inputs.${name.toLowerCase().replaceAll('_', '-')} }}`,
    ),
  )
  const inputs = Object.keys(action.inputs).map((name) => name.toUpperCase().replaceAll('-', '_'))
  expect(inputs.toSorted()).toEqual(Object.keys(step.env).toSorted())
})
