/**
 * The rate limit of a running server: what is counted together, what clients are told, and that
 * workers have one budget. One token a second comes back at least, so that tests say no more than what
 * holds however long their requests take.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { type AskOptions, ask, askUntil, type HttpReply } from '../support/http-client.ts'
import { exchange } from '../support/raw-http.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve } from '../support/test-server.ts'
import { connectToEach } from '../support/worker-processes.ts'

const burst = 100

function serveLimited(env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  return serve({
    args: [films.path],
    env: {
      DBREST_RATE_LIMIT_ENABLED: 'true',
      DBREST_RATE_LIMIT_RPS: '1',
      DBREST_RATE_LIMIT_BURST: String(burst),
      ...env,
    },
  })
}

function remaining({ headers }: Pick<HttpReply, 'headers'>): number {
  expect(headers['x-ratelimit-limit']).toMatch(/^\d+$/)
  expect(headers['x-ratelimit-remaining']).toMatch(/^\d+$/)
  return Number(headers['x-ratelimit-remaining'])
}

/** More requests than seconds that they take. */
const many = 20

/** What is left after many requests of the same kind. */
async function leftAfterMany(url: string, options: (at: number) => AskOptions = () => ({})) {
  let left = Number.NaN
  for (let at = 0; at < many; at += 1) left = remaining(await ask(url, options(at)))
  return left
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Asks until there is nothing left. */
async function refusalOf(url: string, options: AskOptions = {}): Promise<HttpReply> {
  for (;;) {
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(url, options)))
    const refused = replies.find(({ status }) => status === 429)
    if (refused !== undefined) return refused
  }
}

describe('a client that sends too much', () => {
  test('is told so in the error envelope, and when to come again', async () => {
    const server = await serveLimited({ DBREST_RATE_LIMIT_BURST: '3' })
    const refused = await refusalOf(`${server.url}/films?id=eq.1`, {
      headers: { origin: 'http://a.b' },
    })
    expect(refused).toMatchObject({
      status: 429,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'proxy-status': 'PostgREST; error=PGRSTX29',
        'retry-after': '1',
        'x-ratelimit-limit': '3',
        'x-ratelimit-remaining': '0',
        'access-control-expose-headers': expect.stringMatching(
          /Range-Unit, X-RateLimit-Limit, X-RateLimit-Remaining, Retry-After$/,
        ),
      },
      body: {
        code: 'PGRSTX29',
        message: 'Too many requests',
        details: 'A client may send 3 at once, and 1 a second after that.',
        hint: 'Try again in 1 s.',
      },
    })
  })

  test('is served again after the time that it was told', async () => {
    const server = await serveLimited({ DBREST_RATE_LIMIT_BURST: '1' })
    await refusalOf(server.url)
    await askUntil(200, `${server.url}/films?id=eq.1`)
  })

  test('cannot stop probes, metrics or the rest of the admin server', async () => {
    const server = await serveLimited({ DBREST_RATE_LIMIT_BURST: '1' })
    await refusalOf(server.url)
    for (const path of ['/live', '/ready', '/ok', '/health', '/metrics', '/schema']) {
      for (let at = 0; at < 3; at += 1) {
        const { status, headers } = await ask(`${server.adminUrl}${path}`)
        expect(status).toBe(200)
        expect(headers).not.toHaveProperty('x-ratelimit-limit')
      }
    }
  })
})

