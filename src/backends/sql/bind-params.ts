/**
 * Finds the values of a compiled statement's placeholders in one request. Runs for every request,
 * after compiling or a hit in the statement cache; values pass as text and the engine converts
 * them, so that its own rules and error messages hold.
 */
import type { ApiRequest, SlotValue, Window } from '../../api/api-request.ts'
import { assertNever } from '../../core/assert-never.ts'
import type { PlanWindow } from '../../plan/plan.ts'
import { parseArrayLiteral, quoteMembers, toArrayLiteral } from '../values/array-literal.ts'
import type { ParamRef, PayloadEncoding } from './param-ref.ts'
import type { SqlStatement } from './sql-text.ts'

/** Texts are bound as text, bytes in binary. */
export type BoundValue = string | Uint8Array | null

/** The values for `statement.params`, in their order. */
export function bindParams(statement: SqlStatement, request: ApiRequest): readonly BoundValue[] {
  return statement.params.map((ref) => bindParam(ref, request))
}

function bindParam(ref: ParamRef, request: ApiRequest): BoundValue {
  switch (ref.kind) {
    case 'const':
      return ref.text
    case 'slot':
      return bindSlot(ref, request.values[ref.slot] ?? '')
    case 'limit':
      return bindLimit(ref.window, request)
    case 'offset':
      return wholeNumber(windowOf(ref.window, request)?.offset ?? 0)
    case 'payload':
      return bindPayload(ref.as, request)
    case 'argument':
      return bindArgument(ref.name, ref.isVariadic, request)
    case 'arguments':
      return JSON.stringify(Object.fromEntries(callPairs(request)))
    default:
      return assertNever(ref)
  }
}

function bindSlot(ref: Extract<ParamRef, { kind: 'slot' }>, sent: SlotValue): string {
  const value = ref.starsAreWildcards ? starsToWildcards(sent) : sent
  switch (ref.encode) {
    case 'text':
    case 'array':
      return typeof value === 'string' ? value : toArrayLiteral(value)
    case 'json-list':
      return JSON.stringify(toMembers(value))
    default:
      return assertNever(ref.encode)
  }
}

function starsToWildcards(value: SlotValue): SlotValue {
  return typeof value === 'string'
    ? value.replaceAll('*', '%')
    : value.map((member) => member.replaceAll('*', '%'))
}

/** A text that is no array literal counts as its only member. */
function toMembers(value: SlotValue): readonly (string | null)[] {
  if (typeof value === 'string') return parseArrayLiteral(value) ?? [value]
  return value.length === 1 && value[0] === '' ? [] : value
}

function windowOf(window: PlanWindow, request: ApiRequest): Window | undefined {
  if (window.source === null) return undefined
  return window.source === 0 ? request.window : request.embedWindows[window.source - 1]?.value
}

function bindLimit(window: PlanWindow, request: ApiRequest): string | null {
  const asked = windowOf(window, request)?.limit
  if (window.maxRows === null) return asked === undefined ? null : wholeNumber(asked)
  return wholeNumber(asked === undefined ? window.maxRows : Math.min(asked, window.maxRows))
}

/** Without the exponent that JavaScript gives large numbers: the engine says what is too large. */
function wholeNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value)
  return BigInt(Math.trunc(Math.min(value, Number.MAX_VALUE))).toString()
}

function bindPayload(encoding: PayloadEncoding, request: ApiRequest): BoundValue {
  const { payload } = request
  if (payload === undefined) return null
  if (encoding === 'bytes') {
    return payload.kind === 'raw' ? payload.bytes : new TextEncoder().encode(payload.text)
  }
  const text = payload.kind === 'raw' ? new TextDecoder().decode(payload.bytes) : payload.text
  return encoding === 'json-rows' && text.trimStart().startsWith('{') ? `[${text}]` : text
}

/** A form's pairs, else the query's. */
function callPairs(request: ApiRequest): readonly (readonly [string, string])[] {
  return request.payload?.kind === 'form' ? request.payload.pairs : request.callArguments
}

function bindArgument(name: string, isVariadic: boolean, request: ApiRequest): string | null {
  const values = callPairs(request)
    .filter(([key]) => key === name)
    .map(([, value]) => value)
  return isVariadic ? quoteMembers(values) : (values.at(-1) ?? null)
}
