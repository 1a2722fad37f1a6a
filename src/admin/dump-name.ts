/** A qualified name as PostgREST's JSON has it, everywhere in the dump of a snapshot. */
import type { QualifiedName } from '../core/qualified-name.ts'

export function dumpName({ schema, name }: QualifiedName): unknown {
  return { qiName: name, qiSchema: schema }
}
