/**
 * What the SQL of a registered function may name beside its parameters: what the request is like.
 */
import { param, type SqlText } from '../../../sql/sql-text.ts'
import { type RequestPlaceholder, requestPlaceholders } from '../../catalog/registered-functions.ts'

const requestParts = {
  request_method: 'method',
  request_path: 'path',
  request_role: 'role',
  request_jwt_claims: 'claims',
  request_headers: 'headers',
  request_cookies: 'cookies',
} as const satisfies Record<RequestPlaceholder, string>

/** Throws  for a name that is none: the registry's statements were looked through at the load */
export function requestPlaceholder(name: string): SqlText {
  const asked = requestPlaceholders.find((each) => each === name)
  if (asked === undefined) throw new Error(`there is no parameter ${name}`)
  return param({ kind: 'request', part: requestParts[asked] })
}
