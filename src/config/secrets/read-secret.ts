/**
 * jwt-secret as configured → the bytes of the key: `@file` is read, base64 decoded, and what cannot
 * verify a token is refused.
 */
import { err, ok, type Result } from '../../core/result.ts'
import { systemErrorText } from '../../core/system-error.ts'
import { readJwtKeys } from './jwt-keys.ts'

/**
 * Shape   a passphrase, a JSON Web Key or set, or `@path` of a file with one (binary allowed; one
 *         line end at its end is dropped)
 * Errors  never hold a part of the secret, nor of the path, which may be one that begins with `@`
 */
export function readSecret(
  configured: string,
  isBase64: boolean,
  readFile: (path: string) => Uint8Array,
): Result<Uint8Array, string> {
  const given = configured.startsWith('@')
    ? readSecretFile(configured.slice(1), readFile)
    : ok<Uint8Array>(Buffer.from(configured))
  if (!given.ok) return given
  const secret = isBase64 ? decodeBase64(given.value) : given
  if (!secret.ok) return secret
  const keys = readJwtKeys(secret.value)
  return keys.ok ? secret : keys
}

function readSecretFile(
  path: string,
  readFile: (path: string) => Uint8Array,
): Result<Uint8Array, string> {
  try {
    const bytes = readFile(path)
    return ok(bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes)
  } catch (failure) {
    return err(`the file behind its @ cannot be read: ${systemErrorText(failure)}`)
  }
}

/** Also in the URL-safe alphabet, with `.` as padding, or without any. */
function decodeBase64(bytes: Uint8Array): Result<Uint8Array, string> {
  const text = Buffer.from(bytes).toString('latin1').trim()
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('.', '=')
  const isWhole = /^[A-Za-z0-9+/]*={0,2}$/.test(plain)
  const digits = plain.replace(/=+$/, '').length
  const hasGoodPadding = plain.length === digits || plain.length % 4 === 0
  if (!isWhole || !hasGoodPadding || digits % 4 === 1) {
    return err('it is not valid base64, which jwt-secret-is-base64 asks for')
  }
  return ok(Buffer.from(plain, 'base64'))
}
