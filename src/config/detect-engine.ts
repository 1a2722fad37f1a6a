/**
 * A db-uri → the engine that it names, where db-backend does not name one. Whatever looks like
 * nothing else is taken for a PostgreSQL connection string, as PostgREST takes it.
 */
import type { Config } from './config.ts'

export type ConfiguredEngine = Config['dbBackend']

/** Names that say "SQLite" by themselves, whether there is such a file or not. */
export function hasSqliteName(path: string): boolean {
  return /\.(?:db|sqlite|sqlite3)$/i.test(path)
}

/**
 * Shape   `postgresql://…`, `postgres://…`, `host=a dbname=b` → postgres; `mongodb://…`,
 *         `mongodb+srv://…` → mongodb; `file:…`, `:memory:`, a SQLite name or file → sqlite
 */
export function detectEngine(
  dbUri: string,
  isSqliteFile: (path: string) => boolean = () => false,
): ConfiguredEngine {
  if (/^postgres(?:ql)?:\/\//i.test(dbUri)) return 'postgres'
  if (/^mongodb(?:\+srv)?:\/\//i.test(dbUri)) return 'mongodb'
  if (/^file:/i.test(dbUri) || dbUri === ':memory:') return 'sqlite'
  if (/^\s*[a-z_]+\s*=/.test(dbUri)) return 'postgres'
  return hasSqliteName(dbUri) || isSqliteFile(dbUri) ? 'sqlite' : 'postgres'
}
