/** What a schema load is asked for by whoever has configured nothing but what is given. */
import type { SchemaOptions } from '../../src/schema/schema-snapshot.ts'

export function plainSchemaOptions(options: Partial<SchemaOptions>): SchemaOptions {
  return {
    dbSchemas: ['public'],
    dbExtraSearchPath: [],
    dbHoistedTxSettings: [],
    dbTables: null,
    dbExcludeTables: null,
    functionRegistry: null,
    declaredSchema: null,
    declaredRelationships: null,
    ...options,
  }
}
