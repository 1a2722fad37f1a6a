/**
 * Which collections the name of a field speaks of, by the convention that a field holding the `_id` of
 * another collection is called after it.
 */

/** What stands before `_id`, `Id`, `_ids` or `Ids`. */
const idName = /^(.+?)(?:_ids?|(?<=[^_])Ids?)$/

/**
 * Shape   `director_id`, `directorId`, `director_ids` → `director`, `directors`;
 *         `country_id` → `country`, `countrys`, `countries`; any other name → none
 */
export function namedTargets(field: string): readonly string[] {
  const name = idName.exec(field)?.[1]
  if (name === undefined) return []
  const plural = /[^aeiou]y$/.test(name)
    ? `${name.slice(0, -1)}ies`
    : /(?:s|x|z|ch|sh)$/.test(name)
      ? `${name}es`
      : null
  return [name, `${name}s`, ...(plural === null ? [] : [plural])]
}
