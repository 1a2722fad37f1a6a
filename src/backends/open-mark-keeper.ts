/**
 * Opens the keeper of the schema mark for the command line; only PostgreSQL has a mark. Loads that
 * engine's driver alone.
 */
import type { Config } from '../config/config.ts'
import type { MarkKeeper } from './backend.ts'

export interface MarkKeeperDeps {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Null on an engine without a mark. Nothing is connected before it is needed.
 *
 * Throws  an Error whose message a user understands, when `db-uri` is not understood
 */
export async function openMarkKeeper(deps: MarkKeeperDeps): Promise<MarkKeeper | null> {
  if (deps.config.dbBackend !== 'postgres') return null
  const { openPostgresMarkKeeper } = await import('./postgres/open-postgres-mark-keeper.ts')
  return openPostgresMarkKeeper(deps)
}
