/**
 * Turns the body of a write or a call into a payload and the columns it writes. JSON is checked
 * and handed on as sent, never printed anew: numbers keep their digits.
 *
 * Rule  PostgREST docs: tables_views (Insert), functions, resource_representation (Request Body)
 */
import { type MediaType, printMediaType } from '../core/media-type.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Payload } from './api-request.ts'
import { parseCsv } from './parse-csv.ts'
import { decodeUtf8, parseQueryPairs } from './query-string.ts'

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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortedUnique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

function json(text: string, names: readonly string[], isArray: boolean): Parsed {
  const keys = sortedUnique(names)
  return ok({ payload: { kind: 'json', text, keys, isArray }, columns: keys })
}

function hasExactly(value: unknown, keys: readonly string[]): boolean {
  if (!isObject(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}

/** What can be written: an object, or objects of equal keys. Anything else is written as no rows. */
function jsonPayload(text: string, value: unknown, mismatch: string): Parsed {
  if (isObject(value)) return json(text, Object.keys(value), false)
  if (!Array.isArray(value) || value.length === 0) return json('[]', [], true)
  const [first] = value
  if (!isObject(first)) return invalid(mismatch)
  const keys = Object.keys(first)
  return value.every((each) => hasExactly(each, keys)) ? json(text, keys, true) : invalid(mismatch)
}

const invalidJson = 'Empty or invalid json'

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

function fromJson(
  body: Uint8Array,
  isCall: boolean,
  columns: readonly string[] | undefined,
): Parsed {
  const text = decodeUtf8(body)
  if (text === null) return invalid(invalidJson)
  if (columns !== undefined) {
    return ok({ payload: { kind: 'raw-json', text }, columns: sortedUnique(columns) })
  }
  // A call without arguments needs no body.
  if (isCall && text === '') return json('{}', [], false)
  const parsed = parseJson(text)
  if (parsed === null) return invalid(invalidJson)
  return jsonPayload(text, parsed.value, 'All object keys must match')
}

function fromCsv(body: Uint8Array): Parsed {
  const text = decodeUtf8(body)
  if (text === null) return invalid('parse error (Failed reading: invalid UTF-8)')
  const records = parseCsv(text)
  if (!records.ok) return invalid(records.error)
  return jsonPayload(
    JSON.stringify(records.value),
    records.value,
    'All lines must have same number of fields',
  )
}

function fromForm(body: Uint8Array, isCall: boolean): Parsed {
  const pairs = parseQueryPairs(Buffer.from(body).toString('latin1'))
  if (pairs === null) return invalid('Form is not valid UTF-8')
  const named = pairs.map(({ key, value }): [string, string] => [key, value ?? ''])
  const text = JSON.stringify(Object.fromEntries(named))
  const keys = named.map(([name]) => name)
  if (!isCall) return json(text, keys, false)
  const columns = sortedUnique(keys)
  return ok({ payload: { kind: 'form', pairs: named, keys: columns, text }, columns })
}

/**
 * `columns`: what `columns=` names, if given; with JSON the body is then passed on unread.
 *
 * Errors  invalid-body
 */
export function parsePayload(
  body: Uint8Array,
  contentType: MediaType,
  use: PayloadUse,
  columns: readonly string[] | undefined,
): Parsed {
  const isCall = use === 'call'
  const { kind } = contentType
  // PUT takes its columns from the body alone.
  if (kind === 'json') return fromJson(body, isCall, use === 'upsert' ? undefined : columns)
  if (kind === 'csv') return fromCsv(body)
  if (kind === 'form') return fromForm(body, isCall)
  if (isCall && (kind === 'text' || kind === 'xml' || kind === 'octet-stream')) {
    return ok({ payload: { kind: 'raw', bytes: body }, columns: [] })
  }
  return invalid(`Content-Type not acceptable: ${printMediaType(contentType)}`)
}
