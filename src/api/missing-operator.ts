/**
 * A filter that could not be read because it has no operator (`name=Banyan`) → what was perhaps
 * meant. Whether there is such a column is for plan/ to say.
 */
import { type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import type { UnreadFilter } from '../errors/api-error.ts'
import { comparisonOperators, ftsOperators, simpleOperators } from './api-request.ts'
import type { FilterPair } from './syntax-failure.ts'

const operators: ReadonlySet<string> = new Set([
  ...comparisonOperators,
  ...simpleOperators,
  ...ftsOperators,
  'in',
  'is',
  'isdistinct',
])

/** Values that are longer are stood in for. */
const maxValueChars = 60

/** Null where an operator is there, so that something else is wrong. */
export function missingOperator(
  { path, field, key, value }: FilterPair,
  root: QualifiedName,
): UnreadFilter | null {
  const [, negation = '', rest = ''] = /^(not\.)?(.*)$/s.exec(value) ?? []
  const first = /^([a-z]+)(?:\([^)]*\))?\./.exec(rest)?.[1]
  if (first !== undefined && operators.has(first)) return null
  const shown = rest.length > maxValueChars ? 'value' : rest
  const target = path.at(-1)
  return {
    relation: target === undefined ? root : qualifiedName(root.schema, target),
    column: field.name,
    asEquality: `${key}=${negation}eq.${shown}`,
  }
}
