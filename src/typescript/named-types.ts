/**
 * Types of the database by name: how the text of a type is read, and what a snapshot knows of types,
 * be it by its own list or by what columns tell of theirs.
 */
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type { Column, SchemaType } from '../schema/catalog.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

/** By `nameKey`. */
export type NamedTypes = ReadonlyMap<string, SchemaType>

const part = '("(?:[^"]|"")+"|[^".\\[\\]()]+)'
const qualifiedPattern = new RegExp(`^${part}\\.${part}$`)

/**
 * The name of a type that is not built in.
 *
 * Shape  `app."My mood"` → app, My mood; `integer` → null
 */
export function typeNameOf(text: string): QualifiedName | null {
  const [, schema, name] = qualifiedPattern.exec(text) ?? []
  return schema === undefined || name === undefined
    ? null
    : { schema: unquoted(schema), name: unquoted(name) }
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier
}

/** Domains over an enum are enums of their own name where a column has them. */
export function* namedTypes({
  relations,
  types,
}: Pick<SchemaSnapshot, 'relations' | 'types'>): Steps<NamedTypes> {
  const named = new Map(types.map((type) => [nameKey(type), type]))
  for (const { columns } of relations.values()) {
    for (const column of columns.values()) {
      const type = typeOfColumn(column)
      if (type !== null) named.set(nameKey(type), type)
    }
    yield
  }
  return named
}

/** Null for one that is built in, or of which the column tells no more than the name. */
function typeOfColumn(column: Column): SchemaType | null {
  const { nominalType, baseType, domainBase = baseType, enumValues } = column
  const name = typeNameOf(nominalType)
  if (name === null) return null
  if (enumValues.length > 0) return { ...name, kind: 'enum', labels: enumValues }
  return domainBase === nominalType ? null : { ...name, kind: 'domain', base: domainBase }
}
