/** Tokens for tests, good and broken. */
import { createHmac, type KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'

export const testSecret = 'reallyreallyreallyreallyverysafe'

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
  return new CompactSign(Buffer.from(text)).setProtectedHeader({ ...header }).sign(key)
}

/** HS256 over any header whatsoever. */
export function signWithHeader(header: unknown, claims: unknown = { role: 'author' }): string {
  const encode = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', testSecret).update(signed).digest('base64url')}`
}
