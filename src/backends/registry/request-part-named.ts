/**
 * What the body of a registered function may name beside its parameters: what the request is like.
 */

const parts = {
  request_method: 'method',
  request_path: 'path',
  request_role: 'role',
  request_jwt_claims: 'claims',
  request_headers: 'headers',
  request_cookies: 'cookies',
} as const

/** Null for a name that stands for nothing of the request. */
export function requestPartNamed(name: string): (typeof parts)[keyof typeof parts] | null {
  return isPlace(name) ? parts[name] : null
}

function isPlace(name: string): name is keyof typeof parts {
  return Object.hasOwn(parts, name)
}
