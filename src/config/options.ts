/**
 * The one table of all options. Loading, dump, example, documentation and the reload of the
 * configuration are derived from it; an option is added here and in `Config`, nowhere else.
 */
import { databaseOptions } from './database-options.ts'
import { dbrestOptions } from './dbrest-options.ts'
import { jwtOptions } from './jwt-options.ts'
import type { OptionKey, OptionTable } from './option.ts'
import { serverOptions } from './server-options.ts'

export const options: OptionTable = {
  ...databaseOptions,
  ...dbrestOptions,
  ...jwtOptions,
  ...serverOptions,
}

/** In the order of their names. */
export const optionKeys: readonly OptionKey[] = Object.keys(options)
  .filter(isOptionKey)
  .sort((a, b) => (options[a].name < options[b].name ? -1 : 1))

/** The options that act only through a schema load: those whose `reload` says so. */
export const schemaOptionKeys = [
  'dbSchemas',
  'dbExtraSearchPath',
  'dbHoistedTxSettings',
  'dbTables',
  'dbExcludeTables',
  'functionRegistry',
  'declaredSchema',
  'declaredRelationships',
] as const satisfies readonly OptionKey[]
export type SchemaOptionKey = (typeof schemaOptionKeys)[number]

export const databaseSettingPrefix = 'pgrst.'

/** Settings of the database that count, as PostgreSQL names them: `pgrst.db_schemas`. */
export const databaseSettingNames: readonly string[] = optionKeys
  .filter((key) => options[key].inDatabase)
  .map((key) => databaseSettingPrefix + databaseNameOf(options[key].name))

/** Shape  `db-schemas` → `db_schemas` */
export function databaseNameOf(name: string): string {
  return name.replaceAll('-', '_')
}

/** Strongest first. */
export const environmentPrefixes = ['DBREST_', 'PGRST_'] as const

/** Strongest first. Shape  `db-schemas` → `DBREST_DB_SCHEMAS`, `PGRST_DB_SCHEMAS` */
export function environmentNamesOf(name: string): readonly [string, string] {
  const upper = databaseNameOf(name).toUpperCase()
  const [strong, weak] = environmentPrefixes
  return [strong + upper, weak + upper]
}

function isOptionKey(key: string): key is OptionKey {
  return Object.hasOwn(options, key)
}
