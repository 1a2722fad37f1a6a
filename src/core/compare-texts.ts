/**
 * The order of texts and lists where no language has a say: by UTF-16 units, the same on every machine.
 * For `sort` and its like: negative where the first comes first.
 */

export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Element by element; of two that agree so far the shorter is first. */
export function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
): number {
  for (const [at, left] of a.entries()) {
    const right = b[at]
    if (right === undefined) return 1
    const order = compare(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
}
