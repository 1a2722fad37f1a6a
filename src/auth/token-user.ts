/**
 * The claims of a verified token → a name for its user that no other issuer's user has, for whoever
 * counts what a user asks for.
 */
import { createHash } from 'node:crypto'
import { compileUserClaim } from '../config/claims/user-claim.ts'
import type { Claims } from './check-claims.ts'

/** Null: the token is about nobody. */
export type UserOfToken = (claims: Claims) => string | null

/** Characters of a name that is kept as it is; of a longer one there is a hash. */
const longestName = 120

/** A subject is unique within its issuer only (RFC 7519, 4.1.2). */
export function compileTokenUser(claim: string): UserOfToken {
  const userOf = compileUserClaim(claim)
  if (!userOf.ok) throw new Error('a configuration was loaded with a broken rate-limit-claim')
  return (claims) => {
    const user = userOf.value(claims)
    if (user === null) return null
    const name = JSON.stringify([claims['iss'] ?? null, user])
    return name.length <= longestName ? name : createHash('sha256').update(name).digest('base64')
  }
}
