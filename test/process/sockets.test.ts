/**
 * Where the two servers listen: unix sockets, special hosts, any free port.
 *
 * Rule  PostgREST docs: configuration (server-host, server-unix-socket), admin_server
 */
import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { endServer, serve } from '../support/test-server.ts'

let films: SqliteFile
beforeAll(() => {
  films = createFilmsFile()
})
afterAll(() => films.drop())

function socketFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-sockets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

/** The address in the line that tells of a listening server. */
async function addressOf(server: RunningServer, kind: 'API' | 'Admin'): Promise<string> {
  const line = await server.line(new RegExp(`${kind} server listening on`))
  return line.replace(/^.* listening on /, '')
}

describe('unix sockets', () => {
  test('of both servers have their modes, and say so where they are', async () => {
    const folder = socketFolder()
    const [api, admin] = [join(folder, 'api.sock'), join(folder, 'admin.sock')]
    const server = await serve({
      args: [films.path],
      env: {
        DBREST_SERVER_UNIX_SOCKET: api,
        DBREST_SERVER_UNIX_SOCKET_MODE: '777',
        DBREST_ADMIN_SERVER_UNIX_SOCKET: admin,
      },
    })
    expect(await addressOf(server, 'API')).toBe(api)
    expect(await addressOf(server, 'Admin')).toBe(admin)
    expect([modeOf(api), modeOf(admin)]).toEqual(['777', '660'])
    const onApi = { socketPath: api }
    expect(await ask('http://localhost/films?select=id&order=id&limit=1', onApi)).toMatchObject({
      status: 200,
      body: [{ id: 1 }],
    })
    await askUntil(200, 'http://localhost/ready', { socketPath: admin })
    // a socket has no peer
    expect(await server.line(/GET \/films/, { on: 'stdout' })).toMatch(/^- - - \[/)
  })

  test('that are deleted turn /live and /ready to 500', async () => {
    const api = join(socketFolder(), 'api.sock')
    const server = await serve({ args: [films.path], env: { DBREST_SERVER_UNIX_SOCKET: api } })
    const statusOf = async (path: string) => (await ask(`${server.adminUrl}/${path}`)).status
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(await statusOf('live')).toBe(200)
    unlinkSync(api)
    expect([await statusOf('live'), await statusOf('ready')]).toEqual([500, 500])
    expect(await statusOf('ok')).toBe(200)
    expect(await statusOf('health')).toBe(503)
  })

  test('left by a server that was killed are taken over, and gone after a stop', async () => {
    const api = join(socketFolder(), 'api.sock')
    const env = { DBREST_SERVER_UNIX_SOCKET: api }
    const killed = await serve({ args: [films.path], env })
    killed.signal('SIGKILL')
    await killed.exited
    expect(statSync(api).isSocket()).toBe(true)
    const server = await serve({ args: [films.path], env })
    expect((await ask('http://localhost/films?limit=1', { socketPath: api })).status).toBe(200)
    await endServer(server)
    expect(statSync(api, { throwIfNoEntry: false })).toBeUndefined()
  })

  test.each(['777', '600'])('with mode %s have it from their first moment on', async (mode) => {
    const api = join(socketFolder(), 'api.sock')
    await serve({
      args: [films.path],
      env: { DBREST_SERVER_UNIX_SOCKET: api, DBREST_SERVER_UNIX_SOCKET_MODE: mode },
    })
    expect(modeOf(api)).toBe(mode)
  })

  test.each([
    ['800', 'Invalid server-unix-socket-mode: not an octal from 600 to 777'],
    ['599', 'Invalid server-unix-socket-mode: needs to be between 600 and 777'],
    ['577', 'Invalid server-unix-socket-mode: needs to be between 600 and 777'],
  ])('with mode %s are refused', async (mode, text) => {
    const env = { DBREST_SERVER_UNIX_SOCKET_MODE: mode, DBREST_DB_URI: films.path }
    const option = `server-unix-socket-mode is "${mode}" (DBREST_SERVER_UNIX_SOCKET_MODE)`
    const stderr = `${option}: ${text}\n`
    expect(await runCommand([], env)).toEqual({ code: 1, stdout: '', stderr })
  })

  test('where a file is that is none are an error, and the file stays', async () => {
    const path = join(socketFolder(), 'precious.txt')
    writeFileSync(path, 'precious')
    const server = await serve({
      args: [films.path],
      env: { DBREST_SERVER_UNIX_SOCKET: path },
      until: null,
    })
    expect(await server.exited).toBe(1)
    expect(server.stderr.join('\n')).toContain(`EADDRINUSE: address already in use ${path}`)
    expect(statSync(path).size).toBe('precious'.length)
  })
})

describe('hosts and ports', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  )

  test.each([
    ['127.0.0.1', '127.0.0.1', ['127.0.0.1']],
    ['*4', '0.0.0.0', ['127.0.0.1']],
    ['!4', '0.0.0.0', ['127.0.0.1']],
    ['*', '0.0.0.0', ['127.0.0.1']],
  ])('%s binds %s', async (host, bound, reached) => {
    const server = await serve({
      args: [films.path],
      env: { DBREST_SERVER_HOST: host, DBREST_ADMIN_SERVER_HOST: undefined },
    })
    expect(await addressOf(server, 'API')).toBe(`${bound}:${server.port}`)
    expect(await addressOf(server, 'Admin')).toBe(`${bound}:${server.adminPort}`)
    await askUntil(200, `${server.adminUrl}/ready`)
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
    for (const address of reached) {
      expect((await ask(`http://${address}:${server.port}/films?limit=1`)).status).toBe(200)
    }
  })

  test.runIf(hasIpv6).each([
    ['!6', ['[::1]'], ['127.0.0.1']],
    ['*6', ['[::1]', '127.0.0.1'], []],
    ['::1', ['[::1]'], ['127.0.0.1']],
  ])('%s is reached over IPv6', async (host, reached, refused) => {
    const env = { DBREST_SERVER_HOST: host }
    const server = await serve({ args: [films.path], env })
    expect(await addressOf(server, 'API')).toBe(`[${host === '::1' ? host : '::'}]:${server.port}`)
    for (const address of reached) {
      expect((await ask(`http://${address}:${server.port}/films?limit=1`)).status).toBe(200)
    }
    for (const address of refused) {
      await expect(ask(`http://${address}:${server.port}/films`)).rejects.toThrow('ECONNREFUSED')
    }
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
  })

  test('port 0 is any free one, told in the log', async () => {
    const server = await serve({ args: [films.path], env: { DBREST_SERVER_PORT: '0' } })
    const address = await addressOf(server, 'API')
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
    expect((await ask(`http://${address}/films?limit=1`)).status).toBe(200)
  })

  test('without an admin port there is no admin server', async () => {
    const server = await serve({
      args: [films.path],
      env: { DBREST_ADMIN_SERVER_PORT: undefined },
    })
    expect(server.stderr.filter((line) => line.includes('Admin'))).toEqual([])
    expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
  })

  test('a host that does not exist is an error', async () => {
    const env = { DBREST_SERVER_HOST: 'no-such-host.invalid' }
    const server = await serve({ args: [films.path], env, until: null })
    expect(await server.exited).toBe(1)
    expect(server.stderr.join('\n')).toContain('no-such-host.invalid')
  })

  test('server-reuseport is an error where Node cannot do it', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const isSupported = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
    const env = { DBREST_SERVER_REUSEPORT: 'true', DBREST_DB_URI: films.path }
    if (isSupported) {
      const server = await serve({ env })
      expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
    } else {
      const { code, stderr } = await runCommand([], { ...env, DBREST_SERVER_PORT: '0' })
      expect(code).toBe(1)
      expect(stderr).toContain('server-reuseport')
    }
  })
})
