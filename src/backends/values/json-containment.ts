/**
 * `cs`, `cd` and `ov` on JSON arrays and documents, for engines that have no operators for them.
 * The operand is either a document, compared as PostgreSQL compares `jsonb`, or the members of an
 * array literal, which have no type of their own and so are compared by their text.
 */
import { isDeepStrictEqual } from 'node:util'
import { ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { type ArrayMembers, parseArrayLiteral } from './array-literal.ts'

export type ContainmentOperand =
  | { readonly kind: 'document'; readonly value: unknown }
  | { readonly kind: 'members'; readonly texts: ArrayMembers }

export type ContainmentOperator = 'cs' | 'cd' | 'ov'

/**
 * JSON, or else an array literal; `{}` is both, the empty list to arrays and the empty object to
 * other documents.
 *
 * Errors  22P02: neither
 */
export function parseContainmentOperand(text: string): Result<ContainmentOperand, DatabaseFailure> {
  const members = parseArrayLiteral(text)
  const document = members.ok && members.value.length === 0 ? undefined : parseJson(text)
  if (document !== undefined) return ok({ kind: 'document', value: document })
  return members.ok ? ok({ kind: 'members', texts: members.value }) : members
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `document` is what the column holds. */
export function relates(
  operator: ContainmentOperator,
  document: unknown,
  operand: ContainmentOperand,
): boolean {
  if (operand.kind === 'members' && (Array.isArray(document) || operand.texts.length > 0)) {
    return Array.isArray(document) && membersRelate(operator, document, operand.texts)
  }
  const value = operand.kind === 'members' ? {} : operand.value
  switch (operator) {
    case 'cs':
      return contains(document, value)
    case 'cd':
      return contains(value, document)
    case 'ov':
      return (
        Array.isArray(document) &&
        Array.isArray(value) &&
        document.some((member) => value.some((other) => isDeepStrictEqual(member, other)))
      )
  }
}

function membersRelate(
  operator: ContainmentOperator,
  document: readonly unknown[],
  texts: ArrayMembers,
): boolean {
  const own = new Set(document.map(textOf))
  const given = new Set(texts)
  // a null equals nothing, not even a null
  own.delete(null)
  switch (operator) {
    case 'cs':
      return texts.every((text) => own.has(text))
    case 'cd':
      return document.every((member) => textOf(member) !== null && given.has(textOf(member)))
    case 'ov':
      return texts.some((text) => own.has(text))
  }
}

function textOf(value: unknown): string | null {
  if (value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Rule  PostgreSQL manual: jsonb Containment; an array contains a bare scalar at the top only */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(whole) && !isContainer(part)) {
    return whole.some((member) => isDeepStrictEqual(member, part))
  }
  return containsNested(whole, part)
}

function containsNested(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) &&
      part.every((wanted) => whole.some((member) => containsNested(member, wanted)))
    )
  }
  if (isObject(part)) {
    return (
      isObject(whole) &&
      Object.entries(part).every(([key, wanted]) => {
        return Object.hasOwn(whole, key) && containsNested(whole[key], wanted)
      })
    )
  }
  return whole === part
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value)
}
