/**
 * The claims that say when and for whom a token is good: `exp`, `nbf`, `iat`, `aud`. They are
 * checked at every use, of cached tokens as well.
 */
import type { JwtFailure } from '../errors/api-error.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Clocks differ: this much is forgiven. */
const leewaySeconds = 30

/**
 * The first claim that does not hold, or null. A claim that is absent or null holds, and so does an
 * empty list of audiences.
 *
 * Units   `nowMs` milliseconds since 1970; claims are in seconds
 * Rule    PostgREST docs: auth (JWT Claims Validation)
 */
export function checkClaims(
  claims: Claims,
  audience: string | null,
  nowMs: number,
): JwtFailure | null {
  const now = Math.floor(nowMs / 1000)
  const message =
    timeProblem(claims['exp'], 'exp', 'JWT expired', (exp) => now - leewaySeconds > exp) ??
    timeProblem(claims['nbf'], 'nbf', 'JWT not yet valid', (nbf) => now + leewaySeconds < nbf) ??
    timeProblem(claims['iat'], 'iat', 'JWT issued at future', (iat) => now + leewaySeconds < iat) ??
    audienceProblem(claims['aud'], audience)
  return message === null ? null : { kind: 'claims', message }
}

function timeProblem(
  value: unknown,
  name: string,
  problem: string,
  isBroken: (seconds: number) => boolean,
): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'number') return `The JWT '${name}' claim must be a number`
  return isBroken(value) ? problem : null
}

function audienceProblem(value: unknown, audience: string | null): string | null {
  if (value === undefined || value === null) return null
  const audiences = Array.isArray(value) ? value : [value]
  if (!audiences.every((candidate) => typeof candidate === 'string')) {
    return "The JWT 'aud' claim must be a string or an array of strings"
  }
  const isMeant = audience === null || audiences.length === 0 || audiences.includes(audience)
  return isMeant ? null : 'JWT not in audience'
}
