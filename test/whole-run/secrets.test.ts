/**
 * The last test of a run of the whole suite: among all that its servers printed and answered are
 * none of the passwords, secrets and tokens that its tests gave them. It needs the run before it,
 * and fails where nothing was kept.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { findSecrets } from '../support/find-secrets.ts'
import { ask } from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import { signJwt } from '../support/sign-jwt.ts'
import { serveSqlite } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'
import { registerSecret, traceVariable } from '../support/trace.ts'
import { traceHealth, traceMetrics } from '../support/trace-in-process.ts'

interface Traces {
  /** What was printed and answered. */
  readonly files: readonly string[]
  readonly secrets: readonly string[]
}

function readTraces(folder: string): Traces {
  const paths = (start: string) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(start))
      .map((name) => join(folder, name))
  const secrets = paths('secrets-').flatMap((path) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  )
  return {
    files: [...paths('printed-'), ...paths('answered-')],
    secrets: [...new Set(secrets.filter((secret) => typeof secret === 'string'))],
  }
}

/** The first line of a file names the test file that it is of. */
function testFolderOf(path: string): string | undefined {
  return /^test\/[^/]+/.exec(readFileSync(path, 'utf8').slice(0, 200))?.[0]
}

test('nothing that the suite printed or answered holds a secret of it', async () => {
  const folder = process.env[traceVariable] ?? ''
  const { files, secrets } = readTraces(folder)
  const kinds = ['printed-', 'answered-'].map((kind) => {
    const ofKind = files.filter((path) => path.includes(`/${kind}`))
    return [...new Set(ofKind.map(testFolderOf))].sort()
  })
  // of a run of the whole suite, or there is nothing to say of one
  const folders = ['conformance', 'differential', 'fuzz', 'integration', 'process']
  const served = folders.map((name) => `test/${name}`)
  expect(await findSecrets(files, secrets)).toEqual([])
  expect(kinds).toEqual([served, served])
  expect(secrets.length).toBeGreaterThan(50)
})

describe('a secret that is printed or answered', () => {
  const run = process.env[traceVariable]
  afterEach(() => {
    process.env[traceVariable] = run
  })

  /** Traces of this test alone. */
  function ownTraces(): string {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-trace-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    process.env[traceVariable] = folder
    return folder
  }

  test('is found in a log, an answer and a dump', async () => {
    const folder = ownTraces()
    const films = createFilmsFile()
    onTestFinished(() => films.drop())
    const [inLog, inAnswer, inDump] = [
      'planted-in-the-log',
      'planted-in-an-answer',
      'planted-in-a-dump',
    ]
    for (const secret of [inLog, inAnswer]) registerSecret(secret)
    const token = await signJwt({ planted: 'claim', of: 'a token' })
    const server = await serve({ args: [films.path] })
    // requests are logged as they are sent
    await ask(`${server.url}/films?select=id&limit=1`, { headers: { 'user-agent': inLog } })
    await ask(`${server.url}/films?select=id&limit=1`, { headers: { 'user-agent': token } })
    await ask(`${server.url}/films?select=${inAnswer}`)
    await runCommand(['--dump-config'], { DBREST_DB_URI: `postgresql://u:${inDump}@h/x` })
    await server.line(/planted-in-the-log/, { on: 'stdout' })

    const { files, secrets } = readTraces(folder)
    const found = await findSecrets(files, secrets)
    const hints = new Set(found.map(({ hint }) => hint))
    expect(hints).toContain('plante… (18 bytes)')
    expect(hints).toContain('plante… (20 bytes)')
    expect(hints).toContain('plante… (17 bytes)')
    expect(hints).toContain(`${token.slice(0, 6)}… (${token.length} bytes)`)
  })

  test('is found in what a server inside the test process tells and answers', async () => {
    const folder = ownTraces()
    const [inLog, inAnswer, inFailure] = [
      'planted-in-process-log',
      'planted-in-process-answer',
      'planted-in-process-cause',
    ]
    for (const secret of [inLog, inAnswer, inFailure]) registerSecret(secret)
    const api = await serveSqlite(`create table films (id integer primary key, title text);
      insert into films values (1, '${inAnswer}')`)
    onTestFinished(() => api.stop())
    expect((await api.get('/films', { 'user-agent': inLog })).status).toBe(200)
    traceHealth(
      {
        state: () => ({
          kind: 'retrying',
          snapshot: null,
          cause: inFailure,
          attempt: 1,
          retryInMs: 1000,
        }),
        lastReload: () => null,
      },
      { list: () => [] },
    )
    await traceMetrics()

    const { files, secrets } = readTraces(folder)
    const found = await findSecrets(files, secrets)
    const kindOf = (secret: string) =>
      found
        .filter(({ hint }) => hint.endsWith(`(${secret.length} bytes)`))
        .map(({ file }) => basename(file).split('-')[0])
    expect(kindOf(inLog)).toEqual(['printed'])
    expect(kindOf(inAnswer)).toEqual(['answered'])
    expect(kindOf(inFailure)).toEqual(['answered'])
    const answered = files.filter((path) => path.includes('/answered-'))
    const texts = answered.map((path) => readFileSync(path, 'utf8')).join('')
    expect(texts).toMatch(/^pgrst_schema_cache_loads_total/m)
  })

  test('is found between two pieces, and in other spellings', async () => {
    const folder = ownTraces()
    const path = join(folder, 'printed-1')
    const secret = 'pass"word/with%signs'
    const texts = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]
    for (const text of texts) {
      appendFileSync(path, `${'x'.repeat(60)}${text}`)
      expect(await findSecrets([path], [secret], 64)).toHaveLength(1)
      rmSync(path)
    }
    appendFileSync(path, 'pass"word/with%sign')
    expect(await findSecrets([path], [secret], 64)).toEqual([])
  })
})
