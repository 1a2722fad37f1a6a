import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readJwtKeys } from '../../../../src/config/secrets/jwt-keys.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaPublic = rsa.publicKey.export({ format: 'jwk' })
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })
const ec = (curve: string) =>
  generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'jwk' })

function keysOf(secret: unknown) {
  const text = typeof secret === 'string' ? secret : JSON.stringify(secret)
  const keys = readJwtKeys(Buffer.from(text))
  if (!keys.ok) return keys.error
  return keys.value.map(({ id, algorithms, material }) => [id, algorithms.join(' '), material.type])
}

test('takes a text of 32 bytes and more for a passphrase of HS256', () => {
  expect(keysOf('a'.repeat(32))).toEqual([[null, 'HS256', 'secret']])
  expect(keysOf('ä'.repeat(16))).toEqual([[null, 'HS256', 'secret']])
})

test('refuses a shorter passphrase', () => {
  expect(keysOf('a'.repeat(31))).toBe('The JWT secret must be at least 32 characters long.')
  expect(keysOf('')).toBe('The JWT secret must be at least 32 characters long.')
})

test('takes bytes that are no text for a passphrase', () => {
  const keys = readJwtKeys(new Uint8Array(40).fill(0xff))
  expect(keys.ok && keys.value[0]?.algorithms).toEqual(['HS256'])
})

const set = JSON.stringify({ keys: [rsaPublic] })

test.each([
  ['another object', '{"error": "the server is away, come back later"}'],
  ['an object without members', `{${' '.repeat(40)}}`],
  ['a list of keys', `[${JSON.stringify(rsaPublic)}]`],
  ['a set that is cut off', set.slice(0, 100)],
  ['a set behind an error message', `\n${set}, and more`],
  ['a key in PEM', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['a page of HTML', '<!DOCTYPE html><html><body>back in five minutes</body></html>'],
  ['another one', '\r\n<html lang="en"><body>back in five minutes</body></html>'],
])('takes the text of a document for no passphrase: %s', (_, text) => {
  expect(keysOf(text)).toBe(
    'The JWT secret is neither a JSON Web Key nor a set of them, and no passphrase: it begins like JSON, PEM or HTML.',
  )
})

test.each(['{', '[', '<', '-', '{a', '[a', '<a', '<html5', '----'])(
  'takes a passphrase that begins with %s',
  (start) => {
    expect(keysOf(start + 'x1'.repeat(16))).toEqual([[null, 'HS256', 'secret']])
  },
)

const rsaAlgorithms = 'RS256 RS384 RS512 PS256 PS384 PS512'

describe('JSON Web Keys', () => {
  test.each<[string, unknown, readonly (readonly [string | null, string, string])[]]>([
    ['RSA', rsaPublic, [[null, rsaAlgorithms, 'public']]],
    ['RSA with alg', { ...rsaPublic, alg: 'RS256' }, [[null, 'RS256', 'public']]],
    [
      'RSA for signatures',
      { ...rsaPublic, use: 'sig', key_ops: ['verify'] },
      [[null, rsaAlgorithms, 'public']],
    ],
    ['a private key', rsa.privateKey.export({ format: 'jwk' }), [[null, rsaAlgorithms, 'public']]],
    ['P-256', ec('P-256'), [[null, 'ES256', 'public']]],
    ['P-384', ec('P-384'), [[null, 'ES384', 'public']]],
    ['P-521', ec('P-521'), [[null, 'ES512', 'public']]],
    ['Ed25519', ed25519, [[null, 'EdDSA', 'public']]],
    ['oct', { kty: 'oct', k: 'c2VjcmV0', kid: 'a' }, [['a', 'HS256 HS384 HS512', 'secret']]],
    [
      'a set',
      {
        keys: [
          { ...rsaPublic, kid: 'r' },
          { ...ed25519, kid: 'e' },
        ],
      },
      [
        ['r', rsaAlgorithms, 'public'],
        ['e', 'EdDSA', 'public'],
      ],
    ],
    [
      'nulls as absent',
      { ...rsaPublic, alg: null, use: null, kid: null },
      [[null, rsaAlgorithms, 'public']],
    ],
  ])('reads %s', (_, jwk, keys) => {
    expect(keysOf(jwk)).toEqual(keys)
  })

  test.each<[string, unknown]>([
    ['keys for encryption', { ...rsaPublic, use: 'enc' }],
    ['algorithms of encryption', { ...rsaPublic, alg: 'RSA-OAEP' }],
    ['algorithms of another kind', { ...rsaPublic, alg: 'HS256' }],
    ['unknown kinds', { kty: 'AKP', pub: 'x' }],
    ['curves without an algorithm here', ec('secp256k1')],
    ['Ed448', ed448],
  ])('skips %s', (_, jwk) => {
    expect(keysOf({ keys: [jwk] })).toEqual([])
  })

  test.each<[string, unknown, string]>([
    [
      'RSA without modulus',
      { kty: 'RSA', e: 'AQAB' },
      'the JSON Web Key is incomplete or malformed',
    ],
    [
      'a point off the curve',
      { keys: [rsaPublic, { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }] },
      'key 2 of the set is incomplete or malformed',
    ],
    ['oct without key', { kty: 'oct' }, 'the JSON Web Key is incomplete or malformed'],
    ['a set of other things', { keys: ['x'] }, 'key 1 of the set is not an object'],
    [
      'short RSA keys',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
      'the JSON Web Key has 1024 bits, RSA needs 2048 and more',
    ],
  ])('refuses %s', (_, jwk, problem) => {
    expect(keysOf(jwk)).toBe(problem)
  })
})
