/**
 * `cs`, `cd` and `ov` on JSON arrays and documents, which SQLite has no operators for. The operand
 * is either a document, compared as PostgreSQL compares `jsonb`, or the members of an array
 * literal, which have no type of their own and so are compared by their text.
 */
import { isDeepStrictEqual } from 'node:util'

export type ContainmentOperand =
  | { readonly kind: 'document'; readonly value: unknown }
  | { readonly kind: 'members'; readonly texts: readonly (string | null)[] }

export type ContainmentOperator = 'cs' | 'cd' | 'ov'

/** `document` is what the column holds. */
export function relates(
  operator: ContainmentOperator,
  document: unknown,
  operand: ContainmentOperand,
): boolean {
  if (operand.kind === 'members') {
    return Array.isArray(document) && membersRelate(operator, document, operand.texts)
  }
  const { value } = operand
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
  texts: readonly (string | null)[],
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
