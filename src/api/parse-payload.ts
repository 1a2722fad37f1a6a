/**
 * Turns the body of a write or a call into a payload and the columns it writes. JSON is checked
 * and handed on as sent, never printed anew: numbers keep their digits.
 *
 * Rule  PostgREST docs: tables_views (Insert), functions, resource_representation (Request Body)
 */
import { type MediaType, printMediaType } from '../core/media-type.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Payload } from './api-request.ts'
import { outlineJson } from './outline-json.ts'
import { parseCsv } from './parse-csv.ts'
import { decodeBody, queryPairs } from './query-string.ts'
import { maxRequestNodes } from './request-limits.ts'

/** What the body is used for. */
export type PayloadUse = 'call' | 'insert' | 'update' | 'upsert'

export interface PayloadAndColumns {
  readonly payload: Payload
  readonly columns: readonly string[]
}

type Parsed = Result<PayloadAndColumns, ApiError>

function invalid(message: string): Parsed {
  return err({ kind: 'invalid-body', message })
}

function tooManyNames(what: string): Parsed {
  return err({ kind: 'too-complex', details: `${what} more than ${maxRequestNodes} names.` })
}

function sortedUnique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

function json(text: string, names: readonly string[], isArray: boolean): Parsed {
  const keys = sortedUnique(names)
  return ok({ payload: { kind: 'json', text, keys, isArray }, columns: keys })
}

const noRows = json('[]', [], true)
const invalidJson = 'Empty or invalid json'
const unequalKeys = 'All object keys must match'

/** What can be written: an object, or objects of equal keys. Anything else is written as no rows. */
function* fromJson(
  body: Uint8Array,
  isCall: boolean,
  columns: readonly string[] | undefined,
): Steps<Parsed> {
  const text = yield* decodeBody(body)
  if (text === null) return invalid(invalidJson)
  if (columns !== undefined) {
    return ok({ payload: { kind: 'raw-json', text }, columns: sortedUnique(columns) })
  }
  // A call without arguments needs no body.
  if (isCall && text === '') return json('{}', [], false)
  const outline = yield* outlineJson(body, maxRequestNodes)
  if (outline === null) return invalid(invalidJson)
  const { kind, isEmptyList, keys } = outline
  if (kind === 'other' || isEmptyList) return noRows
  // a document for a function may have any number: those that are known are more than arguments
  if (keys.areTooMany && !isCall) return tooManyNames('A row of the body has')
  return keys.areEqual ? json(text, keys.names, kind === 'list') : invalid(unequalKeys)
}

function* fromCsv(body: Uint8Array): Steps<Parsed> {
  const text = yield* decodeBody(body)
  if (text === null) return invalid('parse error (Failed reading: invalid UTF-8)')
  const parsed = yield* parseCsv(text, maxRequestNodes)
  if (!parsed.ok) return invalid(parsed.error)
  const { width, names, records, areAlike } = parsed.value
  if (width > maxRequestNodes) return tooManyNames('The header of the body has')
  if (records.length === 0) return noRows
  return areAlike
    ? json(`[${records.join(',')}]`, names, true)
    : invalid('All lines must have same number of fields')
}

function* fromForm(body: Uint8Array, isCall: boolean): Steps<Parsed> {
  const pairs = yield* queryPairs(Buffer.from(body).toString('latin1'), maxRequestNodes + 1)
  if (pairs === null) return invalid('Form is not valid UTF-8')
  if (pairs.length > maxRequestNodes) return tooManyNames('The form has')
  const named = pairs.map(({ key, value }): [string, string] => [key, value ?? ''])
  const text = JSON.stringify(Object.fromEntries(named))
  const keys = named.map(([name]) => name)
  if (!isCall) return json(text, keys, false)
  const columns = sortedUnique(keys)
  return ok({ payload: { kind: 'form', pairs: named, keys: columns, text }, columns })
}

/**
 * `columns`: what `columns=` names, if given; with JSON the body is then passed on unread. In steps,
 * since a body may be large.
 *
 * Errors  invalid-body, too-complex
 */
export function* parsePayload(
  body: Uint8Array,
  contentType: MediaType,
  use: PayloadUse,
  columns: readonly string[] | undefined,
): Steps<Parsed> {
  const isCall = use === 'call'
  const { kind } = contentType
  // PUT takes its columns from the body alone.
  if (kind === 'json') {
    return yield* fromJson(body, isCall, use === 'upsert' ? undefined : columns)
  }
  if (kind === 'csv') return yield* fromCsv(body)
  if (kind === 'form') return yield* fromForm(body, isCall)
  if (isCall && (kind === 'text' || kind === 'xml' || kind === 'octet-stream')) {
    return ok({ payload: { kind: 'raw', bytes: body }, columns: [] })
  }
  return invalid(`Content-Type not acceptable: ${printMediaType(contentType)}`)
}
