/**
 * A name inside a schema: relations, functions and types are known by it.
 */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

export function qualifiedName(schema: string, name: string): QualifiedName {
  return { schema, name }
}

/** Key for maps. NUL cannot occur in an identifier of any engine, so keys never collide. */
export function nameKey(name: QualifiedName): string {
  return `${name.schema}\0${name.name}`
}

/** The inverse of `nameKey`. */
export function nameOfKey(key: string): QualifiedName {
  const at = key.indexOf('\0')
  return { schema: key.slice(0, at), name: key.slice(at + 1) }
}

export function sameName(a: QualifiedName, b: QualifiedName): boolean {
  return a.schema === b.schema && a.name === b.name
}
