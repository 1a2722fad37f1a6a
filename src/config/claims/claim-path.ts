/**
 * jwt-role-claim-key → a function from a token's claims to the role: RFC 9535 JSONPath (package
 * jsonpath-rfc9535), or the syntax before it (`old-claim-path.ts`), which is deprecated. The first
 * result is the role. Whether there is an anonymous role to fall back to is left to authentication.
 */
import { query } from 'jsonpath-rfc9535'
import parseJsonPath from 'jsonpath-rfc9535/parser'
import { err, ok, type Result } from '../../core/result.ts'
import {
  asJsonPath,
  followOldClaimPath,
  parseOldClaimPath,
  printOldClaimPath,
} from './old-claim-path.ts'

export interface ClaimPath {
  /** A text as it is, any other value as JSON; null when the path finds nothing. */
  readonly role: (claims: unknown) => string | null
  /** As the claims have it; undefined when the path finds nothing. */
  readonly find: (claims: unknown) => unknown
  readonly deprecated: boolean
  /** The path as a dump shows it, before the quoting of a configuration file. */
  readonly dump: string
  /** The same path as JSONPath. */
  readonly suggestion: string
}

/**
 * Shape   `$.user.roles[0]`, `$["a b"]`, `$.roles[?(@ == "x")]`; deprecated: `.user.roles[0]`
 * Rule    PostgREST docs: auth (JWT Role Extraction)
 */
export function compileClaimPath(text: string): Result<ClaimPath, string> {
  if (isJsonPath(text)) {
    const names = plainNames.test(text) ? text.split('.').slice(1) : null
    const find = (claims: unknown) => (names === null ? first(claims, text) : follow(claims, names))
    return ok({
      role: (claims) => asRole(find(claims)),
      find,
      deprecated: false,
      dump: text,
      suggestion: text,
    })
  }
  const steps = parseOldClaimPath(text)
  if (steps === null) return err(`failed to parse role-claim-key value (${text})`)
  const find = (claims: unknown) => followOldClaimPath(steps, claims)
  return ok({
    role: (claims) => asRole(find(claims)),
    find,
    deprecated: true,
    dump: printOldClaimPath(steps),
    suggestion: asJsonPath(steps),
  })
}

/** `$.user.role`: names alone, as almost all paths are. The package parses a path at each use. */
const plainNames = /^\$(?:\.[A-Za-z_]\w*)+$/

function follow(claims: unknown, names: readonly string[]): unknown {
  let value = claims
  for (const name of names) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

function first(claims: unknown, path: string): unknown {
  return isJson(claims) ? query(claims, path)[0] : undefined
}

function isJsonPath(text: string): boolean {
  try {
    return callsKnownFunctions(parseJsonPath(text))
  } catch (failure) {
    // the parser's own class: an Error of that name, no SyntaxError
    if (failure instanceof Error && failure.name === 'SyntaxError') return false
    throw failure
  }
}

/** The package takes a call of an unknown function, or with other arguments, for one that is false. */
const functionArity: ReadonlyMap<string, number> = new Map([
  ['search', 2],
  ['match', 2],
  ['length', 1],
  ['count', 1],
  ['value', 1],
])

function callsKnownFunctions(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return true
  if ('type' in node && node.type === 'FunctionExpr') {
    const isKnown =
      'name' in node &&
      typeof node.name === 'string' &&
      'arguments' in node &&
      Array.isArray(node.arguments) &&
      functionArity.get(node.name) === node.arguments.length
    if (!isKnown) return false
  }
  return Object.values(node).every(callsKnownFunctions)
}

/** Claims come out of JSON.parse; only what cannot is told apart here. */
function isJson(value: unknown): value is Parameters<typeof query>[0] {
  return ['string', 'number', 'boolean', 'object'].includes(typeof value)
}

function asRole(value: unknown): string | null {
  if (value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
