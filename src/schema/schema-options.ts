/**
 * Which part of a configuration acts only through a schema load. A snapshot keeps what it was
 * loaded with, so that a reload of the configuration alone does not change the schema. What the
 * options mean is the backend's business.
 */
import type { SchemaOptions } from './schema-snapshot.ts'

export function schemaOptions(config: SchemaOptions): SchemaOptions {
  const { dbSchemas, dbExtraSearchPath, dbHoistedTxSettings } = config
  const { dbTables, dbExcludeTables, functionRegistry, declaredSchema, declaredRelationships } =
    config
  return {
    dbSchemas,
    dbExtraSearchPath,
    dbHoistedTxSettings,
    dbTables,
    dbExcludeTables,
    functionRegistry,
    declaredSchema,
    declaredRelationships,
  }
}
