/**
 * ApiError → code, message, details and hint, in the words that clients match on. Status and
 * headers are added by error-envelope.ts.
 *
 * Rule  PostgREST docs: errors; v16.2 where docs are silent
 */
import { assertNever } from '../core/assert-never.ts'
import { parseMediaType } from '../core/media-type.ts'
import type { ApiError, JwtFailure, RangeFailure, Slip } from './api-error.ts'
import { edgeWording } from './edge-wording.ts'
import { errorCodes, jwtCodes } from './error-codes.ts'
import { slipHint } from './slip-hint.ts'
import { type ErrorOf, say, type Wording } from './wording.ts'

export interface ErrorFields extends Wording {
  readonly code: string
}

function rangeDetails(failure: RangeFailure): string {
  switch (failure.kind) {
    case 'negative-limit':
      return 'Limit should be greater than or equal to zero.'
    case 'lower-above-upper':
      return 'The lower boundary must be lower than or equal to the upper boundary in the Range header.'
    case 'out-of-bounds':
      return `An offset of ${failure.offset} was requested, but there are only ${failure.total} rows.`
    default:
      return assertNever(failure)
  }
}

function jwtWording(failure: JwtFailure): Wording {
  switch (failure.kind) {
    case 'secret-missing':
      return say('Server lacks JWT secret')
    case 'token-required':
      return say('Anonymous access is disabled')
    case 'undecodable':
      return say(failure.message, failure.details)
    case 'claims':
      return say(failure.message)
    default:
      return assertNever(failure)
  }
}

const raiseHints = {
  message:
    "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
  detail:
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.",
} as const

function raiseWording({ part, text }: ErrorOf<'raise-unparsable'>): Wording {
  const message = `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`
  switch (part) {
    case 'message':
      return say(message, `Invalid JSON value for MESSAGE: '${text}'`, raiseHints.message)
    case 'detail':
      return say(message, `Invalid JSON value for DETAIL: '${text}'`, raiseHints.detail)
    case 'no-detail':
      return say(message, 'DETAIL is missing in the RAISE statement', raiseHints.detail)
    default:
      return assertNever(part)
  }
}

function embedWording({ target, renamed }: ErrorOf<'not-embedded'>): Wording {
  const message = `'${target}' is not an embedded resource in this request`
  if (renamed === null) {
    return say(
      message,
      null,
      `Verify that '${target}' is included in the 'select' query parameter.`,
    )
  }
  return say(
    message,
    'Target names are not allowed in filters if they have an alias',
    `Change '${renamed.relation}' to '${renamed.alias}' in filters, orders or limits.`,
  )
}

function relationshipWording(error: ErrorOf<'relationship-not-found'>): Wording {
  const { origin, target, hint, schema, suggestion } = error
  const pair = `'${origin}' and '${target}'`
  const withHint = hint === null ? '' : ` using the hint '${hint}'`
  return say(
    `Could not find a relationship between ${pair} in the schema cache`,
    `Searched for a foreign key relationship between ${pair}${withHint} in the schema '${schema}', but no matches were found.`,
    suggestion,
  )
}

function ambiguityWording(error: ErrorOf<'ambiguous-relationship'>): Wording {
  const { origin, target, choices } = error
  const targets = choices.map((choice) => `'${choice.hintTarget}'`).join(', ')
  return say(
    `Could not embed because more than one relationship was found for '${origin}' and '${target}'`,
    // The wire's order of keys.
    choices.map(({ cardinality, embedding, relationship }) => ({
      cardinality,
      embedding,
      relationship,
    })),
    `Try changing '${target}' to one of the following: ${targets}. Find the desired relationship in the 'details' key.`,
  )
}

/**
 * The type of the unnamed parameter that a body of one value would need; null for other requests.
 */
function unnamedType(error: ErrorOf<'function-not-found'>): 'text' | 'xml' | 'bytea' | null {
  if (!error.isPost) return null
  const { kind } = parseMediaType(error.contentType)
  if (kind === 'octet-stream') return 'bytea'
  return kind === 'text' || kind === 'xml' ? kind : null
}

function functionWording(error: ErrorOf<'function-not-found'>): Wording {
  const { schema, name, argumentNames, suggestion } = error
  const list = argumentNames.join(', ')
  const hasNone = argumentNames.length === 0
  const unnamed = unnamedType(error)
  const called = hasNone ? ' without parameters' : `(${list})`
  const named = hasNone ? called : ` with parameter${argumentNames.length > 1 ? 's' : ''} ${list}`
  const isJson = error.isPost && parseMediaType(error.contentType).kind === 'json'
  const searched =
    unnamed === null
      ? `${named}${isJson ? ' or with a single unnamed json/jsonb parameter' : ''}`
      : ` with a single unnamed ${unnamed} parameter`
  return say(
    `Could not find the function ${schema}.${name}${unnamed === null ? called : ''} in the schema cache`,
    `Searched for the function ${schema}.${name}${searched}, but no matches were found in the schema cache.`,
    suggestion === null ? null : `Perhaps you meant to call the function ${schema}.${suggestion}`,
  )
}

