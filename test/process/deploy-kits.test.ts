/**
 * What the kits of deploy/ ask a server for is answered; and the proxies' files, each run by its proxy in
 * front of a server where that is at hand: prefix, queries, events as they happen.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readEvents } from '../support/event-reader.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import type { RunningServer } from '../support/server.ts'
import { serve } from '../support/test-server.ts'
import { findTool } from '../support/tool.ts'

const deploy = join(import.meta.dirname, '..', '..', 'deploy')

async function serveFilms(env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  return serve({ args: [films.path], env })
}

test('probes are answered without the token, metrics with it', async () => {
  const { url, adminUrl } = await serveFilms({ DBREST_ADMIN_SERVER_TOKEN: 'of-operators' })
  for (const path of ['/live', '/ready', '/health']) {
    expect((await ask(`${adminUrl}${path}`)).status).toBe(200)
  }
  expect((await ask(`${adminUrl}/metrics`)).status).toBe(401)
  const headers = { Authorization: 'Bearer of-operators' }
  expect((await ask(`${adminUrl}/metrics`, { headers })).status).toBe(200)
  // what Render asks for
  expect((await ask(`${url}/`)).status).toBe(200)
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-proxy-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Ended with its test. */
function run(command: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: 'ignore', env: { ...process.env, HOME: cwd } })
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  })
  return child
}

/** The kit's file with the ports of a test. */
function kitFile(name: string, server: RunningServer): string {
  return readFileSync(join(deploy, 'proxy', name), 'utf8')
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${server.port}`)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${server.adminPort}`)
    .replaceAll('health_port 3001', `health_port ${server.adminPort}`)
}

const proxies = [
  {
    name: 'nginx',
    start(command: string, server: RunningServer, port: number) {
      const folder = temporaryFolder()
      const own = kitFile('nginx.conf', server).replace('listen 80;', `listen 127.0.0.1:${port};`)
      writeFileSync(join(folder, 'dbrest.conf'), own)
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join(' ')
      const http = `http { access_log off; ${places} include ${folder}/dbrest.conf; }`
      const file = join(folder, 'nginx.conf')
      writeFileSync(
        file,
        `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {} ${http}`,
      )
      run(command, ['-c', file, '-p', folder, '-e', join(folder, 'error.log')], folder)
    },
  },
  {
    name: 'caddy',
    start(command: string, server: RunningServer, port: number) {
      const folder = temporaryFolder()
      const site = `http://api.example.com:${port}, http://127.0.0.1:${port} {`
      const own = kitFile('Caddyfile', server).replace('api.example.com {', site)
      const file = join(folder, 'Caddyfile')
      writeFileSync(file, `{\n\tadmin off\n}\n${own}`)
      run(command, ['run', '--config', file, '--adapter', 'caddyfile'], folder)
    },
  },
]

describe.each(proxies)('$name with the file of its kit', ({ name, start }) => {
  const command = findTool(name)

  test.skipIf(command === null)('serves below the prefix, and events as they happen', async () => {
    const server = await serveFilms()
    const port = await freePort()
    start(command ?? '', server, port)
    const proxied = `http://127.0.0.1:${port}`
    const headers = { Host: `api.example.com:${port}` }
    const target = '/rest/v1/films?select=title,directors(name)&title=ilike.*a*&limit=2'
    const reply = await askUntil(200, `${proxied}${target}`, { headers })
    expect(reply.body).toHaveLength(2)
    const direct = await ask(`${server.url}${target.slice('/rest/v1'.length)}`)
    expect(reply.text).toBe(direct.text)

    const events = await readEvents(`${proxied}/dbrest-admin/events`)
    expect(events.status).toBe(200)
    // the stream goes on: what is read here was not held back
    await events.next(({ name: event }) => event === 'hello')
    const reload = await ask(`${proxied}/dbrest-admin/reload`, { method: 'POST' })
    expect(reload.status).toBe(200)
    await events.next(({ name: event }) => event === 'reload-ended')
  })
})

const analyzer = findTool('systemd-analyze')
test.skipIf(analyzer === null)('systemd takes the unit, and finds it well fenced', () => {
  const folder = temporaryFolder()
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'dbrest'), '#!/bin/sh\n', { mode: 0o755 })
  const unit = join(folder, 'dbrest@3001.service')
  cpSync(join(deploy, 'systemd', 'dbrest@.service'), unit)
  writeFileSync(unit, readFileSync(unit, 'utf8').replaceAll('/usr/local/bin/', `${bin}/`))
  const verified = spawnSync(analyzer ?? '', ['verify', '--man=no', unit], { encoding: 'utf8' })
  expect(`${verified.stdout}${verified.stderr}`).not.toMatch(/dbrest@/)
  const fenced = ['security', '--offline=true', '--threshold=20', unit]
  expect(spawnSync(analyzer ?? '', fenced, { encoding: 'utf8' }).status).toBe(0)
})
