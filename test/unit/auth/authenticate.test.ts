import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import {
  type Authentication,
  type Authenticator,
  createAuthenticator,
} from '../../../src/auth/authenticate.ts'
import type { Config } from '../../../src/config/config.ts'
import type { ApiError } from '../../../src/errors/api-error.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { signJwt, testSecret } from '../../support/sign-jwt.ts'

const startMs = 1_700_000_000_000
const second = 1000

function configOf(env: Record<string, string> = {}): Config {
  const base = { PGRST_JWT_SECRET: testSecret, PGRST_DB_ANON_ROLE: 'anonymous' }
  const prefixed = Object.entries(env).map(([name, value]) => [`PGRST_${name}`, value])
  return loadTestConfig({ env: { ...base, ...Object.fromEntries(prefixed) } })
}

function setUp() {
  const observed: Observation[] = []
  const clock = { now: startMs }
  const authenticator = createAuthenticator({
    observe: (observation) => observed.push(observation),
    now: () => clock.now,
  })
  return { authenticator, observed, clock }
}

async function authenticate(
  authorization: string | undefined,
  config: Config,
  hasRoles = true,
  authenticator: Authenticator = setUp().authenticator,
) {
  return authenticator.authenticate(authorization, config, hasRoles)
}

const identity = (role: string, claims: object, isAuthenticated = true) => ({
  ok: true,
  value: { role, claims: JSON.stringify(claims), isAuthenticated },
})
const refused = (failure: Extract<ApiError, { kind: 'jwt' }>['failure']) => ({
  ok: false,
  error: { kind: 'jwt', failure },
})
const anonymous = identity('anonymous', { role: 'anonymous' }, false)

describe('without a token', () => {
  test.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['another scheme', 'Basic dXNlcjpwdw=='],
    ['a scheme that only begins alike', 'Bearers x'],
  ])('%s: the anonymous role', async (_, authorization) => {
    expect(await authenticate(authorization, configOf())).toEqual(anonymous)
  })

  test('no anonymous role: a token is required', async () => {
    const config = configOf({ DB_ANON_ROLE: '' })
    expect(await authenticate(undefined, config)).toEqual(refused({ kind: 'token-required' }))
  })

  test('neither anonymous role nor secret: nobody can be served, which is told', async () => {
    const config = configOf({ DB_ANON_ROLE: '', JWT_SECRET: '' })
    expect(await authenticate(undefined, config)).toEqual(
      refused({ kind: 'token-required', slip: { kind: 'nobody-can-be-served' } }),
    )
  })

  test('answers at once', () => {
    expect(setUp().authenticator.authenticate(undefined, configOf(), true)).toEqual(anonymous)
  })

  test.each<[string, Record<string, string>, unknown]>([
    ['nothing configured', { JWT_SECRET: '', DB_ANON_ROLE: '' }, identity('', { role: '' }, false)],
    ['an anonymous role', { JWT_SECRET: '' }, anonymous],
    ['a secret and an anonymous role', {}, anonymous],
    ['a secret alone', { DB_ANON_ROLE: '' }, refused({ kind: 'token-required' })],
  ])('on an engine without roles, with %s', async (_, env, outcome) => {
    expect(await authenticate(undefined, configOf(env), false)).toEqual(outcome)
  })
})