function tableWording({
  schema,
  relation,
  suggestion,
  unreadableCause,
}: ErrorOf<'relation-not-found'>): Wording {
  return say(
    `Could not find the table '${schema}.${relation}' in the schema cache`,
    unreadableCause === undefined ? null : `The database cannot read it: ${unreadableCause}`,
    suggestion === null ? null : `Perhaps you meant the table '${schema}.${suggestion}'`,
  )
}

function wording(error: ApiError): Wording {
  switch (error.kind) {
    case 'query-syntax':
      return say(error.message, error.details)
    case 'invalid-rpc-method':
      return say(`Cannot use the ${error.method} method on RPC`)
    case 'invalid-body':
      return say(error.message)
    case 'invalid-range':
      return say('Requested range not satisfiable', rangeDetails(error.failure))
    case 'invalid-filters':
      return say("Filters must include all and only primary key columns with 'eq' operators")
    case 'unacceptable-schema':
      return say(
        `Invalid schema: ${error.schema}`,
        null,
        `Only the following schemas are exposed: ${error.exposed.join(', ')}`,
      )
    case 'media-type':
      return say(`None of these media types are available: ${error.accepted.join(', ')}`)
    case 'not-embedded':
      return embedWording(error)
    case 'guc-headers':
      return say(
        'response.headers guc must be a JSON array composed of objects with a single key and a string value',
      )
    case 'guc-status':
      return say('response.status guc must be a valid status code')
    case 'put-limit':
      return say('limit/offset querystring parameters are not allowed for PUT')
    case 'put-matching-pk':
      return say('Payload values do not match URL in primary key column(s)')
    case 'not-singular':
      return say(
        'Cannot coerce the result to a single JSON object',
        `The result contains ${error.rows} rows`,
      )
    case 'unsupported-method':
      return say(`Unsupported HTTP method: ${error.method}`)
    case 'related-order-not-to-one':
      return say(
        `A related order on '${error.target}' is not possible`,
        `'${error.origin}' and '${error.target}' do not form a many-to-one or one-to-one relationship`,
      )
    case 'raise-unparsable':
      return raiseWording(error)
    case 'invalid-preferences':
      return say(
        'Invalid preferences given with handling=strict',
        `Invalid preferences: ${error.preferences.join(', ')}`,
      )
    case 'aggregates-not-allowed':
      return say('Use of aggregate functions is not allowed')
    case 'max-affected':
      return say(
        'Query result exceeds max-affected preference constraint',
        `The query affects ${error.rows} rows`,
      )
    case 'invalid-path':
      return say('Invalid path specified in request URL')
    case 'openapi-disabled':
      return say('Root endpoint metadata is disabled')
    case 'not-implemented':
      return say(
        'Feature not implemented',
        error.engine === null ? error.feature : `${error.engine} does not support ${error.feature}`,
      )
    case 'max-affected-rpc':
      return say(
        'Function must return SETOF or TABLE when max-affected preference is used with handling=strict',
      )
    case 'relationship-not-found':
      return relationshipWording(error)
    case 'ambiguous-relationship':
      return ambiguityWording(error)
    case 'function-not-found':
      return functionWording(error)
    case 'ambiguous-function':
      return say(
        `Could not choose the best candidate function between: ${error.signatures.join(', ')}`,
        null,
        'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
      )
    case 'column-not-found':
      return say(
        `Could not find the '${error.column}' column of '${error.relation}' in the schema cache`,
      )
    case 'relation-not-found':
      return tableWording(error)
    case 'jwt':
      return jwtWording(error.failure)
    case 'connection':
      return say('Database connection error.', error.details)
    case 'connection-lost':
      return say('Database client error. Retrying the connection.', error.details)
    case 'cache-not-loaded':
      return error.unproven === undefined
        ? say('Could not query the database for the schema cache. Retrying.')
        : say('Could not prove that the schema cache is current. Retrying.', error.unproven)
    case 'acquisition-timeout':
      return say('Timed out acquiring connection from connection pool.')
    case 'database':
      return error.failure
    case 'raised':
      return error
    case 'malformed-request':
    case 'internal':
    case 'reload-failed':
    case 'too-complex':
    case 'cross-origin':
    case 'admin-token-required':
    case 'foreign-host':
    case 'too-many-watchers':
    case 'request-timeout':
    case 'precondition-failed':
    case 'body-too-large':
    case 'target-too-long':
    case 'rate-limited':
    case 'headers-too-large':
      return edgeWording(error)
    default:
      return assertNever(error)
  }
}

function codeOf(error: ApiError): string {
  switch (error.kind) {
    case 'jwt':
      return jwtCodes[error.failure.kind].code
    case 'database':
      return error.failure.sqlState
    case 'raised':
      return error.code
    default:
      return errorCodes[error.kind].code
  }
}

function slipOf(error: ApiError): Slip | undefined {
  switch (error.kind) {
    case 'query-syntax':
    case 'aggregates-not-allowed':
    case 'column-not-found':
    case 'function-not-found':
    case 'relation-not-found':
      return error.slip
    case 'jwt':
      return error.failure.kind === 'token-required' ? error.failure.slip : undefined
    default:
      return undefined
  }
}

/** The four fields of an error, keys in the wire's order. */
export function errorFields(error: ApiError): ErrorFields {
  const { message, details, hint } = wording(error)
  const slip = slipOf(error)
  const ownHint = slip === undefined ? null : slipHint(slip)
  return { code: codeOf(error), details, hint: hint ?? ownHint, message }
}
