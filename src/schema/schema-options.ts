/**
 * Which part of a configuration acts only through a schema load. A snapshot keeps what it was
 * loaded with, so that a reload of the configuration alone does not change the schema.
 */
import type { Config } from '../config/config.ts'
import type { SchemaOptions } from './schema-snapshot.ts'

export function schemaOptions(
  config: Pick<Config, 'dbSchemas' | 'dbExtraSearchPath' | 'dbHoistedTxSettings'>,
): SchemaOptions {
  return {
    schemas: config.dbSchemas,
    extraSearchPath: config.dbExtraSearchPath,
    hoistedSettings: config.dbHoistedTxSettings,
  }
}
