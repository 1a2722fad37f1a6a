/**
 * Where the schema cache stands. `/ready`, `/health` and the handlers' 503 are functions of it.
 */
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

export type CacheState =
  /** No load has ended yet. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly snapshot: SchemaSnapshot }
  /** The last load failed; `snapshot` is what requests are still served from. */
  | {
      readonly kind: 'retrying'
      readonly snapshot: SchemaSnapshot | null
      readonly cause: string
      readonly attempt: number
      readonly retryInMs: number
    }
