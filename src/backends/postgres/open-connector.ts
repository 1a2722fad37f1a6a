/**
 * The connector to a configured server: `db-uri` or `db-channel-uri`, completed from libpq's variables
 * and files.
 */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { type Connector, createConnector } from './connect/connect-postgres.ts'
import { parseConnection } from './connect/parse-connection.ts'

/** Prepared statements that one connection keeps: at up to 80 KB each, 8 MB of its server process. */
const statementCapacity = 100

export interface OpenConnectorDeps {
  /** The option that `uri` is the value of, for messages. */
  readonly option: 'db-uri' | 'db-channel-uri'
  readonly uri: () => string
  /** libpq's variables are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called when a connection was made. */
  readonly onConnected: () => void
}

/** Throws  an Error whose message a user understands, when the option is not understood */
export function openConnector({ option, uri, env, onConnected }: OpenConnectorDeps): Connector {
  const surroundings = { option, env, systemUser: systemUser(env), readFile }
  const settings = () => parseConnection(uri(), surroundings)
  // files may change while the server runs, but a text that is not understood never will
  const first = settings()
  if (!first.ok) throw new Error(first.error.trimEnd())
  return createConnector({
    settings,
    files: { readFile, home: env['HOME'] ?? null },
    statementCapacity,
    random: Math.random,
    onConnected,
  })
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // not there, or not for us: libpq passes over it as well
    return null
  }
}

/** A process may run as a user that has no name. */
function systemUser(env: OpenConnectorDeps['env']): string {
  try {
    return userInfo().username
  } catch {
    return env['USER'] ?? 'postgres'
  }
}
