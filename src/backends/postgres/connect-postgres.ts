/**
 * Connection settings → a connected, authenticated session, as libpq would find one: the places in
 * order, TLS as `sslmode` says, a session of the kind asked for. pg does the login; what it makes
 * is wrapped as our narrow connection.
 *
 * Rule    PostgreSQL manual: libpq, Specifying Multiple Hosts; target_session_attrs
 */
import pg from 'pg'
import type { Result } from '../../core/result.ts'
import { connectFailureText, NoPasswordError, textOf } from './connect-failure.ts'
import { FramedConnection } from './framed-connection.ts'
import { connectFailure } from './map-postgres-error.ts'
import type { ConnectionPlace, ConnectionSettings, SessionTarget } from './parse-connection.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import { type TlsAttempt, type TlsFiles, tlsAttempts } from './tls-attempts.ts'
import { wrapClient } from './wrap-client.ts'

export interface ConnectRequest {
  /** Id of the connection for observations. */
  readonly id: string
  /** Asked of the session instead of what the settings say. */
  readonly target?: SessionTarget
  /** Aborted: the attempt ends as timed out. */
  readonly signal: AbortSignal
}

export interface Connector {
  /** Errors  rejects with BackendFailure, its details naming each place that was tried */
  connect(request: ConnectRequest): Promise<PostgresConnection>
  /**
   * The same connection as options for a pg client of someone else's: the place that last had a
   * session of this kind, else the first.
   */
  clientConfig(target: SessionTarget): pg.ClientConfig
}

export interface ConnectorDeps {
  readonly settings: () => Result<ConnectionSettings, string>
  readonly files: TlsFiles
  /** Prepared statements that a connection keeps at most. */
  readonly statementCapacity: number
  /** In [0, 1); for `load_balance_hosts=random`. */
  readonly random: () => number
}

/** A place, and the way in that worked. */
interface Entrance {
  readonly place: ConnectionPlace
  readonly tls: TlsAttempt
}

export function createConnector(deps: ConnectorDeps): Connector {
  // places that do not speak TLS are not asked each time under sslmode=prefer
  const plainPlaces = new Set<string>()
  const lastEntrance = new Map<SessionTarget, Entrance>()

  async function connect(request: ConnectRequest): Promise<PostgresConnection> {
    const parsed = deps.settings()
    if (!parsed.ok) throw connectFailure(parsed.error)
    const settings = parsed.value
    const target = request.target ?? settings.target
    const deadline = new AbortController()
    const abort = () => deadline.abort()
    const timer =
      settings.connectTimeoutMs === null ? undefined : setTimeout(abort, settings.connectTimeoutMs)
    request.signal.addEventListener('abort', abort, { once: true })
    if (request.signal.aborted) abort()
    try {
      const places = settings.isShuffled ? shuffled(settings.places, deps.random) : settings.places
      const rounds: readonly SessionTarget[] =
        target === 'prefer-standby' ? ['standby', 'any'] : [target]
      let texts = ''
      for (const round of rounds) {
        for (const place of places) {
          const tried = await tryPlace(place, round, settings, request.id, deadline.signal)
          if (tried.kind === 'connected') {
            lastEntrance.set(target, { place, tls: tried.tls })
            return tried.connection
          }
          texts += tried.text
          // a server that is there and refuses the login ends the search, as in libpq
          if (tried.isFinal) throw connectFailure(texts)
        }
      }
      throw connectFailure(texts)
    } finally {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', abort)
    }
  }

  type Tried =
    | {
        readonly kind: 'connected'
        readonly connection: PostgresConnection
        readonly tls: TlsAttempt
      }
    | { readonly kind: 'failed'; readonly text: string; readonly isFinal: boolean }

  async function tryPlace(
    place: ConnectionPlace,
    target: SessionTarget,
    settings: ConnectionSettings,
    id: string,
    signal: AbortSignal,
  ): Promise<Tried> {
    const key = `${place.address ?? place.host}:${place.port}`
    let attempts: readonly TlsAttempt[]
    try {
      attempts = tlsAttempts(place, settings.tls, deps.files)
    } catch (failure) {
      return { kind: 'failed', text: connectFailureText(place, failure), isFinal: true }
    }
    if (plainPlaces.has(key) && attempts.includes(false)) attempts = [false]
    let text = ''
    let isFinal = false
    for (const tls of attempts) {
      if (signal.aborted) break
      const opened = await openSession(place, tls, settings, id, deps.statementCapacity, signal)
      if (opened.kind === 'connected') {
        if (await isOfKind(opened.connection, target)) {
          return { kind: 'connected', connection: opened.connection, tls }
        }
        await opened.connection.end()
        const reason = new Error(`session is not ${target}`)
        return { kind: 'failed', text: connectFailureText(place, reason), isFinal: false }
      }
      const { failure } = opened
      text = connectFailureText(place, failure, opened.remoteAddress)
      const lacksTls = failure.message === 'The server does not support SSL connections'
      if (lacksTls) plainPlaces.add(key)
      const isLogin = textOf(failure, 'severity') !== ''
      isFinal = failure instanceof NoPasswordError || isLogin
      // beside TLS itself, a host-based rule may be what the other way in satisfies
      const mayHelp = lacksTls || textOf(failure, 'code') === '28000' || (!isLogin && tls !== false)
      if (!mayHelp) break
    }
    if (signal.aborted) {
      text = connectFailureText(place, new Error('timeout expired'))
      isFinal = true
    }
    return { kind: 'failed', text, isFinal }
  }

  return {
    connect,
    clientConfig(target) {
      const parsed = deps.settings()
      if (!parsed.ok) throw connectFailure(parsed.error)
      const settings = parsed.value
      const [first] = settings.places
      if (first === undefined) throw new Error('there is always a place')
      const { place, tls } = lastEntrance.get(target) ?? {
        place: first,
        tls: tlsAttempts(first, settings.tls, deps.files)[0] ?? false,
      }
      return sessionConfig(place, tls, settings)
    },
  }
}

