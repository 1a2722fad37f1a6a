/**
 * rate-limit-claim → a function from a token's claims to the user that they are about: the name of a
 * claim, or a JSONPath as of `jwt-role-claim-key`.
 */
import { ok, type Result } from '../../core/result.ts'
import { compileClaimPath } from './claim-path.ts'

/** A text as it is, any other value as JSON; null where the claims name nobody. */
export type UserOfClaims = (claims: Readonly<Record<string, unknown>>) => string | null

/** Shape  `sub`, `https://example.com/user`, `$.user.id` */
export function compileUserClaim(text: string): Result<UserOfClaims, string> {
  if (text.startsWith('$')) {
    const path = compileClaimPath(text)
    return path.ok ? ok((claims) => asUser(path.value.find(claims))) : path
  }
  return ok((claims) => asUser(Object.hasOwn(claims, text) ? claims[text] : undefined))
}

function asUser(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
