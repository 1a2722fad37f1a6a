/**
 * PostgreSQL's way to cancel a query: a message on a connection of its own that names the session
 * by its key. The server answers by closing that connection, and by then the session has been
 * signalled: whoever waits for it knows that the signal cannot hit a later query.
 *
 * Rule    PostgreSQL manual: Message Flow, Canceling Requests in Progress
 */
import { FramedConnection, type ReadingMemory } from '../protocol/framed-connection.ts'
import type { TlsAttempt } from './tls-attempts.ts'

export interface CancelTarget {
  /** As `net.connect` takes it: a path for a socket. */
  readonly host: string
  readonly port: number
  readonly tls: TlsAttempt
  readonly isDirectTls: boolean
  readonly processId: number
  readonly secretKey: number
  readonly memory: ReadingMemory
}

/** True when the server has taken the request and is done with it. Never rejects. */
export function requestCancel(target: CancelTarget, timeoutMs = 3000): Promise<boolean> {
  return new Promise((resolve) => {
    const { tls, isDirectTls, memory } = target
    const direct = isDirectTls ? { sslnegotiation: 'direct' as const } : {}
    const connection = new FramedConnection({ ssl: tls, ...direct }, memory)
    let isSent = false
    const finish = (isDone: boolean) => {
      clearTimeout(timer)
      resolve(isDone)
      connection.stream.destroy()
    }
    const send = () => {
      connection.cancel(target.processId, target.secretKey)
      isSent = true
    }
    const timer = setTimeout(() => finish(false), timeoutMs)
    connection.on('connect', () => {
      if (target.tls === false) send()
      else if (!target.isDirectTls) connection.requestSsl()
    })
    connection.on('sslconnect', send)
    connection.on('error', () => finish(false))
    connection.on('end', () => finish(isSent))
    if (target.host.startsWith('/')) {
      connection.connect(`${target.host}/.s.PGSQL.${target.port}`)
    } else {
      connection.connect(target.port, target.host)
    }
  })
}