function sessionConfig(
  place: ConnectionPlace,
  tls: TlsAttempt,
  settings: ConnectionSettings,
): pg.ClientConfig {
  const { password } = place
  return {
    host: place.address ?? place.host,
    port: place.port,
    user: settings.user,
    database: settings.database,
    // asked only when the server wants one; pg would otherwise look for a password file of its own
    password: password ?? (() => Promise.reject(new NoPasswordError())),
    application_name: settings.applicationName,
    options: settings.options,
    ssl: tls,
    ...(settings.tls.isDirect && tls !== false ? { sslnegotiation: 'direct' as const } : {}),
    enableChannelBinding: settings.tls.bindsChannel,
    keepAlive: settings.keepAliveIdle !== null,
    keepAliveInitialDelayMillis: (settings.keepAliveIdle ?? 0) * 1000,
  }
}

type Opened =
  | { readonly kind: 'connected'; readonly connection: PostgresConnection }
  | { readonly kind: 'failed'; readonly failure: Error; readonly remoteAddress: string | undefined }

async function openSession(
  place: ConnectionPlace,
  tls: TlsAttempt,
  settings: ConnectionSettings,
  id: string,
  statementCapacity: number,
  signal: AbortSignal,
): Promise<Opened> {
  const shared = sessionConfig(place, tls, settings)
  const connection = new FramedConnection(shared)
  const config: pg.ClientConfig & { readonly connection: FramedConnection } = {
    ...shared,
    connection,
  }
  const client = new pg.Client(config)
  const ignore = () => {}
  // pg reports a failed login here as well as by the rejection
  client.on('error', ignore)
  let key = { processId: 0, secretKey: 0 }
  connection.on('backendKeyData', (message: { processID: number; secretKey: number }) => {
    key = { processId: message.processID, secretKey: message.secretKey }
  })
  const abort = () => connection.stream.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await client.connect()
  } catch (failure) {
    const remote: unknown = Reflect.get(connection.stream, 'remoteAddress')
    connection.stream.destroy()
    return {
      kind: 'failed',
      failure: failure instanceof Error ? failure : new Error(String(failure)),
      remoteAddress: typeof remote === 'string' ? remote : undefined,
    }
  } finally {
    signal.removeEventListener('abort', abort)
  }
  const wrapped = wrapClient({
    ...key,
    id,
    client,
    connection,
    host: place.host,
    cancelHost: place.address ?? place.host,
    port: place.port,
    tls,
    isDirectTls: settings.tls.isDirect && tls !== false,
    statementCapacity,
  })
  client.off('error', ignore)
  return { kind: 'connected', connection: wrapped }
}

/** Whether the session accepts what is going to be asked of it. */
async function isOfKind(connection: PostgresConnection, target: SessionTarget): Promise<boolean> {
  if (target === 'any') return true
  const outcome = await connection.run([
    {
      text: "select pg_is_in_recovery()::int, (current_setting('transaction_read_only') = 'on')::int",
      params: [],
      types: [],
      isPrepared: false,
      keep: 'rows',
    },
  ])
  if (outcome.kind !== 'done') return false
  const [standby, readOnly] = (outcome.results[0]?.rows[0] ?? []).map(
    (value) => value?.toString() === '1',
  )
  switch (target) {
    case 'read-write':
      return standby === false && readOnly === false
    case 'read-only':
      return standby === true || readOnly === true
    case 'primary':
      return standby === false
    case 'standby':
    case 'prefer-standby':
      return standby === true
  }
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, weight: random() }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ item }) => item)
}
