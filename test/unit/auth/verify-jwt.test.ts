import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { verifyJwt } from '../../../src/auth/verify-jwt.ts'
import { readJwtKeys } from '../../../src/config/secrets/jwt-keys.ts'
import { signJwt, signWithHeader, testSecret } from '../../support/sign-jwt.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const octets = Buffer.from('any octets of any length')

const jwk = (key: { publicKey: KeyObject }, more: object = {}) => ({
  ...key.publicKey.export({ format: 'jwk' }),
  ...more,
})
const oct = (more: object = {}) => ({ kty: 'oct', k: octets.toString('base64url'), ...more })

function keysOf(secret: unknown) {
  const keys = readJwtKeys(
    Buffer.from(typeof secret === 'string' ? secret : JSON.stringify(secret)),
  )
  if (!keys.ok) throw new Error(keys.error)
  return keys.value
}

async function verify(token: string, secret: unknown = testSecret) {
  const verified = await verifyJwt(token, keysOf(secret))
  return verified.ok ? verified.value.claims : verified.error
}

const claims = { role: 'author' }
const undecodable = (message: string, details: string | null = null) => ({
  kind: 'undecodable',
  message,
  details,
})
const noKey = undecodable(
  'No suitable key or wrong key type',
  'No suitable key was found to decode the JWT',
)
const noneOfTheKeys = undecodable(
  'No suitable key or wrong key type',
  'None of the keys was able to decode the JWT',
)
const brokenCrypto = undecodable('JWT cryptographic operation failed')

describe('a good signature', () => {
  test.each<[string, unknown, KeyObject | Uint8Array]>([
    ['HS256', testSecret, Buffer.from(testSecret)],
    ['HS256', oct(), octets],
    ['HS384', oct(), octets],
    ['HS512', oct({ alg: 'HS512' }), octets],
    ['RS256', jwk(rsa), rsa.privateKey],
    ['RS384', jwk(rsa), rsa.privateKey],
    ['RS512', { keys: [jwk(rsa)] }, rsa.privateKey],
    ['RS256', jwk(rsa, { alg: 'RS256', use: 'sig', key_ops: ['verify'] }), rsa.privateKey],
    ['RS256', rsa.privateKey.export({ format: 'jwk' }), rsa.privateKey],
    ['PS256', jwk(rsa), rsa.privateKey],
    ['PS384', jwk(rsa), rsa.privateKey],
    ['PS512', jwk(rsa, { alg: 'PS512' }), rsa.privateKey],
    ['ES256', jwk(p256), p256.privateKey],
    ['ES384', jwk(p384), p384.privateKey],
    ['ES512', jwk(p521), p521.privateKey],
    ['EdDSA', jwk(ed25519), ed25519.privateKey],
  ])('of %s gives the claims (%j)', async (alg, secret, key) => {
    expect(await verify(await signJwt(claims, key, { alg }), secret)).toEqual(claims)
  })

  test('keeps the text that was signed', async () => {
    const text = '{"id":9007199254740993, "role":"author"}\n'
    const verified = await verifyJwt(await signJwt(text), keysOf(testSecret))
    expect(verified.ok && verified.value.claimsText).toBe(text)
  })

  test('of a secret of many bytes that are no text', async () => {
    // continuation bytes of UTF-8 that continue nothing
    const secret = Uint8Array.from({ length: 40 }, (_, i) => 0x80 + i)
    const keys = readJwtKeys(secret)
    const verified = await verifyJwt(await signJwt(claims, secret), keys.ok ? keys.value : [])
    expect(verified.ok).toBe(true)
  })
})

describe('the choice of the key', () => {
  const set = { keys: [jwk(otherRsa, { kid: 'other' }), jwk(rsa, { kid: 'mine' }), oct()] }

  test.each<[string, object, unknown]>([
    ['no kid: each fitting key in turn', { alg: 'RS256' }, claims],
    ['its kid', { alg: 'RS256', kid: 'mine' }, claims],
    ['the kid of another key', { alg: 'RS256', kid: 'other' }, noneOfTheKeys],
    ['an unknown kid', { alg: 'RS256', kid: 'unknown' }, noKey],
  ])('%s', async (_, header, outcome) => {
    const token = await signJwt(claims, rsa.privateKey, { alg: 'RS256', ...header })
    expect(await verify(token, set)).toEqual(outcome)
  })

  test('a kid where the key has none', async () => {
    const token = await signJwt(claims, rsa.privateKey, { alg: 'RS256', kid: 'mine' })
    expect(await verify(token, jwk(rsa))).toEqual(noKey)
  })

  test('the text secret is for HS256 only', async () => {
    const token = await signJwt(claims, Buffer.from(testSecret), { alg: 'HS512' })
    expect(await verify(token)).toEqual(noKey)
  })

  test('an algorithm other than that of the key', async () => {
    const token = await signJwt(claims, rsa.privateKey, { alg: 'RS512' })
    expect(await verify(token, jwk(rsa, { alg: 'RS256' }))).toEqual(noKey)
  })

  test('a public key is no passphrase', async () => {
    const publicText = JSON.stringify(jwk(rsa))
    const token = await signJwt(claims, Buffer.from(publicText))
    expect(await verify(token, publicText)).toEqual(noKey)
  })

  test('a curve that does not belong to the algorithm', async () => {
    const token = await signJwt(claims, p384.privateKey, { alg: 'ES384' })
    expect(await verify(token, jwk(p256))).toEqual(noKey)
  })

  test('no key for signatures', async () => {
    const keys = [jwk(rsa, { use: 'enc' })]
    expect(await verify(await signJwt(claims), { keys })).toEqual(noKey)
  })
})

