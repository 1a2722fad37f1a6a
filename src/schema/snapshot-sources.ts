/**
 * What a snapshot was made of, kept with it: the next build takes over what rests on the same, a diff
 * looks at nothing else, and another process builds the same snapshot of it.
 */
import type { Catalog, ComputedField, Routine } from './catalog.ts'
import type { Grouping } from './incremental/grouping.ts'
import type { LazyRelationships } from './relationships/snapshot-relationships.ts'

export interface SnapshotSources {
  readonly catalog: Catalog
  readonly computedFields: Grouping<ComputedField>
  readonly routines: Grouping<Routine>
  /** With the facts that they are derived from. */
  readonly relationships: LazyRelationships
}
