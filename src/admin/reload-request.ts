/**
 * What `POST /reload` asks for, or why it is refused. A page that a person happens to have open must
 * not be able to ask: browsers send forms anywhere, but they say where from.
 */
import type { ReloadScope } from '../cache/reload-signal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { refuseParameters } from './refuse-parameters.ts'

export interface ReloadQuery {
  readonly scope: ReloadScope
  /** Whether the answer is to be that of the reload's end. */
  readonly waits: boolean
  /** Whether the other processes on this database are to reload as well. */
  readonly isForFleet: boolean
}

const parameterNames = ['scope', 'wait', 'fleet']

const scopes: readonly ReloadScope[] = ['schema', 'config', 'both']

/** Errors  cross-origin, malformed-request */
export function readReloadRequest(request: Request): Result<ReloadQuery, ApiError> {
  const url = new URL(request.url)
  if (isOfAnotherOrigin(request.headers, url.host)) return err({ kind: 'cross-origin' })
  const problem = refuseParameters(url.searchParams, parameterNames)
  if (problem !== null) return refuse(problem)

  const given = new Map(url.searchParams)
  const scope = scopes.find((candidate) => candidate === (given.get('scope') ?? 'schema'))
  if (scope === undefined) return refuse(`scope must be one of ${scopes.join(', ')}`)
  const wait = given.get('wait') ?? 'true'
  if (wait !== 'true' && wait !== 'false') return refuse('wait must be true or false')
  const fleet = given.get('fleet') ?? 'false'
  if (fleet !== 'true' && fleet !== 'false') return refuse('fleet must be true or false')
  return ok({ scope, waits: wait === 'true', isForFleet: fleet === 'true' })
}

function refuse(details: string): Result<never, ApiError> {
  return err({ kind: 'malformed-request', details })
}

/**
 * Whether a browser says that another origin's page asks. What sends neither header is no browser
 * of today. `Sec-Fetch-Site` decides where it is there, since behind a proxy hosts differ.
 *
 * Rule  W3C Fetch Metadata; RFC 6454 (Origin)
 */
export function isOfAnotherOrigin(headers: Headers, host: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('origin')
  if (origin === null) return false
  // a page without an origin of its own says `null`
  return !URL.canParse(origin) || new URL(origin).host !== host
}