describe('a bad token', () => {
  const good = signWithHeader({ alg: 'HS256' })
  const [header = '', payload = '', signature = ''] = good.split('.')
  const encode = (text: string) => Buffer.from(text).toString('base64url')

  test.each<[string, string, unknown]>([
    ['empty', '', undecodable('Empty JWT is sent in Authorization header')],
    ['one part', 'abc', undecodable('Expected 3 parts in JWT; got 1')],
    ['two parts', 'abc.def', undecodable('Expected 3 parts in JWT; got 2')],
    ['four parts', 'a.b.c.d', undecodable('Expected 3 parts in JWT; got 4')],
    ['five parts', 'a.b.c.d.e', undecodable('Expected 3 parts in JWT; got 5')],
    ['empty parts', '..', brokenCrypto],
    ['a header that is no base64', `a+b.${payload}.${signature}`, brokenCrypto],
    ['a header with padding', `${header}=.${payload}.${signature}`, brokenCrypto],
    ['a header that is no JSON', `${encode('x')}.${payload}.${signature}`, brokenCrypto],
    ['a header that is no object', `${encode('[]')}.${payload}.${signature}`, brokenCrypto],
    ['a payload that is no base64', `${header}.a b.${signature}`, brokenCrypto],
    ['a signature that is no base64', `${header}.${payload}.a$`, brokenCrypto],
    ['a header without alg', signWithHeader({ typ: 'JWT' }), brokenCrypto],
    ['an unknown alg', signWithHeader({ alg: 'HS128' }), brokenCrypto],
    ['an alg of encryption', signWithHeader({ alg: 'RSA-OAEP' }), brokenCrypto],
    ['enc in the header', signWithHeader({ alg: 'HS256', enc: 'A128GCM' }), brokenCrypto],
    ['a kid that is no text', signWithHeader({ alg: 'HS256', kid: 1 }), brokenCrypto],
    ['a typ that is no text', signWithHeader({ alg: 'HS256', typ: {} }), brokenCrypto],
    [
      'alg none',
      `${encode('{"alg":"none"}')}.${payload}.`,
      undecodable(
        'Wrong or unsupported encoding algorithm',
        "JWT is unsecured but expected 'alg' was not 'none'",
      ),
    ],
    ['alg none over no base64', `${encode('{"alg":"none"}')}.$.`, brokenCrypto],
    ['another signature', `${header}.${payload}.${encode('x'.repeat(32))}`, noneOfTheKeys],
    ['another payload', `${header}.${encode('{"role":"admin"}')}.${signature}`, noneOfTheKeys],
    ['no signature', `${header}.${payload}.`, noneOfTheKeys],
    ['a critical extension', signWithHeader({ alg: 'HS256', crit: ['x'], x: 1 }), noneOfTheKeys],
    [
      'claims that are no object',
      signWithHeader({ alg: 'HS256' }, '[1]'),
      { kind: 'claims', message: 'Parsing claims failed' },
    ],
    [
      'claims that are no JSON',
      signWithHeader({ alg: 'HS256' }, 'x'),
      { kind: 'claims', message: 'Parsing claims failed' },
    ],
  ])('%s', async (_, token, failure) => {
    expect(await verify(token)).toEqual(failure)
  })

  test('nulls in the header are as absent', async () => {
    expect(await verify(signWithHeader({ alg: 'HS256', kid: null, typ: null }))).toEqual(claims)
  })
})

test('a signature by a shared secret is verified at once, one by a key pair apart', async () => {
  const byPair = await signJwt(claims, ed25519.privateKey, { alg: 'EdDSA' })
  expect(verifyJwt(await signJwt(claims), keysOf(testSecret))).not.toBeInstanceOf(Promise)
  expect(verifyJwt(byPair, keysOf(jwk(ed25519)))).toBeInstanceOf(Promise)
})

test('a shared secret takes the whole signature and no other', async () => {
  const token = await signJwt(claims)
  const [head, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  for (const given of [
    bytes.subarray(0, 31),
    Buffer.concat([bytes, Buffer.of(0)]),
    Buffer.alloc(32),
    Buffer.alloc(0),
  ]) {
    const changed = `${head}.${payload}.${given.toString('base64url')}`
    expect(await verify(changed)).toEqual(noneOfTheKeys)
  }
})
