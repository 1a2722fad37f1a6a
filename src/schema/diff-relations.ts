/**
 * A relation before and after, and its relationships → what changed of it. `diff-snapshots.ts` calls
 * it for relations that keep their name.
 */
import { isSame, isSameLookup } from '../core/is-same.ts'
import type { Column } from './catalog.ts'
import { compareRelationships } from './relationships/compare-relationships.ts'
import type { Relationship } from './relationships/relationship.ts'
import type { RelationChange, RelationWrites } from './schema-change.ts'
import type { Relation } from './schema-snapshot.ts'

type Columns = Relation['columns']

function writesOf({ canInsert, canUpdate, canDelete }: Relation): RelationWrites {
  return { canInsert, canUpdate, canDelete }
}

function diffColumns(before: Columns, after: Columns): readonly RelationChange[] {
  if (before === after) return []
  const changes: RelationChange[] = []
  for (const column of after.values()) {
    const known: Column | undefined = before.get(column.name)
    if (known === undefined) changes.push({ kind: 'column-added', column })
    else if (!isSame(known, column)) {
      changes.push({ kind: 'column-changed', before: known, after: column })
    }
  }
  for (const column of before.values()) {
    if (!after.has(column.name)) changes.push({ kind: 'column-removed', column })
  }
  const stayed = {
    before: [...before.keys()].filter((name) => after.has(name)),
    after: [...after.keys()].filter((name) => before.has(name)),
  }
  if (!isSame(stayed.before, stayed.after)) changes.push({ kind: 'columns-moved', ...stayed })
  return changes
}

/** What changes of each part of a relation are; `null` where another part tells of them. */
const partsOf: {
  readonly [Part in keyof Required<Relation>]:
    | ((before: Relation, after: Relation) => readonly RelationChange[])
    | null
} = {
  // the name is that by which both were found
  schema: null,
  name: null,
  kind: ({ kind: before }, { kind: after }) =>
    before === after ? [] : [{ kind: 'kind-changed', before, after }],
  isView: null,
  // set only in what a role is shown of a snapshot, which nobody compares
  granted: null,
  description: ({ description: before }, { description: after }) =>
    before === after ? [] : [{ kind: 'comment-changed', before, after }],
  canInsert: (a, b) => {
    const [before, after] = [writesOf(a), writesOf(b)]
    return isSame(before, after) ? [] : [{ kind: 'writes-changed', before, after }]
  },
  canUpdate: null,
  canDelete: null,
  primaryKey: ({ primaryKey: before }, { primaryKey: after }) =>
    isSame(before, after) ? [] : [{ kind: 'key-changed', before, after }],
  columns: ({ columns: before }, { columns: after }) => diffColumns(before, after),
  isClosed: ({ isClosed: before }, { isClosed: after }) =>
    before === after ? [] : [{ kind: 'openness-changed', before: !before, after: !after }],
  computedTypes: ({ computedTypes: before }, { computedTypes: after }) =>
    isSame(before, after) ? [] : [{ kind: 'computed-fields-changed', before, after }],
}

export function diffRelations(before: Relation, after: Relation): readonly RelationChange[] {
  if (before === after) return []
  return Object.values(partsOf).flatMap((diff) => diff?.(before, after) ?? [])
}

type BySchema = ReadonlyMap<string, readonly Relationship[]> | undefined

/** Of one origin. */
export function diffRelationships(before: BySchema, after: BySchema): readonly RelationChange[] {
  if (isSameLookup(before, after)) return []
  const added = missing(after, before)
  const removed = missing(before, after)
  if (added.length + removed.length === 0) {
    const schemas = (map: BySchema) => [...(map?.keys() ?? [])]
    return [{ kind: 'related-schemas-changed', before: schemas(before), after: schemas(after) }]
  }
  return [
    ...added.map((relationship) => ({ kind: 'relationship-added', relationship }) as const),
    ...removed.map((relationship) => ({ kind: 'relationship-removed', relationship }) as const),
  ]
}

/** Those of the first that the second lacks: two sorted lists are walked side by side. */
function missing(first: BySchema, second: BySchema): readonly Relationship[] {
  return [...(first ?? [])].flatMap(([schema, list]) => {
    const others = second?.get(schema) ?? []
    let at = 0
    return list.filter((each) => {
      for (;;) {
        const other = others[at]
        if (other === undefined) return true
        const order = other === each ? 0 : compareRelationships(other, each)
        if (order > 0) return true
        at += 1
        if (order === 0) return false
      }
    })
  })
}
