/**
 * A list of a catalog by the relation or function that each member is about. Made from the grouping of
 * the list before: groups of which nothing came or went stay the very same.
 */
import { isSame } from '../../core/is-same.ts'
import { nameKey, type QualifiedName } from '../../core/qualified-name.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import { listChanges } from './list-changes.ts'
import { patchSorted } from './patch-sorted.ts'

export interface Grouping<T> {
  readonly list: readonly T[]
  /** By `nameKey`; groups are in the order of the list. */
  readonly groups: ReadonlyMap<string, readonly T[]>
}

export interface Regrouped<T> {
  readonly grouping: Grouping<T>
  /** Keys of the groups that are new, gone or of members that say something else than before. */
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
  if (known.groups.size === 0) return yield* firstGrouping(list, nameOf)
  const { gone, fresh } = listChanges(known.list, list)
  if (gone.length + fresh.length === 0) {
    return { grouping: { ...known, list }, touched: nothing }
  }
  const touched = new Set<string>()
  let at = 0
  for (const member of [...gone, ...fresh]) {
    touched.add(nameKey(nameOf(member)))
    at += 1
    if (at % stride === 0) yield
  }
  const members = new Set<T>()
  for (const key of touched) for (const member of known.groups.get(key) ?? []) members.add(member)
  for (const member of gone) members.delete(member)
  for (const member of fresh) members.add(member)
  const regrouped = yield* groupsOf(inOrderOf(list, members), nameOf)
  yield
  const changes = new Map<string, readonly T[] | undefined>()
  for (const key of touched) {
    const group = regrouped.get(key)
    if (isSame(known.groups.get(key), group)) touched.delete(key)
    changes.set(key, group === undefined ? undefined : Object.freeze(group))
    at += 1
    if (at % stride === 0) yield
  }
  const groups = yield* patchSorted(known.groups, changes)
  return { grouping: { list, groups }, touched }
}

/** Where there was nothing before. */
function* firstGrouping<T>(
  list: readonly T[],
  nameOf: (member: T) => QualifiedName,
): Steps<Regrouped<T>> {
  const groups = yield* groupsOf(list, nameOf)
  for (const group of groups.values()) Object.freeze(group)
  return { grouping: { list, groups: Object.freeze(groups) }, touched: new Set(groups.keys()) }
}

/** In the order of the members. */
function* groupsOf<T>(
  members: readonly T[],
  nameOf: (member: T) => QualifiedName,
): Steps<Map<string, T[]>> {
  const groups = new Map<string, T[]>()
  let at = 0
  for (const member of members) {
    const key = nameKey(nameOf(member))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [member])
    else group.push(member)
    at += 1
    if (at % stride === 0) yield
  }
  return groups
}

/** Up to this many members are looked for one by one, which touches nothing but the list. */
const fewMembers = 16

function inOrderOf<T>(list: readonly T[], members: ReadonlySet<T>): readonly T[] {
  if (members.size > fewMembers) return list.filter((member) => members.has(member))
  return [...members].sort((a, b) => list.indexOf(a) - list.indexOf(b))
}
