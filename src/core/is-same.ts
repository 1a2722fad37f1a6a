/**
 * Equality of plain values, lists, objects, maps and sets, in depth. What is one object on both sides
 * is not looked into, so that comparing two that share most of their parts costs the rest.
 */

/** The order of maps counts: columns are served in it. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    const others = b.entries()
    for (const [key, value] of a) {
      const [otherKey, otherValue] = others.next().value ?? []
      if (key !== otherKey || !isSame(value, otherValue)) return false
    }
    return true
  }
  if (a instanceof Set) {
    return b instanceof Set && a.size === b.size && [...a].every((member) => b.has(member))
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  }
  // without lists of entries: this runs over every column of a large schema
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  let count = 0
  for (const name in left) {
    const value = left[name]
    if (!isSame(value, right[name])) return false
    // what is undefined here may be missing there, and another property stand in its place
    if (value === undefined && !Object.hasOwn(right, name)) return false
    count += 1
  }
  for (const _ in right) count -= 1
  return count === 0
}

type Lookup = ReadonlyMap<string, unknown>

/** Of maps that are only looked up in, so that the order in which a catalog was read is no change. */
export function isSameLookup(a: Lookup | undefined, b: Lookup | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.size !== b.size) return false
  for (const [key, value] of a) if (!b.has(key) || !isSame(value, b.get(key))) return false
  return true
}
