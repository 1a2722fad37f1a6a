/**
 * Where a configuration has the two servers listen.
 */

import type { Config } from '../config/config.ts'
import type { BindAddress } from './listen-at.ts'

export function apiAddress(config: Config): BindAddress {
  return {
    host: config.serverHost,
    port: config.serverPort,
    unixSocket: config.serverUnixSocket,
    unixSocketMode: config.serverUnixSocketMode,
    reusePort: config.serverReuseport,
    optionPrefix: '',
  }
}

/** Null: there is to be no admin server. */
export function adminAddress(config: Config): BindAddress | null {
  const { adminServerPort: port, adminServerUnixSocket: unixSocket } = config
  if (port === null && unixSocket === null) return null
  return {
    host: config.adminServerHost,
    port: port ?? 0,
    unixSocket,
    unixSocketMode: config.adminServerUnixSocketMode,
    reusePort: false,
    optionPrefix: 'admin-',
  }
}
