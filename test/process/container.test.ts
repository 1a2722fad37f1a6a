/**
 * The container image, as far as it can be known without a container engine: what its Dockerfile
 * says, and the server and the health check run as they are in it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { loadTestConfig } from '../support/load-test-config.ts'
import { freePort } from '../support/postgres.ts'
import { serve } from '../support/test-server.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n')
/** The arguments of an instruction's last occurrence, which is that of the image itself. */
const last = (instruction: string) =>
  lines.findLast((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1) ?? ''
const entrypoint: readonly string[] = JSON.parse(last('ENTRYPOINT'))

describe('the Dockerfile', () => {
  test('names its user by number, so that Kubernetes can tell that it is not root', () => {
    expect(last('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })

  test('sets no option in the environment, where it would outrank a mounted file', () => {
    expect(lines.filter((line) => /\b(DBREST|PGRST)_/.test(line))).toEqual([])
  })

  test('builds on and runs Node 24', () => {
    const bases = lines.filter((line) => line.startsWith('FROM '))
    expect(bases).toEqual([
      expect.stringMatching(/^FROM node:24-\S+ AS build$/),
      expect.stringMatching(/^FROM node:24-\S+$/),
    ])
  })

  test('starts and asks with files that it copies and .dockerignore lets in', () => {
    const named = [...entrypoint, ...JSON.parse(last('HEALTHCHECK').replace(/^.*CMD /, ''))]
    const files = named.filter((argument) => String(argument).startsWith('docker/'))
    expect(files).toEqual(['docker/image/defaults.conf', 'docker/image/health.js'])
    for (const file of files) expect(existsSync(join(root, file))).toBe(true)
    expect(lines).toContain('COPY docker/image ./docker/image')
    expect(read('.dockerignore').split('\n')).toContain('!docker/image')
  })

  test('has the dashboard beside the server', () => {
    expect(lines).toContain('COPY dashboard ./dashboard')
    expect(read('.dockerignore').split('\n')).not.toContain('dashboard')
  })
})

describe('the options of a container', () => {
  const defaults = read('docker/image/defaults.conf')
  const sqliteFiles = ['/data/films.db']

  test.each([
    ['nothing', {}],
    ['a database', { positionalDatabase: '/data/films.db', sqliteFiles }],
    ['a file that names neither', { file: 'db-uri = "postgresql://db/films"' }],
  ])('with %s make it reachable from outside, and its probes too', (_, input) => {
    const config = loadTestConfig({ defaults, ...input })
    expect(config).toMatchObject({
      serverHost: '!4',
      serverPort: 3000,
      adminServerHost: '!4',
      adminServerPort: 3001,
    })
  })

  test('are weaker than a mounted file, and that than the environment', () => {
    const file = 'server-host = "127.0.0.1"\nadmin-server-port = 4001'
    const mounted = loadTestConfig({ defaults, file })
    expect(mounted).toMatchObject({ serverHost: '127.0.0.1', adminServerPort: 4001 })
    const env = { PGRST_ADMIN_SERVER_PORT: '5001' }
    expect(loadTestConfig({ defaults, file, env })).toMatchObject({
      serverHost: '127.0.0.1',
      adminServerPort: 5001,
    })
  })
})

test('a container that a file is mounted in listens and is asked where the file says', async () => {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  const [port, adminPort] = [await freePort(), await freePort()]
  const file = join(films.folder, 'mounted.conf')
  writeFileSync(
    file,
    `db-uri = "${films.path}"\nserver-port = ${port}\nadmin-server-port = ${adminPort}\n`,
  )
  const bare = {
    DBREST_SERVER_HOST: undefined,
    DBREST_ADMIN_SERVER_HOST: undefined,
    DBREST_SERVER_PORT: undefined,
    DBREST_ADMIN_SERVER_PORT: undefined,
  }
  const args = [...entrypoint.slice(entrypoint.indexOf('--defaults')), file]
  const server = await serve({ args, env: bare, cwd: root })
  expect(await server.line(/Admin server listening/)).toMatch(`listening on 0.0.0.0:${adminPort}`)
  await askUntil(200, `http://127.0.0.1:${adminPort}/ready`)
  expect((await ask(`http://127.0.0.1:${port}/films?limit=1`)).status).toBe(200)

  const health = (pid: number | undefined) => {
    const script = join(root, 'docker', 'image', 'health.js')
    return spawnSync(process.execPath, [script, String(pid)], { cwd: root, encoding: 'utf8' })
  }
  expect(health(server.child.pid)).toMatchObject({
    status: 0,
    stdout: `OK: http://127.0.0.1:${adminPort}/health\n`,
  })
  expect(health(process.pid).status).toBe(1)
})
