/**
 * What each engine can do at its best, for what is decided before one is opened: whether it can
 * honour its configuration. Loads no driver.
 */
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import type { EngineAbilities } from '../schema/capabilities.ts'
import { postgresAbilities } from './postgres/catalog/postgres-capabilities.ts'
import { sqliteAbilities } from './sqlite/catalog/sqlite-capabilities.ts'

/** Null for an engine that is not part of this version, which `openBackend` says. */
export function engineAbilities(engine: Config['dbBackend']): EngineAbilities | null {
  switch (engine) {
    case 'postgres':
      return postgresAbilities
    case 'sqlite':
      return sqliteAbilities
    case 'mongodb':
      return null
    default:
      return assertNever(engine)
  }
}
