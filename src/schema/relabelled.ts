/**
 * A load may find the schema as it was although the database calls it by another version: what moved
 * means nothing to a snapshot. The one in use then goes on under the new label, by which checks and
 * requests tell from now on that it is current.
 */
import type { SchemaVersion } from './catalog.ts'
import type { SchemaSnapshot } from './schema-snapshot.ts'

/** Number and time stay; the very same snapshot where the label is the same. */
export function relabelled(snapshot: SchemaSnapshot, label: SchemaVersion): SchemaSnapshot {
  return snapshot.schemaVersion === label
    ? snapshot
    : Object.freeze({ ...snapshot, schemaVersion: label })
}
