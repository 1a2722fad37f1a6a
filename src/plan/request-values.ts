/**
 * The values that a plan's references stand for in one request: a plan says where a value is found,
 * the request has it. Every engine binds these, each in its own form.
 */
import type { ApiRequest, Slot, SlotValue, Window } from '../api/api-request.ts'
import { isJson } from '../core/json/is-json.ts'
import { jsonItems, jsonMembers } from '../core/json/json-members.ts'
import type { PlanWindow } from './plan.ts'

type SentValues = Pick<ApiRequest, 'values' | 'policyValues'>

/**
 * A filter's value as sent.
 *
 * Shape  a text, or the members of a list; `in.()` is sent as a list of one empty text, and means
 *        the empty list
 */
export function slotValue(slot: Slot, request: SentValues): SlotValue {
  const value = (slot < 0 ? request.policyValues?.[-1 - slot] : request.values[slot]) ?? ''
  const isEmptyList = typeof value !== 'string' && value.length === 1 && value[0] === ''
  return isEmptyList ? [] : value
}

/** The slot of a plan's n-th policy operand, from 0 on: no slot of a request is one of these. */
export function policySlot(index: number): Slot {
  return -1 - index
}

/** Whether there is a value: what a policy compares with may be missing. */
export function isGiven(slot: Slot, request: SentValues): boolean {
  return slot >= 0 || (request.policyValues?.[-1 - slot] ?? null) !== null
}

/** The pattern of `like` and `ilike`: `*` may be written for `%`, which URLs encode. */
export function patternValue(slot: Slot, request: SentValues): SlotValue {
  const value = slotValue(slot, request)
  return typeof value === 'string'
    ? value.replaceAll('*', '%')
    : value.map((member) => member.replaceAll('*', '%'))
}

/** The smaller of what was asked for and what binds the node; null when neither does. */
export function limitOf(window: PlanWindow, request: ApiRequest): number | null {
  const asked = windowOf(window, request)?.limit ?? null
  if (asked === null || window.maxRows === null) return asked ?? window.maxRows
  return Math.min(asked, window.maxRows)
}

export function offsetOf(window: PlanWindow, request: ApiRequest): number {
  return windowOf(window, request)?.offset ?? 0
}

function windowOf({ source }: PlanWindow, request: ApiRequest): Window | undefined {
  if (source === null) return undefined
  return source === 0 ? request.window : request.embedWindows[source - 1]?.value
}

/** The body as text; null when there is none. */
export function payloadText({ payload }: ApiRequest): string | null {
  if (payload === undefined) return null
  return payload.kind === 'raw' ? new TextDecoder().decode(payload.bytes) : payload.text
}

/** The body as it came; null when there is none. */
export function payloadBytes({ payload }: ApiRequest): Uint8Array | null {
  if (payload === undefined) return null
  return payload.kind === 'raw' ? payload.bytes : new TextEncoder().encode(payload.text)
}

/**
 * The arguments of a call by JSON, each as JSON text: of a list of objects the first one counts.
 *
 * Shape   null where the body is no JSON, which nobody has looked at before when `columns` was given
 */
export function jsonArguments(request: ApiRequest): ReadonlyMap<string, string> | null {
  const text = payloadText(request) ?? '{}'
  if (request.payload?.kind === 'raw-json' && !isJson(text)) return null
  return jsonMembers(jsonItems(text)?.[0] ?? text) ?? new Map()
}

/** The arguments of a call by query or form, as often as each was given: a form's, else the query's. */
export function callPairs(request: ApiRequest): readonly (readonly [string, string])[] {
  return request.payload?.kind === 'form' ? request.payload.pairs : request.callArguments
}
