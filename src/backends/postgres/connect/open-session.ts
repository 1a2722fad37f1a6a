/**
 * One attempt at one place: a pg client connects and logs in, and is wrapped as our connection.
 * Which places and ways in there are, and what follows from a failure, is `connect-postgres.ts`'s.
 */
import pg from 'pg'
import { FramedConnection, type ReadingMemory } from '../protocol/framed-connection.ts'
import type { PostgresConnection } from '../protocol/postgres-connection.ts'
import { NoPasswordError } from './connect-failure.ts'
import type { ConnectionPlace, ConnectionSettings } from './parse-connection.ts'
import type { TlsAttempt } from './tls-attempts.ts'
import { wrapClient } from './wrap-client.ts'

/** The options of a pg client for it. */
export function sessionConfig(
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

export type Opened =
  | { readonly kind: 'connected'; readonly connection: PostgresConnection }
  | { readonly kind: 'failed'; readonly failure: Error; readonly remoteAddress: string | undefined }

/** Its statements mean the same on each schema. */
const noEpoch = () => ''

/** Never rejects. */
export async function openSession(
  place: ConnectionPlace,
  tls: TlsAttempt,
  settings: ConnectionSettings,
  { id, epoch = noEpoch }: { readonly id: string; readonly epoch?: () => string },
  statementCapacity: number,
  memory: ReadingMemory,
  signal: AbortSignal,
): Promise<Opened> {
  const shared = sessionConfig(place, tls, settings)
  const connection = new FramedConnection(shared, memory)
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
    memory,
    id,
    client,
    connection,
    host: place.host,
    cancelHost: place.address ?? place.host,
    port: place.port,
    tls,
    isDirectTls: settings.tls.isDirect && tls !== false,
    statementCapacity,
    epoch,
  })
  client.off('error', ignore)
  return { kind: 'connected', connection: wrapped }
}