describe('with a token', () => {
  const claims = { role: 'author', id: 'jdoe' }

  test.each(['Bearer', 'bearer', 'BEARER'])('the scheme may be written %s', async (scheme) => {
    const token = await signJwt(claims)
    expect(await authenticate(`${scheme} ${token}`, configOf())).toMatchObject({
      ok: true,
      value: { role: 'author', isAuthenticated: true },
    })
  })

  test.each(['Bearer', 'Bearer '])('%j is an empty token', async (authorization) => {
    expect(await authenticate(authorization, configOf())).toEqual(
      refused({
        kind: 'undecodable',
        message: 'Empty JWT is sent in Authorization header',
        details: null,
      }),
    )
  })

  test.each(['Bearer', 'Bearer x', 'Bearer a.b.c'])(
    'no secret configured: %j is not looked at',
    async (authorization) => {
      const outcome = refused({ kind: 'secret-missing' })
      expect(await authenticate(authorization, configOf({ JWT_SECRET: '' }))).toEqual(outcome)
    },
  )

  test.each(['Bearer', 'Bearer x', 'Bearer a.b.c', 'a token for another server'])(
    'on an engine without roles: %j gets what none gets, unless a secret is configured',
    async (text) => {
      const claims = { role: 'somebody', exp: 1 }
      const authorization = text.startsWith('Bearer') ? text : `Bearer ${await signJwt(claims)}`
      for (const env of [{}, { DB_ANON_ROLE: '' }]) {
        const open = configOf({ JWT_SECRET: '', ...env })
        const withoutToken = await authenticate(undefined, open, false)
        expect(withoutToken).toMatchObject({ ok: true, value: { isAuthenticated: false } })
        expect(await authenticate(authorization, open, false)).toEqual(withoutToken)
        expect(await authenticate(authorization, configOf(env), false)).toMatchObject({ ok: false })
      }
    },
  )

  test.each<[string, Record<string, string>, object, unknown]>([
    ['the role of the claims', {}, claims, identity('author', { id: 'jdoe', role: 'author' })],
    [
      'no role: the anonymous one',
      {},
      { id: 1 },
      identity('anonymous', { id: 1, role: 'anonymous' }, false),
    ],
    ['the anonymous role by name', {}, { role: 'anonymous' }, anonymous],
    [
      'no role and no anonymous one',
      { DB_ANON_ROLE: '' },
      { id: 1 },
      refused({ kind: 'token-required' }),
    ],
    [
      'no claims and no anonymous role',
      { DB_ANON_ROLE: '' },
      {},
      refused({ kind: 'token-required' }),
    ],
    ['a role that is no text', {}, { role: 7 }, identity('7', { role: '7' })],
    [
      'a role elsewhere',
      { JWT_ROLE_CLAIM_KEY: '$.realm.roles[?(@ != "x")]' },
      { realm: { roles: ['x', 'author'] }, role: 'other' },
      identity('author', { realm: { roles: ['x', 'author'] }, role: 'author' }),
    ],
    [
      'a role elsewhere, in the old syntax',
      { JWT_ROLE_CLAIM_KEY: '.roles[1]' },
      { roles: ['x', 'author'] },
      identity('author', { roles: ['x', 'author'], role: 'author' }),
    ],
    [
      'the audience as role',
      { JWT_ROLE_CLAIM_KEY: '$.aud', JWT_AUD: 'author' },
      { aud: 'author' },
      identity('author', { aud: 'author', role: 'author' }),
    ],
    [
      'another audience',
      { JWT_AUD: 'me' },
      { ...claims, aud: 'you' },
      refused({ kind: 'claims', message: 'JWT not in audience' }),
    ],
    [
      'an old token',
      {},
      { ...claims, exp: startMs / 1000 - 35 },
      refused({ kind: 'claims', message: 'JWT expired' }),
    ],
    [
      'bad claims before a missing role',
      { DB_ANON_ROLE: '' },
      { exp: 'x' },
      refused({ kind: 'claims', message: "The JWT 'exp' claim must be a number" }),
    ],
  ])('%s', async (_, env, payload, outcome) => {
    expect(await authenticate(`Bearer ${await signJwt(payload)}`, configOf(env))).toEqual(outcome)
  })

  test('no failure holds a part of the token', async () => {
    const token = (await signJwt(claims)).slice(0, -4)
    const outcome = await authenticate(`Bearer ${token}`, configOf())
    const parts = token.split('.').filter((part) => JSON.stringify(outcome).includes(part))
    expect(outcome.ok).toBe(false)
    expect(parts).toEqual([])
  })
})

