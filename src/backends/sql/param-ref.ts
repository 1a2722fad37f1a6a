/**
 * What a placeholder of a compiled statement stands for. A statement is compiled once for a plan
 * and serves every request of its shape, so it names where a value is found, never the value;
 * `bind-params.ts` looks it up when the request runs.
 */
import type { Slot } from '../../api/api-request.ts'
import type { PlanWindow } from '../../plan/plan.ts'

export type RequestPart = 'method' | 'path' | 'role' | 'claims' | 'headers' | 'cookies'

export type ParamRef =
  /** Part of the request's shape: JSON keys, text search configurations, column names as data. */
  | { readonly kind: 'const'; readonly text: string }
  /** As sent: a text, or the members of a list. */
  | { readonly kind: 'slot'; readonly slot: Slot }
  /** The same for like and ilike, where `*` means `%`. */
  | { readonly kind: 'pattern'; readonly slot: Slot }
  /** Null for no limit. */
  | { readonly kind: 'limit'; readonly window: PlanWindow }
  | { readonly kind: 'offset'; readonly window: PlanWindow }
  /** The body as text, as JSON that is always an array, as it came; null when there is none. */
  | { readonly kind: 'payload' | 'payload-rows' | 'payload-bytes' }
  /** One argument of a call by query or form: the last of its pairs, or all of them as a list. */
  | { readonly kind: 'argument' | 'variadic-argument'; readonly name: string }
  /** JSON text of one argument of a call by JSON; null where it is not given, or no JSON. */
  | { readonly kind: 'json-argument'; readonly name: string }
  /** What the request is like, for functions that ask. */
  | { readonly kind: 'request'; readonly part: RequestPart }
  /** All arguments of a call by query or form as one JSON object of texts. */
  | { readonly kind: 'arguments' }
