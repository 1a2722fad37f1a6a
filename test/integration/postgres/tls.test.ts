import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createConnector } from '../../../src/backends/postgres/connect/connect-postgres.ts'
import { parseConnection } from '../../../src/backends/postgres/connect/parse-connection.ts'
import type { PostgresConnection } from '../../../src/backends/postgres/protocol/postgres-connection.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import { noSignal, step, texts } from '../../support/postgres-connector.ts'

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn('SKIPPED: tests of TLS, openssl is not installed')
    return false
  }
}

describe.skipIf(!hasOpenssl())('TLS', () => {
  let cluster: Cluster
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-tls-'))
  const certificate = join(folder, 'server.crt')
  const key = join(folder, 'server.key')

  beforeAll(async () => {
    cluster = await startCluster()
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    )
    // the key has to belong to the user that the server runs as
    const [postmaster] = await cluster.query(
      "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid",
    )
    const { uid, gid } = statSync(`/proc/${postmaster?.['pid']}`)
    chmodSync(folder, 0o755)
    chmodSync(key, 0o600)
    for (const file of [key, certificate]) chownSync(file, uid, gid)
    for (const setting of [
      `ssl_cert_file = '${certificate}'`,
      `ssl_key_file = '${key}'`,
      'ssl = on',
    ]) {
      await cluster.query(`alter system set ${setting}`)
    }
    await cluster.query('select pg_reload_conf()')
  })

  afterAll(async () => {
    await cluster.destroy()
    rmSync(folder, { recursive: true })
  })

  function open(parameters: string): Promise<PostgresConnection> {
    const uri = `postgresql://postgres@localhost:${cluster.port}/postgres?${parameters}`
    const readFile = (path: string) => (path === certificate ? readFileSync(path, 'utf8') : null)
    const connector = createConnector({
      settings: () => parseConnection(uri, { env: {}, systemUser: 'x', readFile }),
      files: { readFile, home: null },
      statementCapacity: 10,
      random: Math.random,
    })
    return connector.connect({ id: 'tls', signal: noSignal })
  }

  test.each([
    ['', 't'],
    ['sslmode=prefer', 't'],
    ['sslmode=require', 't'],
    ['sslmode=require&sslnegotiation=direct', 't'],
    ['sslmode=allow', 'f'],
    ['sslmode=disable', 'f'],
    [`sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`, 't'],
  ])('%s: encrypted %s', async (parameters, encrypted) => {
    const connection = await open(parameters)
    const outcome = await connection.run([
      step('select ssl from pg_stat_ssl where pid = pg_backend_pid()'),
    ])
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    expect(texts(outcome.results[0]?.rows ?? [])).toEqual([[encrypted]])
    // a cancel request goes the same way
    const running = connection.run([step('select pg_sleep(60)')])
    expect(await connection.cancel()).toBe(true)
    expect(await running).toMatchObject({ error: { sqlState: '57014' } })
    await connection.end()
  })

  test('a certificate that nobody vouches for is refused', async () => {
    await expect(open('sslmode=verify-full&sslrootcert=system')).rejects.toThrow(/self-signed/)
  })
})

test('a server without TLS is left where TLS is required', async () => {
  const cluster = await startCluster()
  const uri = `postgresql://postgres@127.0.0.1:${cluster.port}/postgres?sslmode=require`
  const connector = createConnector({
    settings: () => parseConnection(uri, { env: {}, systemUser: 'x', readFile: () => null }),
    files: { readFile: () => null, home: null },
    statementCapacity: 10,
    random: Math.random,
  })
  await expect(connector.connect({ id: 'x', signal: noSignal })).rejects.toThrow(
    /server does not support SSL, but SSL was required$/,
  )
  await cluster.destroy()
})
