/**
 * A token → its claims, when one of the keys signed it: shape, algorithm, choice of keys and
 * signature. When and for whom the claims are good is left to `check-claims.ts`.
 *
 * A signature by a shared secret is computed at once, which takes 4 µs; WebCrypto, on which package
 * jose rests, takes 76 µs for it. Signatures by public keys are jose's, off the main thread.
 */
import { isUtf8 } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { compactVerify } from 'jose'
import type { JwtKey } from '../config/secrets/jwt-keys.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { JwtFailure } from '../errors/api-error.ts'
import type { Claims } from './check-claims.ts'

export interface VerifiedToken {
  readonly claims: Claims
  /** As signed: numbers beyond JavaScript's keep their digits. */
  readonly claimsText: string
}

/**
 * Verifies a token with the first key that fits. A token that names a key (`kid`) is verified with
 * that key alone; others with each key of its algorithm in turn.
 *
 * Shape   a promise only where a public key is asked
 * Errors  in the words of PostgREST; never hold a part of the token
 * Rule    PostgREST docs: auth (JWT Signature Verification)
 */
export function verifyJwt(
  token: string,
  keys: readonly JwtKey[],
): Verification | Promise<Verification> {
  const header = readHeader(token)
  if (!header.ok) return header
  const { algorithm, keyId, isCritical } = header.value
  const fitting = keys.filter(
    (key) => key.algorithms.includes(algorithm) && (keyId === null || key.id === keyId),
  )
  if (fitting.length === 0) return err(keyFailure('No suitable key was found to decode the JWT'))
  const hash = hmacHashes.get(algorithm)
  if (hash === undefined || isCritical) return verifyByJose(token, fitting, algorithm)
  const isSigned = fitting.some((key) => isSignedBySecret(token, key, hash))
  return isSigned ? readClaims(Buffer.from(token.split('.')[1] ?? '', 'base64url')) : noKeyFits
}

/** A signature with extensions that have to be understood is jose's, too: it knows what they are. */
async function verifyByJose(
  token: string,
  keys: readonly JwtKey[],
  algorithm: string,
): Promise<Verification> {
  for (const { material } of keys) {
    try {
      const verified = await compactVerify(token, material, { algorithms: [algorithm] })
      return readClaims(verified.payload)
    } catch {
      // a wrong signature, or an extension that jose does not know: not verified by this key
    }
  }
  return noKeyFits
}

/** RFC 7518, section 3.2. */
const hmacHashes: ReadonlyMap<string, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
])

function isSignedBySecret(token: string, { material }: JwtKey, hash: string): boolean {
  const end = token.lastIndexOf('.')
  const expected = createHmac(hash, material).update(token.slice(0, end)).digest()
  const given = Buffer.from(token.slice(end + 1), 'base64url')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

type Verification = Result<VerifiedToken, JwtFailure>

interface TokenHeader {
  readonly algorithm: string
  readonly keyId: string | null
  /** It has extensions (`crit`) that have to be understood. */
  readonly isCritical: boolean
}

const algorithms: ReadonlySet<unknown> = new Set([
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
])

function readHeader(token: string): Result<TokenHeader, JwtFailure> {
  if (token === '') return err(undecodable('Empty JWT is sent in Authorization header'))
  const parts = token.split('.')
  if (parts.length !== 3) {
    return err(undecodable(`Expected 3 parts in JWT; got ${parts.length}`))
  }
  const header = parsedObject(textIn(Buffer.from(parts[0] ?? '', 'base64url')))
  if (header === null || !parts.slice(0, 2).every(isBase64Url)) return err(brokenCrypto)
  if (header['alg'] === 'none') {
    return err(
      undecodable(
        'Wrong or unsupported encoding algorithm',
        "JWT is unsecured but expected 'alg' was not 'none'",
      ),
    )
  }
  const { alg, kid } = { alg: header['alg'], kid: header['kid'] ?? null }
  const areTexts = [kid, header['typ'] ?? null, header['cty'] ?? null].every(
    (member) => member === null || typeof member === 'string',
  )
  // with `enc` it would be an encrypted token, which has five parts
  const isSigned = typeof alg === 'string' && algorithms.has(alg) && !('enc' in header)
  if (!isSigned || !areTexts || !isBase64Url(parts[2] ?? '')) return err(brokenCrypto)
  const keyId = typeof kid === 'string' ? kid : null
  return ok({ algorithm: alg, keyId, isCritical: 'crit' in header })
}

function readClaims(payload: Uint8Array): Verification {
  const claimsText = textIn(payload)
  const claims = parsedObject(claimsText)
  if (claims === null || claimsText === null) {
    return err({ kind: 'claims', message: 'Parsing claims failed' })
  }
  return ok({ claims, claimsText })
}

function isBase64Url(text: string): boolean {
  return /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1
}

/** Null: the bytes are no UTF-8. A mark of the byte order is not part of it. */
function textIn(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function parsedObject(text: string | null): Claims | null {
  if (text === null) return null
  try {
    const json: unknown = JSON.parse(text)
    return isClaims(json) ? json : null
  } catch {
    // no JSON; the text is the client's and is not repeated
    return null
  }
}

function isClaims(json: unknown): json is Claims {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function undecodable(message: string, details: string | null = null): JwtFailure {
  return { kind: 'undecodable', message, details }
}

function keyFailure(details: string): JwtFailure {
  return undecodable('No suitable key or wrong key type', details)
}

const brokenCrypto = undecodable('JWT cryptographic operation failed')
const noKeyFits: Verification = err(keyFailure('None of the keys was able to decode the JWT'))
