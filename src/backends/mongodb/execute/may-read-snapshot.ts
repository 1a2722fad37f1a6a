/**
 * Whether a read can be of one snapshot: a server that stands alone has none, and no server has them
 * of capped collections.
 *
 * Rule  MongoDB manual: Read Concern "snapshot"
 */
import { nameKey, type QualifiedName } from '../../../core/qualified-name.ts'
import type { ReadNode } from '../../../plan/plan.ts'
import type { MongodbFacts } from '../catalog/mongodb-facts.ts'

export function mayReadSnapshot(root: ReadNode, facts: MongodbFacts): boolean {
  if (facts.topology === 'standalone') return false
  const { collections } = facts
  const hasCapped = [...collections.values()].some(({ isCapped }) => isCapped)
  // nobody knows what a view reads
  const refuses = (name: QualifiedName) => {
    const found = collections.get(nameKey(name))
    return found?.isCapped === true || found?.kind === 'view'
  }
  return !hasCapped || !relationsOf(root).some(refuses)
}

function relationsOf({ relation, join, children }: ReadNode): readonly QualifiedName[] {
  const { relationship } = join ?? {}
  const junction =
    relationship?.kind === 'key' && relationship.cardinality.kind === 'many-to-many'
      ? [relationship.cardinality.junction.relation]
      : []
  return [relation, ...junction, ...children.flatMap(relationsOf)]
}
