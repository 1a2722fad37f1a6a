/**
 * What a placeholder of a compiled statement stands for. A statement is compiled once for a plan
 * and serves every request of its shape, so it names where a value is found, never the value;
 * `bind-params.ts` looks it up when the request runs.
 */
import type { Slot } from '../../api/api-request.ts'
import type { PlanWindow } from '../../plan/plan.ts'

/**
 * - `text`: as sent; a list becomes an array literal
 * - `array`: PostgreSQL's array literal `{"a","b"}`; a text is one already and passes as sent
 * - `json-list`: JSON array of texts; a text is read as an array literal first
 */
export type SlotEncoding = 'text' | 'array' | 'json-list'

/**
 * - `json`: the JSON text as sent
 * - `json-rows`: always an array: a single object is wrapped into one
 * - `text`: the body as text
 * - `bytes`: the body as it came, bound in binary
 */
export type PayloadEncoding = 'json' | 'json-rows' | 'text' | 'bytes'

export type ParamRef =
  /** Part of the request's shape: JSON keys, text search configurations, column names as data. */
  | { readonly kind: 'const'; readonly text: string }
  | {
      readonly kind: 'slot'
      readonly slot: Slot
      readonly encode: SlotEncoding
      /** `*` means `%` (like, ilike). */
      readonly starsAreWildcards: boolean
    }
  /** The smaller of what was asked for and `maxRows`; null when neither binds. */
  | { readonly kind: 'limit'; readonly window: PlanWindow }
  | { readonly kind: 'offset'; readonly window: PlanWindow }
  /** Null when the request has no body. */
  | { readonly kind: 'payload'; readonly as: PayloadEncoding }
  /** One argument of a call by query or form: the last of its pairs, or all as an array literal. */
  | { readonly kind: 'argument'; readonly name: string; readonly isVariadic: boolean }
  /** All arguments of a call by query or form as one JSON object of texts. */
  | { readonly kind: 'arguments' }
