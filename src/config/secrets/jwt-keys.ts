/**
 * The bytes of jwt-secret → the keys that tokens are verified with: a passphrase for HS256, one JSON
 * Web Key, or a set of them. The configuration refuses bad ones with it, authentication uses them.
 * Which key fits a token, and the verification itself, are left to `src/auth`.
 */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { err, ok, type Result } from '../../core/result.ts'

export interface JwtKey {
  readonly id: string | null
  /** Algorithms that it may verify; none for keys of another use, or of an unknown kind. */
  readonly algorithms: readonly string[]
  readonly material: KeyObject
}

const minPassphraseBytes = 32
const minRsaBits = 2048

/**
 * How JSON, a PEM file and a page of HTML begin: broken key sets, public keys, and what a web server
 * says in the place of a key set. Their text is no secret, so it is never a passphrase.
 */
const documentStart =
  /^\s*(?:\{\s*["}]|\[\s*[[{"\]]|-----BEGIN |<(?:!doctype|\?xml|html|head|body)\b)/i

/**
 * Reads keys. What is a JSON object with `kty`, or with a list of `keys`, is taken for a key or a
 * set, and a broken one is refused, as is the text of another document; PostgREST would take each
 * for a passphrase, with which everybody who has read it could sign tokens.
 *
 * Shape   passphrase of 32 bytes and more | {"kty":…} | {"keys":[{"kty":…}, …]}
 * Errors  never hold a part of the secret
 */
export function readJwtKeys(secret: Uint8Array): Result<readonly JwtKey[], string> {
  const json = parsedObject(secret)
  if (json !== null && Array.isArray(json['keys'])) {
    if (json['keys'].length === 0) return err('The JSON Web Key Set is empty.')
    return collect(json['keys'].map((key, index) => readJwk(key, `key ${index + 1} of the set`)))
  }
  if (json !== null && 'kty' in json) return collect([readJwk(json, 'the JSON Web Key')])
  if (documentStart.test(new TextDecoder().decode(secret))) {
    return err(
      'The JWT secret is neither a JSON Web Key nor a set of them, and no passphrase: it begins like JSON, PEM or HTML.',
    )
  }
  if (secret.length < minPassphraseBytes) {
    return err('The JWT secret must be at least 32 characters long.')
  }
  return ok([{ id: null, algorithms: ['HS256'], material: createSecretKey(secret) }])
}

type JsonObject = Readonly<Record<string, unknown>>
type ReadKey = Result<JwtKey | null, string>

function collect(read: readonly ReadKey[]): Result<readonly JwtKey[], string> {
  const keys: JwtKey[] = []
  for (const key of read) {
    if (!key.ok) return key
    if (key.value !== null) keys.push(key.value)
  }
  return ok(keys)
}

/** Null: of no use here (for encryption, or of an unknown kind), and skipped as PostgREST does. */
function readJwk(jwk: unknown, label: string): ReadKey {
  if (!isObject(jwk)) return err(`${label} is not an object`)
  if (jwk['use'] !== undefined && jwk['use'] !== null && jwk['use'] !== 'sig') return ok(null)
  const algorithms = algorithmsOf(jwk)
  if (algorithms.length === 0) return ok(null)
  const material = jwk['kty'] === 'oct' ? secretKey(jwk) : publicKey(jwk)
  if (material === null) return err(`${label} is incomplete or malformed`)
  const rsaBits = material.asymmetricKeyDetails?.modulusLength
  if (rsaBits !== undefined && rsaBits < minRsaBits) {
    return err(`${label} has ${rsaBits} bits, RSA needs ${minRsaBits} and more`)
  }
  const id = typeof jwk['kid'] === 'string' ? jwk['kid'] : null
  return ok({ id, algorithms, material })
}

/** What the kind of key can do, narrowed to `alg` where the key has one. */
function algorithmsOf(jwk: JsonObject): readonly string[] {
  const possible = possibleAlgorithms(jwk['kty'], jwk['crv'])
  const wanted = jwk['alg'] ?? null
  return wanted === null ? possible : possible.filter((algorithm) => algorithm === wanted)
}

function possibleAlgorithms(type: unknown, curve: unknown): readonly string[] {
  switch (type) {
    case 'oct':
      return ['HS256', 'HS384', 'HS512']
    case 'RSA':
      return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
    case 'EC':
      if (curve === 'P-256') return ['ES256']
      if (curve === 'P-384') return ['ES384']
      return curve === 'P-521' ? ['ES512'] : []
    case 'OKP':
      return curve === 'Ed25519' ? ['EdDSA'] : []
    default:
      return []
  }
}

function secretKey(jwk: JsonObject): KeyObject | null {
  const value = jwk['k']
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]+=*$/.test(value)) return null
  return createSecretKey(Buffer.from(value, 'base64url'))
}

function publicKey(jwk: JsonObject): KeyObject | null {
  // the public members alone: of a private key only they are needed
  const key: Record<string, unknown> = {}
  for (const member of ['kty', 'crv', 'n', 'e', 'x', 'y']) {
    if (member in jwk) key[member] = jwk[member]
  }
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    // Node's texts differ by version and member; the caller says which key it was
    return null
  }
}

function parsedObject(bytes: Uint8Array): JsonObject | null {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(json) ? json : null
  } catch {
    // not JSON, or not even text: a passphrase
    return null
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
