/**
 * Every failure that a client can see, one variant each, holding just the facts that its text
 * needs. `error-envelope.ts` turns one into status, headers and body; nobody else does.
 */
import type { QualifiedName } from '../core/qualified-name.ts'

/** How PostgreSQL, or an engine in its words, reported a failure. */
export interface DatabaseFailure {
  /** Five-character SQLSTATE; engines without one map their codes to it. */
  readonly sqlState: string
  readonly message: string
  readonly details: string | null
  readonly hint: string | null
}

/** One relationship of an ambiguous embedding, as the PGRST201 details list it. */
export interface RelationshipChoice {
  readonly cardinality: 'one-to-one' | 'one-to-many' | 'many-to-one' | 'many-to-many'
  /** e.g. `message with person` */
  readonly embedding: string
  /** e.g. `message_sender_fkey using message(sender) and person(id)` */
  readonly relationship: string
  /** What to write in `select` to choose this one, e.g. `person!message_sender_fkey` */
  readonly hintTarget: string
}

/** What a request or a configuration that failed was probably meant to be: hints say how to mend it. */
export type Slip =
  /** `filter`: what was perhaps meant, `name=eq.Banyan`. */
  | { readonly kind: 'operator-missing'; readonly filter: string }
  | { readonly kind: 'json-sent-as-form' }
  /** Neither an anonymous role nor a secret is configured. */
  | { readonly kind: 'nobody-can-be-served' }
  /** Nobody has decided on db-aggregates-enabled. */
  | { readonly kind: 'aggregates-off-by-default' }
  /** `schema`: null on engines without schemas. */
  | { readonly kind: 'nothing-exposed'; readonly schema: string | null }

/** A filter that could not be read. */
export interface UnreadFilter {
  readonly relation: QualifiedName
  readonly column: string
  /** The same with `eq`: `name=eq.Banyan`. */
  readonly asEquality: string
}

export type RangeFailure =
  | { readonly kind: 'negative-limit' }
  | { readonly kind: 'lower-above-upper' }
  | { readonly kind: 'out-of-bounds'; readonly offset: string; readonly total: string }

export type JwtFailure =
  | { readonly kind: 'secret-missing' }
  | { readonly kind: 'token-required'; readonly slip?: Slip }
  /** PGRST301: the token cannot be decoded or verified. `message` and `details` are PostgREST's. */
  | { readonly kind: 'undecodable'; readonly message: string; readonly details: string | null }
  /** PGRST303: the claims do not hold. */
  | { readonly kind: 'claims'; readonly message: string }

