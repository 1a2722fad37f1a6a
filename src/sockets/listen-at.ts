/**
 * A server of connections and an address → the server listening there. Whoever binds it says what
 * becomes of a connection.
 */
import { chmodSync, existsSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { failureText } from '../core/failure-text.ts'

export interface BindAddress {
  readonly host: string
  readonly port: number
  readonly unixSocket: string | null
  /** e.g. 0o660 */
  readonly unixSocketMode: number
  readonly reusePort: boolean
  /** What the options that it comes from begin with. */
  readonly optionPrefix: '' | 'admin-'
}

/** Where a server listens. */
export interface ListeningSocket {
  /** `host:port`, `[v6]:port`, or the socket's path. */
  readonly address: string
  /** Whether the socket still stands: a unix socket's file may have been removed. */
  isAlive(): boolean
}

/** Connections that wait to be accepted; the system may allow fewer. */
const maxBacklog = 2048

/** `*`, `*4`, `!4` … as PostgREST's `server-host` has them: a family, any or preferred. */
function bindHost(host: string): { readonly host: string; readonly ipv6Only?: boolean } {
  switch (host) {
    case '*':
    case '*4':
    case '!4':
      return { host: '0.0.0.0' }
    case '*6':
      return { host: '::' }
    case '!6':
      return { host: '::', ipv6Only: true }
    default:
      return { host }
  }
}

function printAddress(address: AddressInfo | string | null, unixSocket: string | null): string {
  if (unixSocket !== null || typeof address === 'string' || address === null) {
    return unixSocket ?? String(address)
  }
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`
}

/** Why SO_REUSEPORT cannot be had; null where it can. Older versions of Node ignore that it is asked for. */
export function reusePortProblem(nodeVersion: string): string | null {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const isSupported = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
  return isSupported
    ? null
    : `server-reuseport needs Node.js 22.12 (or 23.1) or later, this is ${nodeVersion}`
}

async function listen(server: Server, address: BindAddress): Promise<void> {
  const { unixSocket, unixSocketMode, port, reusePort } = address
  const where =
    unixSocket === null
      ? { ...bindHost(address.host), port, ...(reusePort ? { reusePort: true } : {}) }
      : { path: unixSocket }
  // left by a server that was killed; a file that is no socket is somebody's, and binding fails
  if (unixSocket !== null && statSync(unixSocket, { throwIfNoEntry: false })?.isSocket()) {
    rmSync(unixSocket, { force: true })
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog: maxBacklog }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  if (unixSocket !== null) chmodSync(unixSocket, unixSocketMode)
}

/** The option to change when the address cannot be bound for this reason. */
function optionToBlame({ optionPrefix, unixSocket }: BindAddress, failure: unknown): string {
  if (unixSocket !== null) return `${optionPrefix}server-unix-socket`
  const code = failure instanceof Error && 'code' in failure ? failure.code : null
  const isPort = code === 'EADDRINUSE' || code === 'EACCES'
  return `${optionPrefix}server-${isPort ? 'port' : 'host'}`
}

/**
 * Errors  rejects when the address cannot be bound (EADDRINUSE …), naming the option to change
 */
export async function listenAt(server: Server, address: BindAddress): Promise<ListeningSocket> {
  try {
    await listen(server, address)
  } catch (failure) {
    const reason = failureText(failure)
    throw new Error(`${optionToBlame(address, failure)}: ${reason}`, { cause: failure })
  }
  const { unixSocket } = address
  return {
    address: printAddress(server.address(), unixSocket),
    isAlive: () => server.listening && (unixSocket === null || existsSync(unixSocket)),
  }
}
