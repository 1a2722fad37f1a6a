/**
 * Changes of any number → what the record of a reload keeps of them: all are counted, and the first of
 * them listed, within bounds. A migration of ten thousand tables must not keep megabytes in the
 * history, or send them to who watches.
 */
import type { ReloadChange, ReloadChanges } from './reload-record.ts'

/** Changes that are listed, and characters of all their texts together. */
const mostListed = 200
const mostChars = 32_000
/** Characters of one name, and of one text before the change or after it. */
const mostNameChars = 300
const mostValueChars = 400

type Counts = Pick<ReloadChanges, 'added' | 'removed' | 'changed'>

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

function cutValue(text: string | null): string | null {
  return text === null ? null : cut(text, mostValueChars)
}

/** Takes no more of the changes than fit: they may be made one by one. */
export function boundChanges(counts: Counts, changes: Iterable<ReloadChange>): ReloadChanges {
  const { added, removed, changed } = counts
  const list: ReloadChange[] = []
  let chars = 0
  for (const change of changes) {
    const name = cut(change.name, mostNameChars)
    const [before, after] = [cutValue(change.before), cutValue(change.after)]
    chars += name.length + (before?.length ?? 0) + (after?.length ?? 0)
    if (list.length === mostListed || chars > mostChars) {
      return { added, removed, changed, list, isCut: true }
    }
    list.push({ ...change, name, before, after })
  }
  return { added, removed, changed, list, isCut: false }
}

/** Both, the older ones first, within the same bounds. */
export function withMoreChanges(changes: ReloadChanges, more: ReloadChanges): ReloadChanges {
  const counts = {
    added: changes.added + more.added,
    removed: changes.removed + more.removed,
    changed: changes.changed + more.changed,
  }
  const both = boundChanges(counts, [...changes.list, ...more.list])
  return { ...both, isCut: both.isCut || changes.isCut || more.isCut }
}
