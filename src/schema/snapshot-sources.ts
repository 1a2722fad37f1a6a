/**
 * What a snapshot was made of, kept with it: the next build takes over what rests on the same, and a
 * diff looks at nothing else. For the builder and `diff-snapshots.ts` alone.
 */
import type { CatalogRelation, ComputedField, Routine } from './catalog.ts'
import type { Grouping } from './grouping.ts'
import type { LazyRelationships } from './snapshot-relationships.ts'

export interface SnapshotSources {
  readonly relations: readonly CatalogRelation[]
  readonly computedFields: Grouping<ComputedField>
  readonly routines: Grouping<Routine>
  /** With the facts that they are derived from. */
  readonly relationships: LazyRelationships
}
