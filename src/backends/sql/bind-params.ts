/**
 * Finds the values of a compiled statement's placeholders in one request. Runs for every request,
 * after compiling or a hit in the statement cache. The engine gives what is found the form in which
 * it is bound.
 */
import type { ApiRequest } from '../../api/api-request.ts'
import { assertNever } from '../../core/assert-never.ts'
import {
  callPairs,
  jsonArguments,
  limitOf,
  offsetOf,
  patternValue,
  payloadBytes,
  payloadText,
  slotValue,
} from '../../plan/request-values.ts'
import type { ParamRef, RequestPart } from './param-ref.ts'
import type { SqlStatement } from './sql-text.ts'

/** A text, the members of a list, or bytes. */
export type ParamValue = string | readonly string[] | Uint8Array | null

/** Who asks, where a statement wants to know. */
export interface Caller {
  readonly role: string
  /** JSON text. */
  readonly claims: string
}

/** For statements that do not ask. */
const nobody: Caller = { role: '', claims: '{}' }

/** The values for `statement.params`, in their order. */
export function bindParams(
  statement: SqlStatement,
  request: ApiRequest,
  caller: Caller = nobody,
): readonly ParamValue[] {
  let members: ReadonlyMap<string, string> | undefined
  const jsonArgument = (name: string) => {
    members ??= jsonArguments(request) ?? new Map()
    return members.get(name) ?? null
  }
  return statement.params.map((ref) => {
    switch (ref.kind) {
      case 'json-argument':
        return jsonArgument(ref.name)
      case 'request':
        return requestPart(ref.part, request, caller)
      default:
        return bindParam(ref, request)
    }
  })
}

function requestPart(part: RequestPart, request: ApiRequest, { role, claims }: Caller): string {
  switch (part) {
    case 'method':
      return request.method
    case 'path':
      return request.path
    case 'role':
      return role
    case 'claims':
      return claims
    case 'headers':
      return JSON.stringify(Object.fromEntries(request.headers))
    case 'cookies':
      return JSON.stringify(Object.fromEntries(request.cookies))
    default:
      return assertNever(part)
  }
}

type PlainRef = Exclude<ParamRef, { readonly kind: 'json-argument' | 'request' }>

function bindParam(ref: PlainRef, request: ApiRequest): ParamValue {
  switch (ref.kind) {
    case 'const':
      return ref.text
    case 'slot':
      return slotValue(ref.slot, request)
    case 'pattern':
      return patternValue(ref.slot, request)
    case 'limit': {
      const limit = limitOf(ref.window, request)
      return limit === null ? null : wholeNumber(limit)
    }
    case 'offset':
      return wholeNumber(offsetOf(ref.window, request))
    case 'payload':
      return payloadText(request)
    case 'payload-rows': {
      const text = payloadText(request)
      return text?.trimStart().startsWith('{') === true ? `[${text}]` : text
    }
    case 'payload-bytes':
      return payloadBytes(request)
    case 'argument': {
      const values = callPairs(request).filter(([name]) => name === ref.name)
      return values.at(-1)?.[1] ?? null
    }
    case 'variadic-argument':
      return callPairs(request).flatMap(([name, value]) => (name === ref.name ? [value] : []))
    case 'arguments':
      return JSON.stringify(Object.fromEntries(callPairs(request)))
    default:
      return assertNever(ref)
  }
}

/** Without the exponent that JavaScript gives large numbers: the engine says what is too large. */
function wholeNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value)
  return BigInt(Math.trunc(Math.min(value, Number.MAX_VALUE))).toString()
}
