/**
 * Cuts the windows out of `limit=`, `offset=` and the `Range` header. A window is first an
 * interval of row numbers, because that is how header and parameters are combined.
 *
 * Rule  PostgREST docs: pagination_count; v16.2 spec: RangeSpec
 */
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { At, Window } from './api-request.ts'
import { treePath } from './parse-field.ts'
import { parseText } from './scanner.ts'

/** Rows `first` to `last`, both included; no `last`: to the end. Empty if `last` is below `first`. */
interface Interval {
  readonly first: number
  readonly last: number
}

const allRows: Interval = { first: 0, last: Number.POSITIVE_INFINITY }
const noRows: Interval = { first: 0, last: -1 }

/**
 * `limit` and `offset` of one embed, as sent; the last one of each counts. Null: not given.
 */
interface WindowText {
  limit: string | null
  offset: string | null
}

/** By the key of the limit: `limit` for the root, `embed.limit` for an embed. */
export type WindowTexts = Map<string, WindowText>

export function noteWindow(
  windows: WindowTexts,
  key: string,
  kind: 'limit' | 'offset',
  value: string,
): void {
  const limitKey = kind === 'limit' ? key : `${key.slice(0, -'offset'.length)}limit`
  const window = windows.get(limitKey)
  if (window !== undefined) window[kind] = value
  else windows.set(limitKey, { limit: null, offset: null, [kind]: value })
}

const wholeNumber = /^-?\s*\d+$/

/** Null if it is no number; kept within what every engine can count to. */
function readNumber(text: string | null): number | null {
  // blanks at the ends go first: a pattern that allows them backtracks over long ones
  const trimmed = text?.trim() ?? ''
  if (!wholeNumber.test(trimmed)) return null
  const value = Number(trimmed.replace(/\s/g, ''))
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER))
}

/**
 * A limit that is no number bounds nothing, but beside an offset it counts as zero: as in
 * PostgREST.
 */
function intervalOf({ limit, offset }: WindowText): Interval {
  const first = readNumber(offset) ?? 0
  if (limit === null) return { first, last: Number.POSITIVE_INFINITY }
  const count = readNumber(limit)
  if (offset === null) return count === null ? allRows : { first: 0, last: count - 1 }
  return { first, last: first + (count ?? 0) - 1 }
}

const isEmpty = (interval: Interval) => interval.last < interval.first
const asksForNone = (interval: Interval) => interval.last === -1

const rangePattern = /^([0-9]+)-([0-9]*)$/

function headerInterval(range: string | undefined): Interval {
  const match = range === undefined ? null : rangePattern.exec(range)
  if (match === null) return allRows
  return {
    first: readNumber(match[1] ?? null) ?? 0,
    last: readNumber(match[2] ?? null) ?? Number.POSITIVE_INFINITY,
  }
}

function windowOf({ first, last }: Interval): Window {
  return last === Number.POSITIVE_INFINITY
    ? { offset: first }
    : { offset: first, limit: last - first + 1 }
}

/**
 * The window of the root.
 *
 * Errors  invalid-range, put-limit
 */
export function rootWindow(
  method: string,
  windows: WindowTexts,
  range: string | undefined,
): Result<Window, ApiError> {
  const texts = windows.get('limit')
  if (texts === undefined && range === undefined) return ok({ offset: 0 })
  // RFC 9110: Range means something on GET only.
  const header = method === 'GET' ? headerInterval(range) : allRows
  const asked = texts === undefined ? allRows : intervalOf(texts)
  const isZero = asksForNone(asked)
  const cut: Interval =
    isEmpty(header) || isEmpty(asked)
      ? noRows
      : { first: Math.max(header.first, asked.first), last: Math.min(header.last, asked.last) }
  if (isEmpty(cut) && !isZero) {
    const failure = isEmpty(header) ? 'lower-above-upper' : 'negative-limit'
    return err({ kind: 'invalid-range', failure: { kind: failure } })
  }
  const window = windowOf(isZero ? noRows : cut)
  if (method === 'PUT' && (window.offset !== 0 || window.limit !== undefined)) {
    return err({ kind: 'put-limit' })
  }
  return ok(window)
}

function negative(what: 'LIMIT' | 'OFFSET'): ApiError {
  return {
    kind: 'database',
    failure: {
      sqlState: what === 'LIMIT' ? '2201W' : '2201X',
      message: `${what} must not be negative`,
      details: null,
      hint: null,
    },
    authenticated: false,
  }
}

/**
 * The windows of the embeds, in order of appearance.
 *
 * Errors  database: what PostgreSQL would say of a negative bound, which no engine is asked for
 * Throws  SyntaxFailure
 */
export function embedWindows(windows: WindowTexts): Result<readonly At<Window>[], ApiError> {
  const found: At<Window>[] = []
  for (const [key, texts] of windows) {
    if (key === 'limit') continue
    const { path } = parseText(treePath, key, (text) => `failed to parse tree path (${text})`).value
    const window = windowOf(intervalOf(texts))
    if (window.limit !== undefined && window.limit < 0) return err(negative('LIMIT'))
    if (window.offset < 0) return err(negative('OFFSET'))
    found.push({ path, value: window })
  }
  return ok(found)
}
