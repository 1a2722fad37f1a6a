/**
 * `response.status` and `response.headers`: what a transaction may say of its own answer.
 *
 * Rule  PostgREST docs: transactions (Response Headers, Response Status Code)
 */

import type { Answer, Header } from '../core/http-exchange.ts'
import { err, ok, type Result } from '../core/result.ts'
import { isFramingHeader, isSendableHeader } from '../core/sendable-header.ts'
import type { ApiError } from '../errors/api-error.ts'
import { hasHeader } from './answer.ts'

/** Errors  guc-status: the text does not begin with digits that are a status */
export function parseResponseStatus(text: string | null): Result<number | null, ApiError> {
  if (text === null) return ok(null)
  const digits = /^\d+/.exec(text)?.[0]
  const status = Number(digits)
  // beyond these no final status line can be sent
  if (digits === undefined || status < 200 || status > 599) return err({ kind: 'guc-status' })
  return ok(status)
}

/**
 * Shape   `[{"a":"1"},{"b":"2"}]` → pairs in order, without those that frame the body
 * Errors  guc-headers: anything but a list of objects of one text each, or no valid header
 */
export function parseResponseHeaders(text: string | null): Result<readonly Header[], ApiError> {
  if (text === null) return ok([])
  const invalid = err({ kind: 'guc-headers' } as const)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return invalid
  }
  if (!Array.isArray(parsed)) return invalid
  const headers: Header[] = []
  for (const item of parsed as unknown[]) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return invalid
    const entries: [string, unknown][] = Object.entries(item)
    const [entry] = entries
    if (entry === undefined || entries.length !== 1) return invalid
    const [name, value] = entry
    if (typeof value !== 'string') return invalid
    if (!isSendableHeader(name, value)) return invalid
    if (!isFramingHeader(name)) headers.push([name, value])
  }
  return ok(headers)
}

/** The database's headers replace ours of the same name; its status replaces ours. */
export function applyControls(
  answer: Answer,
  status: number | null,
  headers: readonly Header[],
): Answer {
  if (status === null && headers.length === 0) return answer
  return {
    status: status ?? answer.status,
    headers: [...answer.headers.filter(([name]) => !hasHeader(headers, name)), ...headers],
    body: answer.body,
  }
}