test('every answer says what is left', async () => {
  const server = await serveLimited()
  const json = { 'content-type': 'application/json' }
  const preflight = { origin: 'http://a.b', 'access-control-request-method': 'GET' }
  const asked: readonly (readonly [string, AskOptions, number])[] = [
    ['/', {}, 200],
    ['/films?select=id&id=eq.1', {}, 200],
    ['/films', { method: 'HEAD' }, 200],
    ['/films', { method: 'OPTIONS' }, 200],
    ['/films', { method: 'OPTIONS', headers: preflight }, 200],
    ['/films', { method: 'POST', headers: json, body: '{"nothing":1}' }, 400],
    ['/films?id=eq.1', { method: 'PATCH', headers: json, body: '{}' }, 204],
    ['/unknown', {}, 404],
    [`/films?${'x'.repeat(70_000)}`, {}, 414],
  ]
  for (const [path, options, status] of asked) {
    const reply = await ask(server.url + path, options)
    expect(reply.status).toBe(status)
    expect(remaining(reply)).toBeLessThanOrEqual(burst)
  }
})

test('a preflight is not counted', async () => {
  const server = await serveLimited()
  const headers = { origin: 'http://a.b', 'access-control-request-method': 'GET' }
  expect(await leftAfterMany(server.url, () => ({ method: 'OPTIONS', headers }))).toBe(burst)
})

test('nothing is limited unless that is asked for', async () => {
  const server = await serveLimited({
    DBREST_RATE_LIMIT_ENABLED: 'false',
    DBREST_RATE_LIMIT_BURST: '1',
  })
  for (let at = 0; at < many; at += 1) {
    const { status, headers } = await ask(`${server.url}/films?id=eq.1`)
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('x-ratelimit-limit')
  }
})

test('the limit is switched on by a reload of the configuration', async () => {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  const file = join(films.folder, 'dbrest.conf')
  writeFileSync(file, 'rate-limit-burst = 7')
  const server = await serve({ args: [file], env: { DBREST_DB_URI: films.path } })
  expect((await ask(server.url)).headers).not.toHaveProperty('x-ratelimit-limit')
  writeFileSync(file, 'rate-limit-burst = 7\nrate-limit-enabled = true')
  const from = server.stderr.length
  server.signal('SIGUSR2')
  await server.line(/Config reloaded/, { from })
  const { headers } = await ask(server.url)
  expect(headers).toMatchObject({ 'x-ratelimit-limit': '7', 'x-ratelimit-remaining': '6' })
})

