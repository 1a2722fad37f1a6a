/**
 * The version of a load that had to leave an answer open: it equals no version that is ever read, so
 * that the next check loads again.
 */
import type { SchemaVersion } from '../../../schema/catalog.ts'

const suffix = '.open'

export function openVersion(version: SchemaVersion): SchemaVersion {
  return `${version}${suffix}`
}

export function isOpenVersion(version: SchemaVersion): boolean {
  return version.endsWith(suffix)
}
