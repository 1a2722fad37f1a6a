/**
 * A PostgreSQL catalog and the snapshot of it as one text, in their order: two loads that give equal
 * texts have given the same schema. Version and timings are left out.
 */
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../src/schema/catalog.ts'
import type { SchemaOptions } from '../../src/schema/schema-snapshot.ts'
import { schemaOptions } from './control-query.ts'

/** Maps and sets as lists of what is in them. */
export function orderedText(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each instanceof Map ? { map: [...each] } : each instanceof Set ? { set: [...each] } : each,
  )
}

export function catalogText(
  { timings: _t, ...catalog }: Catalog,
  options: Partial<SchemaOptions>,
): string {
  const labelled = { ...catalog, timings: {}, schemaVersion: '' }
  const { suggestRelation: _s, ...snapshot } = buildSnapshot(
    labelled,
    schemaOptions(options),
    1,
    new Date(0),
  )
  return orderedText([snapshot, labelled])
}
