/**
 * A filter that could not be read because it has no operator (`name=Banyan`, or `name.Banyan` in a
 * logic tree) → what was perhaps meant. Whether there is such a column is for plan/ to say.
 */
import { type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import type { UnreadFilter } from '../errors/api-error.ts'
import { comparisonOperators, ftsOperators, simpleOperators } from './api-request.ts'
import type { FilterText } from './syntax-failure.ts'

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

/** Whether a value begins with an operator. Shape  `not.eq.x`, `like(any).{a,b}` */
export function hasOperator(value: string): boolean {
  const operator = /^(?:not\.)?([a-z]+)(?:\([^)]*\))?\./.exec(value)?.[1]
  return operator !== undefined && operators.has(operator)
}

/** Null where an operator is there, so that something else is wrong. */
export function missingOperator(
  { path, field, start, value }: FilterText,
  root: QualifiedName,
): UnreadFilter | null {
  if (hasOperator(value)) return null
  const [, negation = '', rest = ''] = /^(not\.)?(.*)$/s.exec(value) ?? []
  const shown = rest.length > maxValueChars ? 'value' : rest
  const target = path.at(-1)
  return {
    relation: target === undefined ? root : qualifiedName(root.schema, target),
    column: field.name,
    asEquality: `${start}${negation}eq.${shown}`,
  }
}
