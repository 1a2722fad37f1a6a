/**
 * What a backend gave for a plan → the answer: status, headers, body. Errors are the envelope's.
 *
 * Rule  PostgREST docs: tables_views, functions, preferences, pagination_count
 */
import type { ApiRequest } from '../api/api-request.ts'
import { filterKey } from '../api/filter-key.ts'
import type { ExecutionResult } from '../backends/backend.ts'
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import type { Answer, Header } from '../core/http-exchange.ts'
import { contentTypeOf, type MediaType } from '../core/media-type.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { CallPlan, DatabasePlan, InfoPlan, MutatePlan, ReadPlan } from '../plan/plan.ts'
import { contentLength } from './answer.ts'
import { contentRange, rangeStatus } from './content-range.ts'
import { preferenceApplied } from './preference-applied.ts'
import { applyControls, parseResponseHeaders, parseResponseStatus } from './response-controls.ts'

export type RespondConfig = Pick<Config, 'clientErrorVerbosity' | 'serverBasePath'>

function contentHeaders(type: MediaType, request: ApiRequest): readonly Header[] {
  const headers: Header[] = [['Content-Type', contentTypeOf(type)]]
  if (request.negotiatedByProfile) headers.push(['Content-Profile', request.schema])
  return headers
}

function present(...headers: readonly (Header | null)[]): readonly Header[] {
  return headers.filter((header) => header !== null)
}

/** The body of a window that begins past the last row; the answer's headers stay those of a read. */
function outOfBounds(request: ApiRequest, total: number | null, config: RespondConfig): string {
  const failure = {
    kind: 'out-of-bounds',
    offset: String(request.window.offset),
    total: String(total ?? 0),
  } as const
  return renderError({ kind: 'invalid-range', failure }, config.clientErrorVerbosity).body
}

function respondToRead(
  plan: ReadPlan,
  request: ApiRequest,
  result: ExecutionResult,
  config: RespondConfig,
): Answer {
  const { offset } = request.window
  const status = rangeStatus(offset, result.rows, result.total)
  const query = request.canonicalQuery === '' ? '' : `?${request.canonicalQuery}`
  const body = status === 416 ? outOfBounds(request, result.total, config) : result.body
  return {
    status,
    headers: [
      contentRange(offset, offset + result.rows - 1, result.total),
      ['Content-Location', `${relationPath(plan.relation, config)}${query}`],
      ...(plan.headersOnly ? [] : [contentLength(body)]),
      ...contentHeaders(plan.media.type, request),
      ...present(preferenceApplied(plan, request)),
    ],
    body: plan.headersOnly ? null : body,
  }
}

function respondToCall(
  plan: CallPlan,
  request: ApiRequest,
  result: ExecutionResult,
  config: RespondConfig,
): Answer {
  const { offset } = request.window
  const status = rangeStatus(offset, result.rows, result.total)
  const headers = [
    contentRange(offset, offset + result.rows - 1, result.total),
    ...present(preferenceApplied(plan, request)),
  ]
  const { kind, isSet } = plan.routine.returns
  if (kind === 'void' && !isSet) return { status: 204, headers, body: null }
  const isHead = plan.via === 'head'
  const body = status === 416 ? outOfBounds(request, result.total, config) : result.body
  return {
    status,
    headers: [
      ...headers,
      ...(isHead ? [] : [contentLength(body)]),
      ...contentHeaders(plan.media.type, request),
    ],
    body: isHead ? null : body,
  }
}

/** What leads back to the relation, whatever its name is made of. */
function relationPath({ name }: QualifiedName, { serverBasePath }: RespondConfig): string {
  return `${serverBasePath ?? ''}/${encodeURIComponent(name)}`
}

/** `?id=eq.1&lang=eq.en`, percent-encoded as form pairs are. */
function locationHeader(
  plan: MutatePlan,
  result: ExecutionResult,
  config: RespondConfig,
): Header | null {
  if (result.location.length === 0) return null
  const query = result.location
    .map(
      ([column, value]) => `${encodeURIComponent(filterKey(column))}=${encodeURIComponent(value)}`,
    )
    .join('&')
  return ['Location', `${relationPath(plan.relation, config)}?${query}`]
}

function respondToMutation(
  plan: MutatePlan,
  request: ApiRequest,
  result: ExecutionResult,
  config: RespondConfig,
): Answer {
  const applied = preferenceApplied(plan, request)
  const counted = request.preferences.count === undefined ? null : result.rows
  const wantsBody = plan.representation === 'representation'
  const withBody = [contentLength(result.body), ...contentHeaders(plan.media.type, request)]

  switch (plan.mutation) {
    case 'insert': {
      const merged = plan.resolution === 'merge-duplicates'
      const onlyUpdated = merged && (result.inserted ?? 0) <= 0
      return {
        status: onlyUpdated ? 200 : 201,
        headers: [
          ...(wantsBody ? withBody : [contentLength('')]),
          ...present(locationHeader(plan, result, config), contentRange(1, 0, counted), applied),
        ],
        body: wantsBody ? result.body : '',
      }
    }
    case 'update':
    case 'delete': {
      const range =
        plan.mutation === 'update'
          ? contentRange(0, result.rows - 1, counted)
          : contentRange(1, 0, counted)
      const headers = present(range, applied)
      return wantsBody
        ? { status: 200, headers: [...headers, ...withBody], body: result.body }
        : { status: 204, headers, body: null }
    }
    case 'upsert': {
      const headers = present(applied)
      return wantsBody
        ? {
            status: (result.inserted ?? 0) > 0 ? 201 : 200,
            headers: [...withBody, ...headers],
            body: result.body,
          }
        : { status: 204, headers, body: null }
    }
    default:
      return assertNever(plan.mutation)
  }
}

function respondPlain(
  plan: DatabasePlan,
  request: ApiRequest,
  result: ExecutionResult,
  config: RespondConfig,
): Answer {
  switch (plan.kind) {
    case 'read':
      return respondToRead(plan, request, result, config)
    case 'mutate':
      return respondToMutation(plan, request, result, config)
    case 'call':
      return respondToCall(plan, request, result, config)
    default:
      return assertNever(plan)
  }
}

/**
 * Errors  guc-status, guc-headers: what the database set as its answer's controls is no such thing
 */
export function respond(
  plan: DatabasePlan,
  request: ApiRequest,
  result: ExecutionResult,
  config: RespondConfig,
): Result<Answer, ApiError> {
  // the engine's execution plan is the answer itself: no range, no controls
  if (plan.media.type.kind === 'plan') {
    const headers = [contentLength(result.body), ...contentHeaders(plan.media.type, request)]
    return ok({ status: 200, headers, body: result.body })
  }
  const status = parseResponseStatus(result.responseStatus)
  if (!status.ok) return status
  const headers = parseResponseHeaders(result.responseHeaders)
  if (!headers.ok) return headers
  return ok(applyControls(respondPlain(plan, request, result, config), status.value, headers.value))
}

/** OPTIONS: what may be done, read off the snapshot. */
export function respondToInfo(plan: InfoPlan): Answer {
  return {
    status: 200,
    headers: [
      ['Content-Length', '0'],
      ['Access-Control-Allow-Origin', '*'],
      ['Allow', plan.allow],
    ],
    body: '',
  }
}
