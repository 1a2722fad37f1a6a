/**
 * Conditional requests on relations (`etag-enabled`): the tag of what a read answers, 304 where the
 * client has it already, and what a write with `If-Match` is compared with, which is what a read of the
 * same URL and `Accept` would answer.
 *
 * Rule  RFC 9110: 13 (Conditional Requests), 15.4.5 (304)
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { ComparedRead } from '../backends/backend.ts'
import { entityTag, namesTag, readTags } from '../core/entity-tag.ts'
import type { Answer } from '../core/http-exchange.ts'
import { LentBytes } from '../core/lent-bytes.ts'
import { contentTypeOf } from '../core/media-type.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { MutatePlan, PlanMedia, ReadPlan } from '../plan/plan.ts'
import { namesRowByKey } from '../plan/plan-mutate.ts'
import type { Relation } from '../schema/schema-snapshot.ts'
import { contentRange } from './content-range.ts'
import type { RespondConfig } from './respond.ts'

/** All that an answer to a read says of its rows beside them. */
function headOf({ type }: PlanMedia, { schema }: ApiRequest, range: string): string {
  return [contentTypeOf(type), schema, range].join('\n')
}

/**
 * The answer to a read with its `ETag`; 304 or 412 where the request's conditions say so. That to a HEAD
 * comes with the body of a GET, and loses it here.
 */
export function withEntityTag(
  answer: Answer,
  { media }: ReadPlan,
  request: ApiRequest,
  config: RespondConfig,
): Answer {
  const { status, body } = answer
  if (body === null) return answer
  if (status !== 200 && status !== 206) return isHead(request) ? { ...answer, body: null } : answer
  // what the database says of its own answer is no hash of it
  const headers = answer.headers.filter(([name]) => name.toLowerCase() !== 'etag')
  const range = headers.find(([name]) => name === 'Content-Range')?.[1] ?? ''
  const tag = entityTag(headOf(media, request, range), body)
  const wanted = readTags(headerOf(request, 'if-match'))
  if (wanted !== null && wanted !== 'any' && !wanted.includes(tag)) {
    forget(answer)
    return renderError({ kind: 'precondition-failed' }, config.clientErrorVerbosity)
  }
  const known = readTags(headerOf(request, 'if-none-match'))
  if (known === null || !namesTag(known, tag)) {
    const tagged = [...headers, ['ETag', tag] as const]
    if (!isHead(request)) return { ...answer, headers: tagged }
    forget(answer)
    return { ...answer, headers: tagged.filter(([name]) => name !== 'Content-Length'), body: null }
  }
  forget(answer)
  const kept = headers.filter(
    ([name]) => name === 'Content-Location' || !name.toLowerCase().startsWith('content-'),
  )
  return { status: 304, headers: [...kept, ['ETag', tag]], body: null }
}

function isHead({ action }: ApiRequest): boolean {
  return action.kind === 'read' && action.headersOnly
}

/** Nobody sends its body. */
function forget({ body }: Answer): void {
  if (body instanceof LentBytes) body.giveBack()
}

/** The read that a write is compared with, before it is planned. */
export interface AskedComparison {
  readonly request: ApiRequest
  readonly tags: NonNullable<ReturnType<typeof readTags>>
}

/**
 * What a write with `If-Match` asks to be compared with; null where it asks for nothing.
 *
 * Errors  not-implemented: what cannot be compared and written in one go
 */
export function askedComparison(
  request: ApiRequest,
  plan: MutatePlan,
  relation: Relation | undefined,
): Result<AskedComparison | null, ApiError> {
  if (headerOf(request, 'if-none-match') !== undefined) return refuse('If-None-Match on a write')
  const tags = readTags(headerOf(request, 'if-match'))
  if (tags === null) return ok(null)
  if (plan.mutation === 'insert') return refuse('If-Match on a POST')
  if (plan.media.type.kind === 'plan') return refuse('If-Match with an execution plan')
  if (relation === undefined || relation.isView) return refuse('If-Match on a view')
  if (!namesRowByKey(request, plan.primaryKey)) {
    return refuse('If-Match on other than one row, named by eq on each column of its primary key')
  }
  const { payload: _, preferences, ...rest } = request
  const { timezone } = preferences
  const read: ApiRequest = {
    ...rest,
    action: { kind: 'read', relation: plan.relation, headersOnly: false },
    columns: [],
    preferences: { invalid: [], ...(timezone === undefined ? {} : { timezone }) },
    shapeKey: `compared\n${request.shapeKey}`,
  }
  return ok({ request: read, tags })
}

/** A read of one row may have been answered with the number of all, which is one, or without it. */
export function comparedRead(
  plan: ReadPlan,
  request: ApiRequest,
  tags: AskedComparison['tags'],
): ComparedRead {
  const heads = [null, 1].map((total) => headOf(plan.media, request, contentRange(0, 0, total)[1]))
  return { plan, request, expected: { tags, heads } }
}

/** A list may be sent in several headers. */
function headerOf({ headers }: ApiRequest, name: string): string | undefined {
  const values = headers.flatMap(([key, value]) => (key === name ? [value] : []))
  return values.length === 0 ? undefined : values.join()
}

function refuse(feature: string): Result<never, ApiError> {
  return err({ kind: 'not-implemented', feature: `${feature} is not implemented.`, engine: null })
}
