/** Tokens for tests, good and broken. */
import { isUtf8 } from 'node:buffer'
import { createHmac, type KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'
import { registerSecret, registerToken } from './trace.ts'

export const testSecret = 'reallyreallyreallyreallyverysafe'
registerSecret(testSecret)

export interface TokenHeader {
  readonly alg: string
  readonly kid?: string
}

/** `claims` as text is signed as it is. */
export async function signJwt(
  claims: unknown,
  key: KeyObject | Uint8Array = Buffer.from(testSecret),
  header: TokenHeader = { alg: 'HS256' },
): Promise<string> {
  const text = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const token = await new CompactSign(Buffer.from(text)).setProtectedHeader({ ...header }).sign(key)
  registerToken(token)
  // bytes that are no text are printed as replacement characters, which tell nothing of them
  if (key instanceof Uint8Array && key.length >= 32 && isUtf8(key)) {
    registerSecret(Buffer.from(key).toString())
  }
  return token
}

/** HS256 over any header whatsoever. */
export function signWithHeader(header: unknown, claims: unknown = { role: 'author' }): string {
  const encode = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  const token = `${signed}.${createHmac('sha256', testSecret).update(signed).digest('base64url')}`
  registerToken(token)
  return token
}
