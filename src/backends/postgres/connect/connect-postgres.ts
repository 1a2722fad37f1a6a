/**
 * Connection settings → a connected, authenticated session, as libpq would find one: the places in
 * order, TLS as `sslmode` says, a session of the kind asked for. pg does the login; what it makes
 * is wrapped as our narrow connection.
 *
 * Rule    PostgreSQL manual: libpq, Specifying Multiple Hosts; target_session_attrs
 */
import type pg from 'pg'
import type { Result } from '../../../core/result.ts'
import { ReadingMemory } from '../protocol/framed-connection.ts'
import { connectFailure } from '../protocol/map-postgres-error.ts'
import type { BatchStep, PostgresConnection } from '../protocol/postgres-connection.ts'
import { connectFailureText, errorProperty, NoPasswordError } from './connect-failure.ts'
import { openSession, sessionConfig } from './open-session.ts'
import type { ConnectionPlace, ConnectionSettings, SessionTarget } from './parse-connection.ts'
import { type TlsAttempt, type TlsFiles, tlsAttempts } from './tls-attempts.ts'

export interface ConnectRequest {
  /** Id of the connection for observations. */
  readonly id: string
  /** The kind of session wanted, in place of the one that the settings name. */
  readonly target?: SessionTarget
  /**
   * Of the schema that its statements are about: in another one they are prepared anew. Absent where
   * they are about no schema of the user's.
   */
  readonly epoch?: () => string
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
  /** Called when a connection was made. */
  readonly onConnected?: () => void
}

/** A place, and the TLS attempt that worked there. */
interface Entrance {
  readonly place: ConnectionPlace
  readonly tls: TlsAttempt
}

/** The outcome of trying one place. */
type Tried =
  | {
      readonly kind: 'connected'
      readonly connection: PostgresConnection
      readonly tls: TlsAttempt
    }
  | { readonly kind: 'failed'; readonly text: string; readonly isFinal: boolean }

export function createConnector(deps: ConnectorDeps): Connector {
  // places that do not speak TLS are not asked each time under sslmode=prefer
  const plainPlaces = new Set<string>()
  const memory = new ReadingMemory()
  const lastEntrance = new Map<SessionTarget, Entrance>()

  function currentSettings(): ConnectionSettings {
    const parsed = deps.settings()
    if (!parsed.ok) throw connectFailure(parsed.error)
    return parsed.value
  }

  async function connect(request: ConnectRequest): Promise<PostgresConnection> {
    const settings = currentSettings()
    const target = request.target ?? settings.target
    const places = settings.isShuffled ? shuffled(settings.places, deps.random) : settings.places
    const rounds: readonly SessionTarget[] =
      target === 'prefer-standby' ? ['standby', 'any'] : [target]
    let texts = ''
    for (const round of rounds) {
      for (const place of places) {
        const tried = await withDeadline(request.signal, deadlineMs(settings), (signal) =>
          tryPlace(place, round, settings, request, signal),
        )
        if (tried.kind === 'connected') {
          lastEntrance.set(target, { place, tls: tried.tls })
          deps.onConnected?.()
          return tried.connection
        }
        texts += tried.text
        // a server that is there and refuses the login ends the search, as in libpq
        if (tried.isFinal || request.signal.aborted) throw connectFailure(texts)
      }
    }
    throw connectFailure(texts)
  }

  async function tryPlace(
    place: ConnectionPlace,
    target: SessionTarget,
    settings: ConnectionSettings,
    request: ConnectRequest,
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
      const { statementCapacity } = deps
      const opened = await openSession(
        place,
        tls,
        settings,
        request,
        statementCapacity,
        memory,
        signal,
      )
      if (opened.kind === 'connected') {
        const { connection } = opened
        const reason = target === 'any' ? null : await mismatch(connection, target, signal)
        if (reason === null) return { kind: 'connected', connection, tls }
        await connection.end()
        text = connectFailureText(place, new Error(reason))
        break
      }
      const { failure } = opened
      text = connectFailureText(place, failure, opened.remoteAddress)
      const lacksTls = failure.message === 'The server does not support SSL connections'
      if (lacksTls) plainPlaces.add(key)
      else if (tls === false) plainPlaces.delete(key)
      isFinal = failure instanceof NoPasswordError || refusesLogin(failure)
      if (!otherWayMayHelp(failure, tls)) break
    }
    if (signal.aborted) text = connectFailureText(place, new Error('timeout expired'))
    return { kind: 'failed', text, isFinal }
  }

  return {
    connect,
    clientConfig(target) {
      const settings = currentSettings()
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

/** Milliseconds for one of several places, so that one that is silent leaves time for the next. */
const severalPlacesMs = 2000

function deadlineMs({ places, connectTimeoutMs }: ConnectionSettings): number | null {
  if (places.length === 1) return connectTimeoutMs
  return Math.min(connectTimeoutMs ?? severalPlacesMs, severalPlacesMs)
}

async function withDeadline<T>(
  outer: AbortSignal,
  deadline: number | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController()
  const abort = () => inner.abort()
  const timer = deadline === null ? undefined : setTimeout(abort, deadline)
  outer.addEventListener('abort', abort, { once: true })
  if (outer.aborted) abort()
  try {
    return await work(inner.signal)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', abort)
  }
}

/** 57P03 is a server that starts or stops: another one may be up. */
function refusesLogin(failure: Error): boolean {
  return errorProperty(failure, 'severity') !== '' && errorProperty(failure, 'code') !== '57P03'
}

/**
 * Whether another TLS attempt may succeed: TLS may be the obstacle, or be what a host-based rule
 * asks for. Where no server answers it makes no difference.
 */
function otherWayMayHelp(failure: Error, tls: TlsAttempt): boolean {
  if (errorProperty(failure, 'severity') !== '') return errorProperty(failure, 'code') === '28000'
  const isNetwork = failure instanceof AggregateError || errorProperty(failure, 'syscall') !== ''
  return tls !== false && !isNetwork && !(failure instanceof NoPasswordError)
}

/**
 * Why the session is not of the kind asked for, in libpq's words; null when it is. The connection
 * is cut when the signal is aborted.
 */
async function mismatch(
  connection: PostgresConnection,
  target: Exclude<SessionTarget, 'any'>,
  signal: AbortSignal,
): Promise<string | null> {
  const cut = () => connection.destroy()
  signal.addEventListener('abort', cut, { once: true })
  const outcome = await connection.run([sessionKind])
  signal.removeEventListener('abort', cut)
  if (outcome.kind !== 'done') return 'could not tell the kind of the session'
  const [row] = outcome.results[0]?.rows ?? []
  const isStandby = row?.[0]?.toString() === 't'
  const isReadOnly = isStandby || row?.[1]?.toString() === 't'
  switch (target) {
    case 'read-write':
      return isReadOnly ? 'session is read-only' : null
    case 'read-only':
      return isReadOnly ? null : 'session is not read-only'
    case 'primary':
      return isStandby ? 'server is in hot standby mode' : null
    case 'standby':
    case 'prefer-standby':
      return isStandby ? null : 'server is not in hot standby mode'
  }
}

const sessionKind: BatchStep = {
  text: "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'",
  params: [],
  types: [],
  isPrepared: false,
  keep: 'rows',
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, weight: random() }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ item }) => item)
}
