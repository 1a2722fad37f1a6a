/**
 * Why a connection could not be made, in libpq's words: what users look for, and what the
 * contract's logs and answers carry as details. The texts never hold a password.
 */
import type { ConnectionPlace } from './parse-connection.ts'

/** Error numbers as libc words them. */
const systemErrors: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'Permission denied'],
  ['ECONNREFUSED', 'Connection refused'],
  ['ECONNRESET', 'Connection reset by peer'],
  ['EHOSTDOWN', 'Host is down'],
  ['EHOSTUNREACH', 'No route to host'],
  ['ENETUNREACH', 'Network is unreachable'],
  ['ENOENT', 'No such file or directory'],
  ['EPIPE', 'Broken pipe'],
  ['ETIMEDOUT', 'Connection timed out'],
])

const lookupErrors: ReadonlyMap<string, string> = new Map([
  ['EAI_AGAIN', 'Temporary failure in name resolution'],
  ['EAI_FAIL', 'Non-recoverable failure in name resolution'],
  ['ENOTFOUND', 'Name or service not known'],
])

/** No password was given, and the server asked for one. */
export class NoPasswordError extends Error {
  constructor() {
    super('fe_sendauth: no password supplied')
    this.name = 'NoPasswordError'
  }
}

/**
 * One line a server or address tried, with its hint, each ended by a line break.
 *
 * Shape   ENOTFOUND → `could not translate host name "x" to address: Name or service not known`
 *         a server's refusal → `connection to server at "x" (::1), port 5432 failed: FATAL:  …`
 */
export function connectFailureText(
  place: ConnectionPlace,
  failure: unknown,
  remoteAddress?: string,
): string {
  // one error an address, where a name has several
  if (failure instanceof AggregateError && failure.errors.length > 0) {
    return failure.errors.map((part) => connectFailureText(place, part)).join('')
  }
  if (!(failure instanceof Error)) return `${String(failure)}\n`
  const code = errorProperty(failure, 'code')
  const lookup = lookupErrors.get(code)
  if (lookup !== undefined) {
    return `could not translate host name "${place.host}" to address: ${lookup}\n`
  }
  const isSocket = place.host.startsWith('/')
  const address = errorProperty(failure, 'address') || (remoteAddress ?? place.address ?? '')
  const seen = address === '' || address === place.host || isSocket ? '' : ` (${address})`
  const start = isSocket
    ? `connection to server on socket "${place.host}/.s.PGSQL.${place.port}" failed: `
    : `connection to server at "${place.host}"${seen}, port ${place.port} failed: `
  const severity = errorProperty(failure, 'severity')
  if (severity !== '') return `${start}${severity}:  ${failure.message}\n`
  const system = systemErrors.get(code)
  if (system !== undefined) return `${start}${system}\n${hint(code, isSocket)}`
  return `${start}${plainText(failure)}\n`
}

function hint(code: string, isSocket: boolean): string {
  if (isSocket && (code === 'ENOENT' || code === 'ECONNREFUSED')) {
    return '\tIs the server running locally and accepting connections on that socket?\n'
  }
  return code === 'ECONNREFUSED'
    ? '\tIs the server running on that host and accepting TCP/IP connections?\n'
    : ''
}

/** What pg says, in libpq's words where it has some. */
function plainText(failure: Error): string {
  switch (failure.message) {
    case 'The server does not support SSL connections':
      return 'server does not support SSL, but SSL was required'
    case 'Connection terminated unexpectedly':
      return (
        'server closed the connection unexpectedly\n' +
        '\tThis probably means the server terminated abnormally\n' +
        '\tbefore or while processing the request.'
      )
    default:
      return failure.message.trimEnd()
  }
}

/** A text property that an error may carry beside its message. */
export function errorProperty(failure: Error, property: string): string {
  const value: unknown = Reflect.get(failure, property)
  return typeof value === 'string' ? value : ''
}
