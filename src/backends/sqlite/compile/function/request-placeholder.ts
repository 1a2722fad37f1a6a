/**
 * What the SQL of a registered function may name beside its parameters, as a placeholder.
 */
import { requestPartNamed } from '../../../registry/request-part-named.ts'
import { param, type SqlText } from '../../../sql/sql-text.ts'

/** Throws  for a name that is none: the registry's statements were looked through at the load */
export function requestPlaceholder(name: string): SqlText {
  const part = requestPartNamed(name)
  if (part === null) throw new Error(`there is no parameter ${name}`)
  return param({ kind: 'request', part })
}
