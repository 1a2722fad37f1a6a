/**
 * What each engine can do at its best, for what is decided before one is opened: whether it can
 * honour its configuration. Loads no driver.
 */
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import type { EngineAbilities } from '../schema/capabilities.ts'
import { mongodbAbilities } from './mongodb/catalog/mongodb-capabilities.ts'
import { postgresAbilities } from './postgres/catalog/postgres-capabilities.ts'
import { sqliteAbilities } from './sqlite/catalog/sqlite-capabilities.ts'

export function engineAbilities(engine: Config['dbBackend']): EngineAbilities {
  switch (engine) {
    case 'postgres':
      return postgresAbilities
    case 'sqlite':
      return sqliteAbilities
    case 'mongodb':
      return mongodbAbilities
    default:
      return assertNever(engine)
  }
}
