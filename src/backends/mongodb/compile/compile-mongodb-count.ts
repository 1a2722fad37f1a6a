/**
 * The pipeline that counts the rows of a read: conditions only, neither windows nor groups, as in
 * PostgREST.
 */
import type { ReadPlan } from '../../../plan/plan.ts'
import type { Stages } from './compiled-read.ts'
import type { FieldPlace } from './field-place.ts'
import { always, sequence } from './pipeline-stages.ts'
import {
  type CompileContext,
  decidedByEmbeds,
  decidingChildren,
  existence,
  nodeSource,
  wrapped,
} from './relation-source.ts'

/** Null where no count is asked for, or the page is all there is. */
export function compileCount(
  { root, count }: Pick<ReadPlan, 'root' | 'count'>,
  place: FieldPlace,
  context: CompileContext,
): Stages | null {
  if (count === null) return null
  const { hasLimit, hasOffset, maxRows } = root.window
  if (!hasLimit && !hasOffset && maxRows === null) return null
  const decided = decidedByEmbeds(root, place, (child, as) =>
    existence(child, wrapped(place), as, 'all', context),
  )
  const isWhole =
    root.where.length === 0 && root.rows.kind === 'all' && decidingChildren(root).size === 0
  // a view has no documents of its own that somebody would have counted, a time series has others
  if (isWhole && count !== 'exact' && place.facts.kind === 'collection') return storedCount
  return sequence(nodeSource(root, place, [], context), decided, always({ $count: 'total' }))
}

/** What the server has counted all along, on each shard. */
const storedCount = always(
  { $collStats: { count: {} } },
  { $group: { _id: null, total: { $sum: '$count' } } },
)