describe('who is counted together', () => {
  const withTokens = () => serveLimited({ DBREST_JWT_SECRET: testSecret })

  test('the tokens of one user, and nobody else', async () => {
    const server = await withTokens()
    const ofUser = async (claims: object) => ({
      headers: bearer(await signJwt({ role: 'anyone', ...claims })),
    })
    const tokens = await Promise.all(
      Array.from({ length: many }, (_, at) => ofUser({ sub: 'ann', iss: 'here', at })),
    )
    expect(await leftAfterMany(server.url, (at) => tokens[at] ?? {})).toBeLessThan(burst - 1)
    // another user, the same name at another issuer, and the address that all of them ask from
    for (const claims of [
      { sub: 'bob', iss: 'here' },
      { sub: 'ann', iss: 'there' },
      { sub: 'ann' },
    ]) {
      expect(remaining(await ask(server.url, await ofUser(claims)))).toBe(burst - 1)
    }
    expect(remaining(await ask(server.url))).toBe(burst - 1)
  })

  test('all requests of an address that have no valid token', async () => {
    const server = await withTokens()
    const wrong = await Promise.all(
      Array.from({ length: many }, (_, at) =>
        signJwt(
          { role: 'anyone', sub: `user ${at}` },
          Buffer.from(`${at} is another secret than the one there`),
        ),
      ),
    )
    await leftAfterMany(server.url, (at) => ({ headers: bearer(wrong[at] ?? '') }))
    const expired = await signJwt({ role: 'anyone', sub: 'ann', exp: 1 })
    const reply = await ask(server.url, { headers: bearer(expired) })
    expect(reply.status).toBe(401)
    expect(remaining(reply)).toBeLessThan(burst - 1)
    expect(remaining(await ask(server.url))).toBeLessThan(burst - 1)
    // a token about nobody
    const unnamed = await signJwt({ role: 'anyone' })
    expect(remaining(await ask(server.url, { headers: bearer(unnamed) }))).toBeLessThan(burst - 1)
  })

  test('by another claim, where one is named', async () => {
    const server = await serveLimited({
      DBREST_JWT_SECRET: testSecret,
      DBREST_RATE_LIMIT_CLAIM: '$.account.id',
    })
    const tokens = await Promise.all(
      Array.from({ length: many }, (_, at) =>
        signJwt({ role: 'anyone', sub: `user ${at}`, account: { id: 7 } }),
      ),
    )
    const left = await leftAfterMany(server.url, (at) => ({ headers: bearer(tokens[at] ?? '') }))
    expect(left).toBeLessThan(burst - 1)
    expect(remaining(await ask(server.url))).toBe(burst - 1)
  })

  const forwarded = (value: string) => ({ headers: { 'x-forwarded-for': value } })

  test('whoever a connection is from, whatever a client writes of addresses', async () => {
    const server = await serveLimited()
    const left = await leftAfterMany(server.url, (at) => forwarded(`203.0.113.${at}`))
    expect(left).toBeLessThan(burst - 1)
  })

  test('the client behind a trusted proxy, and of IPv6 its network', async () => {
    const server = await serveLimited({ DBREST_SERVER_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' })
    for (let at = 0; at < many; at += 1) {
      const reply = await ask(server.url, forwarded(`1.1.1.1, 203.0.113.${at}, 10.0.0.${at}`))
      expect(remaining(reply)).toBe(burst - 1)
    }
    const left = await leftAfterMany(server.url, (at) => forwarded(`2001:db8::${at}`))
    expect(left).toBeLessThan(burst - 1)
    expect(remaining(await ask(server.url, forwarded('2001:db8:0:1::1')))).toBe(burst - 1)
  })
})

test.each([
  ['DBREST_SERVER_TRUSTED_PROXIES', '10.0.0.0/33', 'server-trusted-proxies'],
  ['DBREST_SERVER_TRUSTED_PROXIES', 'localhost', 'server-trusted-proxies'],
  ['DBREST_RATE_LIMIT_CLAIM', '$.a[', 'rate-limit-claim'],
  ['DBREST_RATE_LIMIT_RPS', '0', 'rate-limit-rps'],
])('%s=%s refuses the start', async (variable, value, option) => {
  const films = createFilmsFile()
  onTestFinished(() => films.drop())
  const { code, stderr } = await runCommand([films.path], { [variable]: value })
  expect(code).toBe(1)
  expect(stderr).toContain(option)
})

test('workers have one budget', async () => {
  const server = await serveLimited({ DBREST_SERVER_WORKERS: '2' })
  const [one, other] = await connectToEach(server, 2)
  if (one === undefined || other === undefined) throw new Error('there are two workers')
  const url = `${server.url}/films?id=eq.1&select=id`
  const began = performance.now()
  const replies = await Promise.all(
    Array.from({ length: 3 * burst }, (_, at) => ask(url, { agent: at % 2 === 0 ? one : other })),
  )
  const seconds = (performance.now() - began) / 1000
  const granted = replies.filter(({ status }) => status === 200).length
  const refused = replies.filter(({ status }) => status === 429).length
  expect(granted + refused).toBe(3 * burst)
  // two went to make the connections
  expect(granted).toBeGreaterThanOrEqual(burst - 2)
  expect(granted).toBeLessThanOrEqual(burst + seconds + 1)
  const { text } = await ask(`${server.adminUrl}/metrics`)
  expect(text).toContain(`dbrest_rate_limited_total{client="address"} ${refused}\n`)
  expect(text).toContain('dbrest_rate_limited_total{client="user"} 0\n')
})

test('what the parser refuses is beyond any limit', async () => {
  const server = await serveLimited()
  expect(await exchange(server.port, 'no request\r\n\r\n')).toMatchObject({ status: 400 })
})
