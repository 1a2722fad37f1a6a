/**
 * A column's name → the key by which a query filters on it. What the grammar would read as something
 * else stands in quotes: dots, arrows and brackets, but also words that mean something as a key.
 * The way back is parse-query.ts's.
 *
 * Rule  PostgREST docs: url_grammar (Reserved characters)
 */

/** Keys of a query that are no filters. */
const reservedKeys: ReadonlySet<string> = new Set([
  'and',
  'columns',
  'limit',
  'offset',
  'on_conflict',
  'or',
  'order',
  'select',
])

const plainName = /^[\p{L}0-9_$]+(?:[ -][\p{L}0-9_$]+)*$/u

/** Shape  `id` → `id`; `order` → `"order"`; `a.b` → `"a.b"`; not yet percent-encoded */
export function filterKey(column: string): string {
  const isPlain = plainName.test(column) && !reservedKeys.has(column)
  return isPlain ? column : `"${column.replace(/["\\]/g, '\\$&')}"`
}
