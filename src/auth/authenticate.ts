/**
 * The Authorization header of a request → the client's identity (role and claims), or the reason
 * why it has none. Verified tokens are remembered; their claims are checked at each request all the
 * same. Whether the role exists is left to the database.
 */
import { compileClaimPath } from '../config/claims/claim-path.ts'
import type { Config } from '../config/config.ts'
import { type JwtKey, readJwtKeys } from '../config/secrets/jwt-keys.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError, JwtFailure } from '../errors/api-error.ts'
import type { Observe } from '../observe/observation.ts'
import { checkClaims } from './check-claims.ts'
import { claimsWithRole } from './claims-with-role.ts'
import { createTokenCache, type TokenCache } from './token-cache.ts'
import { compileTokenUser, type UserOfToken } from './token-user.ts'
import { type VerifiedToken, verifyJwt } from './verify-jwt.ts'

export interface Identity {
  /** Empty on engines without roles when no anonymous role is configured. */
  readonly role: string
  /** JSON text of the claims with the resolved `role` in it. */
  readonly claims: string
  /** False for the anonymous role. */
  readonly isAuthenticated: boolean
  /** Whom the token is about, unlike the user of any other issuer; only while that is asked for. */
  readonly user?: string
}

export type Authentication = Result<Identity, ApiError>

export interface Authenticator {
  /**
   * `hasRoles` is the engine's: without roles of its own, requests are served anonymously unless a
   * secret says that tokens are wanted, and then a token that nobody could verify is not looked at:
   * it gets no more than none would. Clients send one with every request.
   *
   * Errors  jwt; no text of it holds a part of the token
   * Rule    PostgREST docs: auth
   */
  authenticate(
    authorization: string | undefined,
    config: Config,
    hasRoles: boolean,
  ): Authentication | Promise<Authentication>
}

export function createAuthenticator(deps: {
  readonly observe: Observe
  readonly now?: () => number
}): Authenticator {
  const { observe } = deps
  const now = deps.now ?? Date.now
  let keyring: Keyring | null = null

  function keyringOf(config: Config): Keyring {
    if (keyring === null || !fits(keyring, config)) keyring = createKeyring(config, observe)
    else if (keyring.config !== config) keyring = { ...keyring, config }
    return keyring
  }

  function admit(token: KnownToken, config: Config): Authentication {
    const failure = checkClaims(token.claims, config.jwtAud, now())
    return failure === null ? token.identity : refused(failure)
  }

  function verify(token: string, keys: readonly JwtKey[], ring: Keyring, config: Config) {
    function settle(verified: Result<VerifiedToken, JwtFailure>): Authentication {
      if (!verified.ok) return refused(verified.error)
      const identity = identityOf(verified.value, ring.roleOf, config, ring.userOf)
      const known = { claims: verified.value.claims, identity }
      const { jwtCacheMaxEntries } = config
      if (jwtCacheMaxEntries > 0) ring.cache.set(token, known, jwtCacheMaxEntries)
      return admit(known, config)
    }
    const verifying = verifyJwt(token, keys)
    return verifying instanceof Promise ? verifying.then(settle) : settle(verifying)
  }

  return {
    authenticate(authorization, config, hasRoles) {
      const ring = keyringOf(config)
      const token = bearerToken(authorization)
      if (token === null) return hasRoles ? ring.withoutToken : ring.withoutTokenNorRoles
      // without keys and roles a token changes nothing: it is served as a request without one
      if (ring.keys === null && !hasRoles) return ring.withoutTokenNorRoles
      if (ring.keys === null) return refused({ kind: 'secret-missing' })
      if (config.jwtCacheMaxEntries > 0) {
        const known = ring.cache.get(token)
        observe({ kind: 'jwt-cache-lookup', hit: known !== undefined })
        if (known !== undefined) return admit(known, config)
      }
      return verify(token, ring.keys, ring, config)
    },
  }
}

/** A token with a good signature: whose it is, and the claims to check at each use. */
interface KnownToken {
  readonly claims: VerifiedToken['claims']
  readonly identity: Authentication
}

/** What is worked out once for a configuration of tokens, and what was verified with it. */
interface Keyring {
  /** The configuration last seen; a reload that changes nothing here keeps the rest. */
  readonly config: Config
  readonly keys: readonly JwtKey[] | null
  readonly roleOf: (claims: unknown) => string | null
  /** Null: nobody asks for users. */
  readonly userOf: UserOfToken | null
  readonly cache: TokenCache<KnownToken>
  readonly withoutToken: Authentication
  readonly withoutTokenNorRoles: Authentication
}

function fits(keyring: Keyring, config: Config): boolean {
  const known = keyring.config
  if (known === config) return true
  const isSameSecret = Buffer.from(known.jwtSecret ?? []).equals(config.jwtSecret ?? Buffer.of())
  return (
    isSameSecret &&
    (known.jwtSecret === null) === (config.jwtSecret === null) &&
    known.jwtAud === config.jwtAud &&
    known.jwtRoleClaimKey === config.jwtRoleClaimKey &&
    known.dbAnonRole === config.dbAnonRole &&
    known.rateLimitEnabled === config.rateLimitEnabled &&
    known.rateLimitClaim === config.rateLimitClaim
  )
}

function createKeyring(config: Config, observe: Observe): Keyring {
  const path = compileClaimPath(config.jwtRoleClaimKey)
  const keys = config.jwtSecret === null ? ok(null) : readJwtKeys(config.jwtSecret)
  if (!path.ok || !keys.ok) throw new Error('a configuration was loaded with broken jwt options')
  const roleOf = path.value.role
  const anonymous = identityOf({ claims: {}, claimsText: '{}' }, roleOf, config, null)
  const withoutToken = anonymous.ok || keys.value !== null ? anonymous : refused(nobodyCanBeServed)
  const nobody: Identity = { role: '', claims: '{"role":""}', isAuthenticated: false }
  return {
    config,
    keys: keys.value,
    roleOf,
    userOf: config.rateLimitEnabled ? compileTokenUser(config.rateLimitClaim) : null,
    cache: createTokenCache(() => observe({ kind: 'jwt-cache-eviction' })),
    withoutToken,
    withoutTokenNorRoles: !withoutToken.ok && keys.value === null ? ok(nobody) : withoutToken,
  }
}

/** The role of the claims, else the anonymous one, else a token is required. */
function identityOf(
  token: VerifiedToken,
  roleOf: Keyring['roleOf'],
  config: Config,
  userOf: Keyring['userOf'],
): Authentication {
  const role = roleOf(token.claims) ?? config.dbAnonRole
  if (role === null) return refused({ kind: 'token-required' })
  const claims = claimsWithRole(token.claimsText, role)
  const user = userOf?.(token.claims) ?? null
  const identity = { role, claims, isAuthenticated: role !== config.dbAnonRole }
  return ok(user === null ? identity : { ...identity, user })
}

const nobodyCanBeServed: JwtFailure = {
  kind: 'token-required',
  slip: { kind: 'nobody-can-be-served' },
}

function refused(failure: JwtFailure): Authentication {
  return err({ kind: 'jwt', failure })
}

/** Null without a header, or with one of another scheme. `Bearer` alone is an empty token. */
function bearerToken(authorization: string | undefined): string | null {
  const match = /^bearer(?:\s+(.*))?$/is.exec(authorization ?? '')
  return match === null ? null : (match[1] ?? '')
}