describe('the token cache', () => {
  const claims = { role: 'author', exp: startMs / 1000 + 60 }
  const isPromise = (value: Authentication | Promise<Authentication>) => value instanceof Promise
  /** Whether the last token that was looked for was there. */
  const wasKnown = (observed: readonly Observation[]) =>
    observed.filter(({ kind }) => kind === 'jwt-cache-lookup').at(-1)
  const hit = { kind: 'jwt-cache-lookup', hit: true }
  // a signature by a key pair is verified apart, so that a promise says that it was
  const pair = generateKeyPairSync('ed25519')
  const secretOfPair = JSON.stringify(pair.publicKey.export({ format: 'jwk' }))
  const signByPair = () => signJwt(claims, pair.privateKey, { alg: 'EdDSA' })

  test('answers a known token at once, and tells of each lookup', async () => {
    const { authenticator, observed } = setUp()
    const config = configOf({ JWT_SECRET: secretOfPair })
    const header = `Bearer ${await signByPair()}`
    const first = authenticator.authenticate(header, config, true)
    expect(isPromise(first)).toBe(true)
    const answered = await first
    const second = authenticator.authenticate(header, config, true)
    expect(isPromise(second)).toBe(false)
    expect(second).toEqual(answered)
    expect(observed).toEqual([
      { kind: 'jwt-cache-lookup', hit: false },
      { kind: 'jwt-cache-lookup', hit: true },
    ])
  })

  test('a known token expires all the same', async () => {
    const { authenticator, clock } = setUp()
    const config = configOf()
    const header = `Bearer ${await signJwt(claims)}`
    await authenticator.authenticate(header, config, true)
    clock.now += 89 * second
    expect(authenticator.authenticate(header, config, true)).toMatchObject({ ok: true })
    clock.now += 2 * second
    expect(authenticator.authenticate(header, config, true)).toEqual(
      refused({ kind: 'claims', message: 'JWT expired' }),
    )
  })

  test('a token whose time has passed is verified once', async () => {
    const { authenticator, clock } = setUp()
    clock.now += 3600 * second
    const header = `Bearer ${await signByPair()}`
    const config = configOf({ JWT_SECRET: secretOfPair })
    expect((await authenticator.authenticate(header, config, true)).ok).toBe(false)
    expect(isPromise(authenticator.authenticate(header, config, true))).toBe(false)
  })

  test('a token without a good signature is not kept', async () => {
    const { authenticator, observed } = setUp()
    const config = configOf()
    const header = `Bearer ${await signJwt(claims, Buffer.from('a key that the server does not know'))}`
    await authenticator.authenticate(header, config, true)
    await authenticator.authenticate(header, config, true)
    expect(observed).toEqual([
      { kind: 'jwt-cache-lookup', hit: false },
      { kind: 'jwt-cache-lookup', hit: false },
    ])
  })

  test('switched off, it neither keeps nor tells', async () => {
    const { authenticator, observed } = setUp()
    const config = configOf({ JWT_CACHE_MAX_ENTRIES: '0', JWT_SECRET: secretOfPair })
    const header = `Bearer ${await signByPair()}`
    await authenticator.authenticate(header, config, true)
    expect(isPromise(authenticator.authenticate(header, config, true))).toBe(true)
    expect(observed).toEqual([])
  })

  test('is bounded', async () => {
    const { authenticator, observed } = setUp()
    const config = configOf({ JWT_CACHE_MAX_ENTRIES: '2' })
    for (const id of [1, 2, 3]) {
      await authenticator.authenticate(`Bearer ${await signJwt({ ...claims, id })}`, config, true)
    }
    expect(observed.filter(({ kind }) => kind === 'jwt-cache-eviction')).toHaveLength(1)
  })

  test.each<[string, Record<string, string>, boolean]>([
    ['nothing of it', { LOG_LEVEL: 'info', DB_MAX_ROWS: '7' }, true],
    ['the size of the cache', { JWT_CACHE_MAX_ENTRIES: '5' }, true],
    ['the secret', { JWT_SECRET: 'y'.repeat(32) }, false],
    ['the audience', { JWT_AUD: 'me' }, false],
    ['the claim path', { JWT_ROLE_CLAIM_KEY: '$.sub' }, false],
    ['the anonymous role', { DB_ANON_ROLE: 'nobody' }, false],
  ])('a reload that changes %s: still known %j', async (_, env, isKnown) => {
    const { authenticator, observed } = setUp()
    const header = `Bearer ${await signJwt({ ...claims, aud: 'me' })}`
    await authenticator.authenticate(header, configOf(), true)
    await authenticator.authenticate(header, configOf(env), true)
    expect(wasKnown(observed)).toEqual({ ...hit, hit: isKnown })
  })

  test('a changed secret refuses the tokens of the old one', async () => {
    const { authenticator } = setUp()
    const header = `Bearer ${await signJwt(claims)}`
    expect((await authenticator.authenticate(header, configOf(), true)).ok).toBe(true)
    const changed = configOf({ JWT_SECRET: 'y'.repeat(32) })
    expect((await authenticator.authenticate(header, changed, true)).ok).toBe(false)
    const none = configOf({ JWT_SECRET: '' })
    expect(await authenticator.authenticate(header, none, true)).toEqual(
      refused({ kind: 'secret-missing' }),
    )
  })

  test('a verification that began before a reload does not reach the new cache', async () => {
    const { authenticator } = setUp()
    const header = `Bearer ${await signByPair()}`
    const before = configOf({ JWT_SECRET: secretOfPair })
    const began = authenticator.authenticate(header, before, true)
    const changed = configOf({ JWT_SECRET: 'y'.repeat(32) })
    expect(isPromise(authenticator.authenticate(undefined, changed, true))).toBe(false)
    expect((await began).ok).toBe(true)
    expect((await authenticator.authenticate(header, changed, true)).ok).toBe(false)
  })
})

test('takes the time of the machine unless told', async () => {
  vi.useFakeTimers({ now: startMs })
  try {
    const { authenticate } = createAuthenticator({ observe: () => {} })
    const header = `Bearer ${await signJwt({ role: 'author', iat: startMs / 1000 })}`
    expect((await authenticate(header, configOf(), true)).ok).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})
