/**
 * Opens the configured engine, and loads only that one's driver.
 */

import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import type { BackendFailure } from '../errors/backend-failure.ts'
import type { Observe } from '../observe/observation.ts'
import type { Backend } from './backend.ts'

export interface OpenDeps {
  readonly config: () => Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly observe: Observe
  /**
   * Called when a request finds that the database cannot be reached. Its schema may be another one
   * when it is back.
   */
  readonly onUnreachable: (failure: BackendFailure) => void
  /** Called when a connection to the database was made, for whatever purpose: it is there. */
  readonly onConnected: () => void
}

/** Throws  an Error whose message a user understands, when the engine cannot be opened at all */
export async function openBackend(deps: OpenDeps): Promise<Backend> {
  const engine = deps.config().dbBackend
  switch (engine) {
    case 'postgres': {
      const { openPostgres } = await import('./postgres/open-postgres.ts')
      return openPostgres(deps)
    }
    case 'sqlite': {
      const { openSqlite } = await import('./sqlite/open-sqlite.ts')
      return openSqlite(deps)
    }
    case 'mongodb': {
      const { openMongodb } = await import('./mongodb/open-mongodb.ts')
      return openMongodb(deps)
    }
    default:
      return assertNever(engine)
  }
}
