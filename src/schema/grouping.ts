/**
 * A list of a catalog by the relation or function that each member is about. Made from the grouping of
 * the list before: groups of which nothing came or went stay the very same.
 */

import { listChanges } from '../core/list-changes.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Steps } from '../core/run-in-slices.ts'

export interface Grouping<T> {
  readonly list: readonly T[]
  /** By `nameKey`; groups are in the order of the list. */
  readonly groups: ReadonlyMap<string, readonly T[]>
}

export interface Regrouped<T> {
  readonly grouping: Grouping<T>
  /** Keys of the groups that are new, gone or of other members than before. */
  readonly touched: ReadonlySet<string>
}

/** Members between two rests. */
const stride = 64

const nothing: ReadonlySet<string> = new Set<string>()

/** Members may not change once they were in a list: they are known again by identity. */
export function* regroup<T>(
  previous: Grouping<T> | undefined,
  list: readonly T[],
  nameOf: (member: T) => QualifiedName,
): Steps<Regrouped<T>> {
  const known = previous ?? { list: [], groups: new Map() }
  if (list === known.list) return { grouping: known, touched: nothing }
  const { gone, fresh } = listChanges(known.list, list)
  if (gone.length + fresh.length === 0) {
    return { grouping: { ...known, list }, touched: nothing }
  }
  const touched = new Set<string>()
  const names = new Set<string>()
  let at = 0
  for (const member of [...gone, ...fresh]) {
    const name = nameOf(member)
    names.add(name.name)
    touched.add(nameKey(name))
    at += 1
    if (at % stride === 0) yield
  }
  const regrouped = new Map<string, T[]>()
  for (const member of list) {
    at += 1
    if (at % stride === 0) yield
    const name = nameOf(member)
    // most members are passed over without a key being made for them
    if (!names.has(name.name)) continue
    const key = nameKey(name)
    if (!touched.has(key)) continue
    const group = regrouped.get(key)
    if (group === undefined) regrouped.set(key, [member])
    else group.push(member)
  }
  yield
  const groups = new Map(known.groups)
  for (const key of touched) {
    const group = regrouped.get(key)
    if (group === undefined) groups.delete(key)
    else groups.set(key, Object.freeze(group))
    at += 1
    if (at % stride === 0) yield
  }
  return { grouping: { list, groups: Object.freeze(groups) }, touched }
}
