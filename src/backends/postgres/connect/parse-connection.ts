/**
 * `db-uri` or `db-channel-uri`, completed from libpq's environment variables, service file and password file → the
 * places to connect to, in order, and how. Opens nothing; `connect-postgres.ts` does. No message
 * quotes a value: in a text that is not well formed, any value may be a part of the password.
 *
 * Rule    PostgreSQL manual: libpq, Database Connection Control Functions
 */
import { productName, productVersion } from '../../../core/product.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { connectionKeywords, sessionVariables } from './connection-keywords.ts'
import { findPassword, findService } from './find-password.ts'
import { type Conninfo, parseConninfo } from './parse-conninfo.ts'

export const sslModes = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
] as const
export type SslMode = (typeof sslModes)[number]

export const sessionTargets = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const
export type SessionTarget = (typeof sessionTargets)[number]

/** One server to try. */
export interface ConnectionPlace {
  /** A name, an address, or (beginning with a slash) the directory of a socket. */
  readonly host: string
  /** Connects here instead of looking the name up. */
  readonly address: string | null
  readonly port: number
  readonly password: string | null
}

/** File names as given. */
export interface TlsSettings {
  readonly mode: SslMode
  readonly isDirect: boolean
  readonly rootCertificate: string | null
  readonly certificate: string | null
  readonly key: string | null
  readonly keyPassword: string | null
  readonly sendsServerName: boolean
  readonly minVersion: string | null
  readonly maxVersion: string | null
  readonly bindsChannel: boolean
}

export interface ConnectionSettings {
  /** At least one; tried in this order. */
  readonly places: readonly ConnectionPlace[]
  readonly user: string
  readonly database: string
  readonly applicationName: string
  /** Command-line options for the server, e.g. `-c TimeZone=UTC`. */
  readonly options: string
  /** Null: as long as it takes. */
  readonly connectTimeoutMs: number | null
  readonly target: SessionTarget
  readonly isShuffled: boolean
  /** Seconds of silence before the first probe, 0: the system's; null: no probes. */
  readonly keepAliveIdle: number | null
  readonly tls: TlsSettings
}

export interface ConnectionSurroundings {
  /** The option that the text is of, for messages; absent: `db-uri`. */
  readonly option?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Name of the user that the process runs as. */
  readonly systemUser: string
  /** Null: there is no such file. */
  readonly readFile: (path: string) => string | null
}

/** Where a server on the same host listens when nothing names a host: packages differ. */
const defaultHosts = ['/var/run/postgresql', '/tmp', 'localhost']

/**
 * Shape   "postgresql://" with PGHOST=replica,primary → two places · "host=/dir user=u" → one socket
 * Errors  which parameter is wrong, and what is allowed
 */
export function parseConnection(
  text: string,
  surroundings: ConnectionSurroundings,
): Result<ConnectionSettings, string> {
  const { option = 'db-uri' } = surroundings
  const parsed = parseConninfo(text, option)
  if (!parsed.ok) return parsed
  const info = complete(parsed.value, surroundings)
  if (!info.ok) return info
  const value = (keyword: string) => {
    const found = info.value.get(keyword)
    return found === undefined || found === '' ? null : found
  }

  const refused = refusedDemand(value)
  if (refused !== null) return err(refused)
  const mode = value('sslmode') ?? (value('sslnegotiation') === 'direct' ? 'require' : 'prefer')
  const target = value('target_session_attrs') ?? 'any'
  if (!isOneOf(sslModes, mode)) return err(notOneOf('sslmode', sslModes, option))
  if (!isOneOf(sessionTargets, target)) {
    return err(notOneOf('target_session_attrs', sessionTargets, option))
  }
  const user = value('user') ?? surroundings.systemUser
  const database = value('dbname') ?? user
  const places = listPlaces(value, { user, database }, surroundings)
  if (!places.ok) return places
  for (const keyword of ['connect_timeout', 'keepalives_idle']) {
    const text = value(keyword)
    if (text !== null && !/^\s*[+-]?\d+\s*$/.test(text)) {
      return err(`${given(keyword, option)} is not a whole number\n`)
    }
  }
  const seconds = Number(value('connect_timeout') ?? 0)
  return ok({
    places: places.value,
    user,
    database,
    applicationName:
      value('application_name') ??
      value('fallback_application_name') ??
      `${productName} ${productVersion}`,
    options: sessionOptions(value('options'), surroundings.env),
    connectTimeoutMs: seconds <= 0 ? null : seconds * 1000,
    target,
    isShuffled: value('load_balance_hosts') === 'random',
    keepAliveIdle: value('keepalives') === '0' ? null : Number(value('keepalives_idle') ?? 0),
    tls: {
      mode,
      isDirect: value('sslnegotiation') === 'direct',
      rootCertificate: value('sslrootcert'),
      certificate: value('sslcert'),
      key: value('sslkey'),
      keyPassword: value('sslpassword'),
      sendsServerName: value('sslsni') !== '0',
      minVersion: value('ssl_min_protocol_version'),
      maxVersion: value('ssl_max_protocol_version'),
      bindsChannel: value('channel_binding') !== 'disable',
    },
  })
}

