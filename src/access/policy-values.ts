/**
 * What policies compare with in one request → values beside those of the request itself. A claim
 * that is missing, or of a kind that no operand can be, leaves its slot without a value: conditions
 * on it are neither true nor false, so they let nothing through.
 */
import type { ApiRequest, SlotValue } from '../api/api-request.ts'
import { assertNever } from '../core/assert-never.ts'
import type { OperandPart, PolicyOperand } from './policy-registry.ts'

/** Whom a request is from: both were signed, or are configured. */
export interface Claimant {
  readonly role: string
  /** JSON text of an object. */
  readonly claims: string
}

/** The request with a value for each slot of the plan's policies. */
export function withPolicyValues(
  request: ApiRequest,
  operands: readonly PolicyOperand[],
  claimant: Claimant,
): ApiRequest {
  if (operands.length === 0) return request
  const claims: unknown = operands.some(readsClaims) ? JSON.parse(claimant.claims) : null
  const policyValues = operands.map((operand) => operandValue(operand, claims, claimant.role))
  return { ...request, policyValues }
}

/** What is known of each operand without a request: null where all of it comes from one. */
export function literalsOf(operands: readonly PolicyOperand[]): readonly (SlotValue | null)[] {
  return operands.map((operand) => {
    switch (operand.kind) {
      case 'one':
        return operand.part.kind === 'text' ? operand.part.text : null
      case 'many':
        return operand.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))
      case 'list':
        return null
      default:
        return assertNever(operand)
    }
  })
}

function readsClaims(operand: PolicyOperand): boolean {
  switch (operand.kind) {
    case 'one':
      return operand.part.kind === 'claim'
    case 'many':
      return operand.parts.some((part) => part.kind === 'claim')
    case 'list':
      return true
    default:
      return assertNever(operand)
  }
}

/** Null: there is none. */
function operandValue(operand: PolicyOperand, claims: unknown, role: string): SlotValue | null {
  switch (operand.kind) {
    case 'one':
      return partText(operand.part, claims, role)
    case 'many':
      return allTexts(operand.parts.map((part) => partText(part, claims, role)))
    case 'list': {
      const list = memberAt(claims, operand.path)
      return Array.isArray(list) ? allTexts(list.map(scalarText)) : null
    }
    default:
      return assertNever(operand)
  }
}

function partText(part: OperandPart, claims: unknown, role: string): string | null {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'role':
      return role
    case 'claim':
      return scalarText(memberAt(claims, part.path))
    default:
      return assertNever(part)
  }
}

function allTexts(texts: readonly (string | null)[]): readonly string[] | null {
  const known = texts.flatMap((text) => (text === null ? [] : [text]))
  return known.length === texts.length ? known : null
}

function memberAt(claims: unknown, path: readonly string[]): unknown {
  let found = claims
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined
    if (!Object.hasOwn(found, name)) return undefined
    found = Reflect.get(found, name)
  }
  return found
}

/** Null for what is no scalar, and for numbers whose digits were lost when they were read. */
function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') return null
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value)
}
