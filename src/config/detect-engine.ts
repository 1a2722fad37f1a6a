/**
 * Which engine a db-uri speaks of, where db-backend does not say it. Whatever looks like nothing
 * else is left to PostgreSQL, as in PostgREST; what is meant for a program of another kind is
 * refused. No message quotes the db-uri: any part of it may be a password, in a text that is not
 * what it was meant to be.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Config } from './config.ts'

export type ConfiguredEngine = Config['dbBackend']

export interface DetectedEngine {
  readonly engine: ConfiguredEngine
  /** The text can be meant for no other engine. */
  readonly isCertain: boolean
}

/** Names that say "SQLite" by themselves, whether there is such a file or not. */
export function hasSqliteName(path: string): boolean {
  return /\.(?:db|sqlite|sqlite3)$/i.test(path)
}

/** A URI of an engine, which never names a file of the configuration. */
export function isDatabaseUri(text: string): boolean {
  return text.includes('://') || schemes.some(([pattern]) => pattern.test(text))
}

/** libpq's keyword/value text, as far as it names what only it knows. */
export function isConninfo(text: string): boolean {
  return /^\s*[a-z_]+\s*=/.test(text) && conninfoKeyword.test(text)
}

const conninfoKeyword = /(?:^|\s)(?:host|hostaddr|port|dbname|user|password|passfile|service)\s*=/

const schemes: readonly (readonly [RegExp, ConfiguredEngine])[] = [
  [/^postgres(?:ql)?:\/\//i, 'postgres'],
  [/^mongodb(?:\+srv)?:\/\//i, 'mongodb'],
  [/^(?:file|sqlite3?):|^:memory:$/i, 'sqlite'],
]

/** Schemes of others that may be named: a part of a password cannot be mistaken for them. */
const foreignScheme =
  /^(?:mysql|mariadb|https?|jdbc|redis|mssql|sqlserver|oracle|libsql|cockroachdb|postgres(?:ql)?\+\w+|sqlite\+\w+)(?=:)/i

/**
 * The database that a MongoDB URI leads to, as the driver has it: `test` where none is named.
 *
 * Shape   `mongodb://a,b/shop?w=1` → `shop`; `mongodb+srv://a` → `test`
 */
export function mongodbDatabase(dbUri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]*)/i.exec(dbUri)?.[1] ?? ''
  try {
    return decodeURIComponent(path) || defaultMongodbDatabase
  } catch {
    // no URI of a driver: it says so when it is opened
    return path
  }
}

export const defaultMongodbDatabase = 'test'

export const uriForms =
  'postgresql://…, host=… dbname=…, mongodb://…, the name of a SQLite file, file:… or sqlite:…'

/**
 * Shape   `postgresql://…`, `postgres://…`, `host=a dbname=b` → postgres; `mongodb://…`,
 *         `mongodb+srv://…` → mongodb; `file:…`, `sqlite:…`, `:memory:`, a SQLite name or file →
 *         sqlite
 * Errors  another scheme, or none before user and password
 */
export function detectEngine(
  dbUri: string,
  isSqliteFile: (path: string) => boolean = () => false,
): Result<DetectedEngine, string> {
  const byScheme = schemes.find(([pattern]) => pattern.test(dbUri))
  if (byScheme !== undefined) return ok({ engine: byScheme[1], isCertain: true })
  if (/^\s*[a-z_]+\s*=/.test(dbUri)) {
    return ok({ engine: 'postgres', isCertain: isConninfo(dbUri) })
  }
  const foreign = foreignScheme.exec(dbUri)?.[0]
  if (foreign !== undefined) return err(`${foreign}: is no scheme that is served`)
  if (/^[^/?#]*:\/\//.test(dbUri)) return err('its scheme is none that is served')
  if (/^[^/]*:[^/]*@/.test(dbUri)) return err('it has no scheme before user and password')
  return hasSqliteName(dbUri) || isSqliteFile(dbUri)
    ? ok({ engine: 'sqlite', isCertain: true })
    : ok({ engine: 'postgres', isCertain: false })
}
