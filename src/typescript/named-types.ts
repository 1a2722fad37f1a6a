/**
 * Types of the database by name: how the text of a type is read, and what the columns of a
 * snapshot tell of types. Of types that no column has, a snapshot knows the names alone.
 */
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export interface NamedType extends QualifiedName {
  /** Of an enum; else none. */
  readonly labels: readonly string[]
  /** Domains resolved; where it is the type itself, nothing more is known of it. */
  readonly baseType: string
}

/** By `nameKey`. */
export type NamedTypes = ReadonlyMap<string, NamedType>

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

/** Domains over an enum are enums of their own name. */
export function* namedTypes(snapshot: Pick<SchemaSnapshot, 'relations'>): Steps<NamedTypes> {
  const types = new Map<string, NamedType>()
  for (const { columns } of snapshot.relations.values()) {
    for (const { enumValues, nominalType, baseType } of columns.values()) {
      const name = typeNameOf(nominalType)
      if (name !== null) types.set(nameKey(name), { ...name, labels: enumValues, baseType })
    }
    yield
  }
  return types
}