/** The string, then the service file, then the environment. */
function complete(
  parsed: Conninfo,
  { option = 'db-uri', env, readFile }: ConnectionSurroundings,
): Result<Conninfo, string> {
  const info = new Map(parsed)
  const service = info.get('service') ?? env['PGSERVICE'] ?? ''
  if (service !== '') {
    const home = env['HOME'] ?? ''
    const path = info.get('servicefile') ?? env['PGSERVICEFILE'] ?? `${home}/.pg_service.conf`
    const found = findService(readFile(path) ?? '', service)
    if (found === null)
      return err(`${given('service', option)} has no definition in the service file\n`)
    for (const [keyword, value] of found) if (!info.has(keyword)) info.set(keyword, value)
  }
  for (const [keyword, variable] of connectionKeywords) {
    const value = variable === null ? undefined : env[variable]
    if (value !== undefined && !info.has(keyword)) info.set(keyword, value)
  }
  return ok(info)
}

/**
 * A demand that we cannot meet and must not ignore, since the connection would be less safe than
 * asked; null when there is none.
 */
function refusedDemand(value: (keyword: string) => string | null): string | null {
  if (value('gssencmode') === 'require') return 'GSSAPI encryption is not supported\n'
  if (value('channel_binding') === 'require') return 'channel_binding=require is not supported\n'
  if (value('require_auth') !== null) return 'require_auth is not supported\n'
  return null
}

/** Shape  `sslmode, in db-uri or PGSSLMODE,` */
function given(keyword: string, option: string): string {
  const variable = connectionKeywords.get(keyword) ?? null
  return variable === null
    ? `${keyword}, in ${option},`
    : `${keyword}, in ${option} or ${variable},`
}

function notOneOf(keyword: string, allowed: readonly string[], option: string): string {
  return `${given(keyword, option)} is none of ${allowed.join(', ')}\n`
}

function listPlaces(
  value: (keyword: string) => string | null,
  login: { readonly user: string; readonly database: string },
  { option = 'db-uri', env, readFile }: ConnectionSurroundings,
): Result<readonly ConnectionPlace[], string> {
  const addresses = value('hostaddr')?.split(',') ?? []
  const hosts = value('host')?.split(',') ?? (addresses.length > 0 ? addresses : defaultHosts)
  const ports = value('port')?.split(',') ?? ['']
  if (addresses.length > 0 && addresses.length !== hosts.length) {
    return err(
      `could not match ${hosts.length} host names to ${addresses.length} hostaddr values\n`,
    )
  }
  if (ports.length > 1 && ports.length !== hosts.length) {
    return err(`could not match ${ports.length} port numbers to ${hosts.length} hosts\n`)
  }
  const passwords = value('password')
  const file = value('passfile') ?? `${env['HOME'] ?? ''}/.pgpass`
  const passwordFile = passwords === null ? readFile(file) : null
  const places: ConnectionPlace[] = []
  for (const [at, name] of hosts.entries()) {
    const host = name === '' ? (addresses[at] ?? 'localhost') : name
    const portText = ports.length === 1 ? ports[0] : ports[at]
    const port = portText === undefined || portText === '' ? 5432 : Number(portText)
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      return err(`${given('port', option)} is not a whole number from 1 to 65535\n`)
    }
    // the file knows sockets in the default directory as localhost
    const known = { ...login, port, host: defaultHosts.includes(host) ? 'localhost' : host }
    const password = passwords ?? (passwordFile === null ? null : findPassword(passwordFile, known))
    const address = addresses[at]
    places.push({
      host,
      address: address === undefined || address === '' ? null : address,
      port,
      password,
    })
  }
  return ok(places)
}

function sessionOptions(options: string | null, env: ConnectionSurroundings['env']): string {
  const settings = sessionVariables.flatMap(([variable, setting]) => {
    const value = env[variable]
    // blanks and backslashes are escaped in the server's command line
    return value === undefined || value === ''
      ? []
      : [`-c ${setting}=${value.replace(/[\\\s]/g, '\\$&')}`]
  })
  return [...settings, ...(options === null ? [] : [options])].join(' ')
}

function isOneOf<T extends string>(allowed: readonly T[], text: string): text is T {
  return (allowed as readonly string[]).includes(text)
}
