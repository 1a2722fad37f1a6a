/**
 * Two processes behind a proxy that asks for their health, replaced one after the other under reads and
 * writes, as docs/zero-downtime.md has it for Compose: the next one starts when the one before has ended,
 * and no request fails. It runs Caddy with the page's file, where there is one.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import type { RunningServer } from '../support/server.ts'
import { serve } from '../support/test-server.ts'
import { findTool } from '../support/tool.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'zero-downtime.md')
// processes on one port need addresses of their own, which Linux alone has without being asked
const caddy = process.platform === 'linux' ? findTool('caddy') : null

interface Proxy {
  readonly url: string
  /** Resolves with the next line of its log from `from` on that matches. */
  line(pattern: RegExp, from: number): Promise<unknown>
  readonly log: readonly string[]
}

/** With the page's file, for processes that listen on hosts of their own and on the same ports. */
async function startProxy(
  hosts: readonly string[],
  port: number,
  adminPort: number,
): Promise<Proxy> {
  const [, written = ''] = /```caddyfile\n(.*?)```/s.exec(readFileSync(page, 'utf8')) ?? []
  const own = await freePort()
  const file = written
    .replace('http://', `http://127.0.0.1:${own}`)
    .replace('dbrest-a:3000 dbrest-b:3000', hosts.map((host) => `${host}:${port}`).join(' '))
    .replace('health_port 3001', `health_port ${adminPort}`)
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-caddy-'))
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${file}`)
  const child = spawn(caddy ?? '', ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder },
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const log: string[] = []
  let rest = ''
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split('\n')
    rest = lines.pop() ?? ''
    log.push(...lines)
  })
  const line = (pattern: RegExp, from: number) =>
    eventually(
      async () => log.slice(from),
      (lines) =>
        expect(
          lines.some((text) => pattern.test(text)),
          lines.join('\n'),
        ).toBe(true),
    )
  return { url: `http://127.0.0.1:${own}`, line, log }
}

describe.skipIf(caddy === null)('processes behind a proxy', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase(
      'create table visits (id int generated always as identity primary key, n int)',
    )
  })
  afterAll(() => database?.drop())

  test('are replaced one after the other, and no request fails', async () => {
    const hosts = ['127.0.0.1', '127.0.0.2'] as const
    const [port, adminPort] = [await freePort(hosts), await freePort(hosts)]
    async function start(host: string): Promise<RunningServer> {
      const server = await serve({
        env: {
          ...database.env,
          DBREST_SERVER_HOST: host,
          DBREST_ADMIN_SERVER_HOST: host,
          DBREST_SERVER_PORT: String(port),
          DBREST_ADMIN_SERVER_PORT: String(adminPort),
          // over when the proxy has seen it, however long that takes
          DBREST_SHUTDOWN_DELAY: '600',
        },
      })
      // of those that run to the end of the test: the next signal ends the delay
      onTestFinished(async () => {
        if (server.child.exitCode !== null) return
        server.signal('SIGTERM')
        await server.line(/Requests are taken/)
      })
      return server
    }
    const running = new Map<string, RunningServer>()
    for (const host of hosts) running.set(host, await start(host))
    const proxy = await startProxy(hosts, port, adminPort)
    await askUntil(200, `${proxy.url}/visits`)

    let isOver = false
    onTestFinished(() => {
      isOver = true
    })
    const outcomes = new Set<string>()
    const answered = [0, 0, 0, 0]
    const clients = answered.map(async (_, at) => {
      while (!isOver) {
        const request =
          at % 2 === 0
            ? ask(`${proxy.url}/visits?limit=1`)
            : ask(`${proxy.url}/visits`, {
                method: 'POST',
                headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify({ n: at }),
              })
        outcomes.add(await request.then(({ status }) => String(status), String))
        answered[at] = (answered[at] ?? 0) + 1
      }
    })
    /** Whatever a client had asked before has been answered. */
    async function untilAllAreAnswered(): Promise<void> {
      const before = [...answered]
      await eventually(
        async () => answered.every((count, at) => count > (before[at] ?? 0) + 1),
        (isEach) => expect(isEach).toBe(true),
      )
    }

    for (const host of hosts) {
      const old = running.get(host)
      const from = proxy.log.length
      old?.signal('SIGTERM')
      await proxy.line(new RegExp(`status code.*${host}|${host}.*status code`), from)
      await untilAllAreAnswered()
      old?.signal('SIGTERM')
      expect(await old?.exited).toBe(0)
      await untilAllAreAnswered()
      const fromNew = proxy.log.length
      await start(host)
      await proxy.line(new RegExp(`host is up.*${host}|${host}.*host is up`), fromNew)
      await untilAllAreAnswered()
    }
    isOver = true
    await Promise.all(clients)
    expect([...outcomes].sort()).toEqual(['200', '201'])
  }, 180_000)
})