export type ApiError =
  // PGRST1xx: the request
  | {
      readonly kind: 'query-syntax'
      readonly message: string
      readonly details: string | null
      readonly unread?: UnreadFilter
      readonly slip?: Slip
    }
  | { readonly kind: 'invalid-rpc-method'; readonly method: string }
  | { readonly kind: 'invalid-body'; readonly message: string }
  | { readonly kind: 'invalid-range'; readonly failure: RangeFailure }
  | { readonly kind: 'invalid-filters' }
  | {
      readonly kind: 'unacceptable-schema'
      readonly schema: string
      readonly exposed: readonly string[]
    }
  | { readonly kind: 'media-type'; readonly accepted: readonly string[] }
  | {
      readonly kind: 'not-embedded'
      readonly target: string
      /** Set when the target is the relation name of an aliased embed and legacy names are off. */
      readonly renamed: { readonly relation: string; readonly alias: string } | null
    }
  | { readonly kind: 'guc-headers' }
  | { readonly kind: 'guc-status' }
  | { readonly kind: 'put-limit' }
  | { readonly kind: 'put-matching-pk' }
  | { readonly kind: 'not-singular'; readonly rows: number }
  | { readonly kind: 'unsupported-method'; readonly method: string }
  | { readonly kind: 'related-order-not-to-one'; readonly origin: string; readonly target: string }
  | {
      readonly kind: 'raise-unparsable'
      readonly part: 'message' | 'detail' | 'no-detail'
      readonly text: string
    }
  | { readonly kind: 'invalid-preferences'; readonly preferences: readonly string[] }
  | { readonly kind: 'aggregates-not-allowed'; readonly slip?: Slip }
  | { readonly kind: 'max-affected'; readonly rows: number }
  | { readonly kind: 'invalid-path' }
  | { readonly kind: 'openapi-disabled' }
  /** PGRST127. `feature` names what was asked for; `engine` is given when it is the engine that lacks it. */
  | { readonly kind: 'not-implemented'; readonly feature: string; readonly engine: string | null }
  | { readonly kind: 'max-affected-rpc' }
  /** What the request asks for is more than is planned or sent to a database. */
  | { readonly kind: 'too-complex'; readonly details: string }
  // PGRST2xx: the schema cache
  | {
      readonly kind: 'relationship-not-found'
      readonly origin: string
      readonly target: string
      readonly hint: string | null
      readonly schema: string
      readonly suggestion: string | null
    }
  | {
      readonly kind: 'ambiguous-relationship'
      readonly origin: string
      readonly target: string
      readonly choices: readonly RelationshipChoice[]
    }
  | {
      readonly kind: 'function-not-found'
      readonly schema: string
      readonly name: string
      readonly argumentNames: readonly string[]
      /** The request's content type and whether it was a POST decide the wording. */
      readonly contentType: string
      readonly isPost: boolean
      readonly suggestion: string | null
      readonly slip?: Slip
    }
  /** `signatures`: e.g. `public.add(a => integer, b => integer)`. */
  | { readonly kind: 'ambiguous-function'; readonly signatures: readonly string[] }
  | {
      readonly kind: 'column-not-found'
      readonly relation: string
      readonly column: string
      readonly slip?: Slip
    }
  | {
      readonly kind: 'relation-not-found'
      readonly schema: string
      readonly relation: string
      readonly suggestion: string | null
      readonly slip?: Slip
      /** It is there, and the database cannot read it: why, in the database's words. */
      readonly unreadableCause?: string
    }
  // PGRST3xx: authentication
  | { readonly kind: 'jwt'; readonly failure: JwtFailure }
  // PGRST0xx: the database is not there
  | {
      readonly kind: 'connection'
      readonly details: string
      /** What clients read in place of details that name files of the server. */
      readonly clientDetails?: string
    }
  | {
      readonly kind: 'connection-lost'
      readonly details: string
      /** What clients read in place of `details`. */
      readonly clientDetails?: string
    }
  | {
      readonly kind: 'cache-not-loaded'
      /** Strict mode: why what is loaded could not be proven to be the schema that there is. */
      readonly unproven?: string
    }
  | { readonly kind: 'acquisition-timeout' }
  // the database's own words
  | {
      readonly kind: 'database'
      readonly failure: DatabaseFailure
      readonly authenticated: boolean
      /** Nothing is wrong with the request: another program holds what it needs. */
      readonly isPassing?: boolean
      /** The statement that the request asks for is more than the engine takes. */
      readonly isTooComplex?: true
    }
  /** `RAISE SQLSTATE 'PGRST'`: the database wrote the answer itself. */
  | {
      readonly kind: 'raised'
      readonly status: number
      /** Null: the one that goes with the status. */
      readonly statusText: string | null
      readonly headers: readonly (readonly [string, string])[]
      readonly code: string
      readonly message: string
      readonly details: string | null
      readonly hint: string | null
    }
  // PGRSTX: the edges of the server
  | { readonly kind: 'internal' }
  | { readonly kind: 'malformed-request'; readonly details: string; readonly hint?: string }
  | { readonly kind: 'request-timeout' }
  /** The row is another than the one that `If-Match` names, or there is none. */
  | { readonly kind: 'precondition-failed' }
  /** Milliseconds until there is room for a request; what a client may send at once, and in a second. */
  | {
      readonly kind: 'rate-limited'
      readonly retryInMs: number
      readonly burst: number
      readonly rps: number
    }
  | { readonly kind: 'body-too-large'; readonly limitBytes: number }
  | { readonly kind: 'target-too-long'; readonly limitBytes: number }
  | { readonly kind: 'headers-too-large'; readonly limitBytes: number }
  | { readonly kind: 'reload-failed'; readonly details: string }
  // the admin server
  | { readonly kind: 'cross-origin' }
  | { readonly kind: 'admin-token-required' }
  | { readonly kind: 'foreign-host' }
  | { readonly kind: 'too-many-watchers'; readonly limit: number }

/** Errors that a newer schema could turn into an answer: they ask for a check before they are sent. */
export function namesSomethingUnknown(error: ApiError): boolean {
  switch (error.kind) {
    case 'relation-not-found':
    case 'column-not-found':
    case 'relationship-not-found':
    case 'ambiguous-relationship':
    case 'function-not-found':
    case 'ambiguous-function':
      return true
    default:
      return false
  }
}
