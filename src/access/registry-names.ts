/**
 * Names that a registry has for relations: those of the first schema bare, those of others with the
 * schema in front.
 */
import type { QualifiedName } from '../core/qualified-name.ts'
import { exposes, exposureOf } from '../schema/exposure.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export function registryNames(
  { schemas }: SchemaSnapshot,
  { schema, name }: QualifiedName,
): readonly string[] {
  return schema === schemas[0] ? [name, `${schema}.${name}`] : [`${schema}.${name}`]
}

/** Whether `db-tables` or `db-exclude-tables` has a relation of that name not served. */
export function isLeftOut(snapshot: SchemaSnapshot, name: string): boolean {
  const { schemas, options, sources } = snapshot
  const exposure = exposureOf(schemas, options)
  return sources.catalog.relations.some(
    (relation) =>
      schemas.includes(relation.schema) &&
      registryNames(snapshot, relation).includes(name) &&
      !exposes(exposure, relation),
  )
}
