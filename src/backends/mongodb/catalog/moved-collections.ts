/**
 * What the load behind a check samples again: collections that are new or changed since the load
 * before or have fields that it had not seen, and the views that are made of such, or of what is gone.
 */
import { nameKey, qualifiedName } from '../../../core/qualified-name.ts'
import type { Sample } from './mongodb-facts.ts'
import type { IndexedCollection } from './mongodb-schema-version.ts'

/**
 * Shape  keys as `nameKey` makes them, of all that is listed and moved
 *
 * @param known by such keys, those of the load before
 * @param grown such keys, of what has fields that were not seen before
 */
export function movedCollections(
  indexed: readonly IndexedCollection[],
  known: ReadonlyMap<string, Sample>,
  grown: ReadonlySet<string>,
): ReadonlySet<string> {
  const keys = new Map(indexed.map((each) => [keyOf(each), each]))
  const moved = new Set<string>()
  for (const [key, { listed, fingerprint }] of keys) {
    const before = known.get(key)
    const isSame = before?.identity === listed.identity && before.fingerprint === fingerprint
    if (!isSame || grown.has(key)) moved.add(key)
  }
  const gone = [...known.keys()].filter((key) => !keys.has(key))
  addViewsOf(indexed, moved, gone)
  return moved
}

/** Views of one database: the server has no others. Views of views as well. */
function addViewsOf(
  indexed: readonly IndexedCollection[],
  moved: Set<string>,
  gone: readonly string[],
): void {
  if (moved.size + gone.length === 0) return
  const views = indexed.flatMap((each) => {
    if (each.listed.kind !== 'view' || moved.has(keyOf(each))) return []
    const { database, options } = each.listed
    const texts = textsIn(options).map((name) => nameKey(qualifiedName(database, name)))
    return [{ key: keyOf(each), texts }]
  })
  const isOld = (key: string) => moved.has(key) || gone.includes(key)
  for (let size = -1; size !== moved.size; ) {
    size = moved.size
    for (const { key, texts } of views) if (texts.some(isOld)) moved.add(key)
  }
}

/** Every text of a definition: names of collections are among them, wherever a stage has them. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

function keyOf({ listed: { database, name } }: IndexedCollection): string {
  return nameKey(qualifiedName(database, name))
}
