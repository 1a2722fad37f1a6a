/**
 * Observation → the lines of the text log, in PostgREST's words wherever it has some. Pure: the
 * level, the clock and the streams are `log-observer.ts`'s.
 *
 * Rule  PostgREST docs: observability (Logs)
 */
import { assertNever } from '../core/assert-never.ts'
import { errorLogJson } from '../errors/error-envelope.ts'
import { configLine } from './config-lines.ts'
import { listenerLine } from './listener-lines.ts'
import { always, debug, type LogLine, oneLine, silent } from './log-line.ts'
import { markLine } from './mark-lines.ts'
import type { Observation } from './observation.ts'
import { reloadLine } from './reload-lines.ts'
import { workerLine } from './worker-lines.ts'

function connectionText(observation: Observation & { kind: 'connection' }): string {
  const { id, status, reason } = observation
  switch (status) {
    case 'connecting':
      return `Connection ${id} is being established`
    case 'ready':
    case 'released':
      return `Connection ${id} is available due to ${reason}`
    case 'used':
      return `Connection ${id} is used`
    case 'closed':
      return `Connection ${id} is terminated due to ${reason}`
    default:
      return assertNever(status)
  }
}

function typesText(observation: Observation & { kind: 'types-written' | 'types-failed' }): string {
  return observation.kind === 'types-written'
    ? `Types written to ${oneLine(observation.file)}`
    : `Types: ${oneLine(observation.cause)}`
}

/** The lines of everything but access lines and pool timeouts, which have rules of their own. */
export function logLine(observation: Observation): LogLine {
  switch (observation.kind) {
    case 'starting':
      return always(`Starting ${observation.product} ${observation.productVersion}...`)
    case 'admin-listening':
      return always(`Admin server listening on ${observation.address}`)
    case 'api-listening':
      return always(`API server listening on ${observation.address}`)
    case 'database-connected':
      return always(`Successfully connected to ${observation.serverVersion}`)
    case 'pool-ready':
      return always(
        `Connection Pool initialized with a maximum size of ${observation.max} connections`,
      )
    case 'worker-listening':
    case 'worker-unresponsive':
    case 'worker-ended':
    case 'pool-exceeded':
      return workerLine(observation)
    case 'fatal':
      return always(
        observation.error === null
          ? observation.message
          : `${observation.message} ${errorLogJson(observation.error)}`,
      )
    case 'signal-received':
      return always(`Received termination unix signal ${observation.signal}`)
    case 'urls':
      return always(...urlsText(observation))
    case 'browser-failed':
      return always('No browser could be opened: there is no program for it')
    case 'leaving':
      return always(`Requests are taken for ${observation.seconds} more seconds (shutdown-delay)`)
    case 'stopping-failed':
      return always(`Stopping was not clean: ${oneLine(observation.cause)}`)

    case 'types-written':
    case 'types-failed':
      return always(typesText(observation))
    case 'config-loaded':
    case 'config-invalid':
    case 'config-warnings':
    case 'config-settings-failed':
    case 'config-needs-restart':
    case 'deprecated-claim-key':
      return configLine(observation)

    case 'trigger':
    case 'reload-started':
    case 'reload-unchanged':
    case 'reload-queried':
    case 'schema-changed':
    case 'relations-unreadable':
    case 'functions-unusable':
    case 'relationships-unusable':
    case 'patterns-unmatched':
    case 'policies-unbound':
    case 'reload-published':
    case 'reload-confirmed':
    case 'reload-failed':
    case 'reload-retry':
      return reloadLine(observation)

    case 'source-up':
      return debug(`Source ${observation.source} is up`)
    case 'source-down':
      return debug(`Source ${observation.source} is down: ${oneLine(observation.cause)}`)
    case 'source-absent':
      return always(
        `There is no ${observation.source}, the schema is polled instead: ${oneLine(observation.cause)}`,
      )
    case 'listener-connected':
    case 'listener-failed':
    case 'listener-retry':
    case 'notification':
    case 'notification-unknown':
      return listenerLine(observation)

    case 'request-error':
      // the pool's timeouts are told by `pool-timeout`, debounced
      return observation.error.kind === 'acquisition-timeout'
        ? silent
        : { level: 'error', texts: [errorLogJson(observation.error)] }
    case 'crashed':
      return { level: 'error', texts: [oneLine(observation.stack)] }
    case 'queries':
      return {
        level: 'status',
        status: observation.status,
        texts: observation.statements.map(oneLine),
      }
    case 'legacy-target-name': {
      const updates = observation.names.map(([name, alias]) => `\`${name}\` to \`${alias}\``)
      return always(
        'WARNING: Embedded resource was referenced by relation name even though it has an alias. This is deprecated and will stop working in a future release.',
        `Update filters, orders or limits that use ${oneLine(updates.join(', '))} in \`${observation.method} ${observation.target}\``,
      )
    }
    case 'jwt-cache-lookup':
      return debug('Looked up a JWT in JWT cache')
    case 'jwt-cache-eviction':
      return debug('Evicted entry from JWT cache')

    case 'pool-request':
      return debug('Trying to borrow a connection from pool')
    case 'pool-request-fulfilled':
      return debug('Borrowed a connection from the pool')
    case 'connection':
      return debug(connectionText(observation))
    case 'connection-lost':
      return { level: 'error', texts: [errorLogJson(observation.error)] }
    case 'schema-mark':
    case 'change-unmarked':
      return markLine(observation)
    case 'transactions-absent':
      return always(
        'WARNING: The server stands alone and has no transactions: a PATCH or DELETE of several rows that fails or is interrupted leaves the rows changed that it had reached. A replica set, be it of one member, keeps them whole.',
      )
    case 'preparation-given-up':
      return always(
        `WARNING: Running without prepared statements from now on: ${oneLine(observation.cause)} (${observation.sqlState}). This is what a connection pooler in transaction mode does; set db-prepared-statements=false.`,
      )
    case 'pool-timeout':
    case 'request-finished':
    case 'rate-limited':
    // the lines of their parts tell them
    case 'reload-began':
    case 'reload-ended':
    case 'source-changed':
      return silent
    default:
      return assertNever(observation)
  }
}

/**
 * Shape  `<peer> - <role> [<time>] "<METHOD> <target> HTTP/1.1" <status> <bytes> "<referer>" "<agent>"`
 */
export function accessLine(
  request: Observation & { kind: 'request-finished' },
  time: string,
): string {
  const { peer, role, method, target, httpVersion, status, bodyBytes, referer, userAgent } = request
  return `${peer} - ${role ?? '-'} [${time}] "${method} ${target} HTTP/${httpVersion}" ${status} ${bodyBytes ?? '-'} "${referer}" "${userAgent}"`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Shape  `21/Aug/2026:20:47:00 +0000`, in the process's time zone */
export function logTime(at: Date): string {
  const offset = -at.getTimezoneOffset()
  const sign = offset < 0 ? '-' : '+'
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${two(at.getDate())}/${months[at.getMonth()]}/${at.getFullYear()}`
  return `${day}:${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`
}

function urlsText({ api, dashboard }: Extract<Observation, { kind: 'urls' }>): readonly string[] {
  const urls = [
    ...(api === null ? [] : [`${api} (API)`]),
    ...(dashboard === null ? [] : [`${dashboard} (dashboard)`]),
  ]
  return urls.length === 0 ? [] : [`Open ${urls.join(' or ')}`]
}
