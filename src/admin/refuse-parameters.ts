/**
 * What is wrong with the names of an admin request's parameters: one that there is none of, or one that
 * is given twice, of which nobody knows which counts. Their values are read where they are used.
 */

/** One sentence for the details of the refusal; null: nothing is wrong. */
export function refuseParameters(
  parameters: URLSearchParams,
  known: readonly string[],
): string | null {
  const names = new Set<string>()
  for (const name of parameters.keys()) {
    if (!known.includes(name)) return `unknown parameter ${name}: there are ${known.join(', ')}`
    if (names.has(name)) return `${name} is given twice`
    names.add(name)
  }
  return null
}
