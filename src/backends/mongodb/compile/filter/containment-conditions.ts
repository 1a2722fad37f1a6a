/**
 * `cs`, `cd` and `ov`: arrays of one kind as sets of values, JSON by PostgreSQL's rules of `jsonb`.
 * Members of an array literal have no type of their own where the array's elements have none, and
 * equal whatever is shown as their text.
 */
import type { Document } from 'mongodb'
import type { PlanField } from '../../../../plan/plan.ts'
import { parseContainmentOperand } from '../../../values/json-containment.ts'
import { missingOperator, typeOfField } from '../../../values/type-rules.ts'
import { refuse } from '../mongodb-refusal.ts'
import type { FieldComparison } from './field-comparison.ts'
import { type Readings, readElements, readingsOf } from './filter-operands.ts'
import {
  allOf,
  asExpression,
  expr,
  type FilterTarget,
  isNull,
  literal,
  named,
  noneOf,
  noRow,
} from './filter-target.ts'
import { containsJson, isContainedInJson, overlapsJson } from './json-conditions.ts'
import { type JsonOperand, readJsonOperand } from './json-operand.ts'

export type SetOperator = 'cs' | 'cd' | 'ov'

/** The condition for one operand. Throws  42883 for other kinds of values */
export function setCondition(
  comparison: FieldComparison,
  field: PlanField,
  operator: SetOperator,
): (text: string) => Document {
  const { target, kind, elements, isJson } = comparison
  if (elements !== null) {
    return (text) => onElements(target, operator, readElements(elements, text))
  }
  if (!isJson && kind !== 'mixed' && kind !== 'any') {
    return refuse(missingOperator(operator, typeOfField(field)))
  }
  // where a column is JSON `{}` is the empty object, and not the literal of an empty list as well
  return (text) =>
    isJson && kind !== 'array' && text.trim() === '{}'
      ? onDocument(target, operator, text)
      : onJson(target, operator, text)
}

/** `members`: for each what equals it; null for null, which equals nothing. */
function onElements(
  target: FilterTarget,
  operator: SetOperator,
  members: readonly (Readings | null)[],
): Document {
  const known = members.filter((member) => member !== null)
  const values = known.flat()
  switch (operator) {
    case 'cs':
      return known.length < members.length ? noRow : holdsAll(target, known)
    case 'cd':
      return holdsOnly(target, values)
    case 'ov':
      return holdsAny(target, values)
  }
}

function holdsAll(target: FilterTarget, members: readonly Readings[]): Document {
  if (target.kind === 'path') {
    const { path } = target
    const isArray = { $type: 'array' }
    if (members.length === 0) return { [path]: isArray }
    const isPlain = members.every((member) => member.length === 1)
    if (isPlain) return { [path]: { ...isArray, $all: members.flat() } }
    return allOf(members.map((member) => holdsAny(target, member)))
  }
  return ifArray(target, (array) => ({
    $and: members.map((member) => hasCommon(array, member)),
  }))
}

function holdsOnly(target: FilterTarget, values: Readings): Document {
  if (target.kind === 'path') {
    return { [target.path]: { $type: 'array', $not: { $elemMatch: { $nin: values } } } }
  }
  return ifArray(target, (array) => ({ $setIsSubset: [array, literal(values)] }))
}

function holdsAny(target: FilterTarget, values: Readings): Document {
  if (values.length === 0) return noRow
  if (target.kind === 'path') return { [target.path]: { $elemMatch: { $in: values } } }
  return ifArray(target, (array) => hasCommon(array, values))
}

function hasCommon(array: string, values: Readings): Document {
  return { $gt: [{ $size: { $setIntersection: [array, literal(values)] } }, 0] }
}

function ifArray(target: FilterTarget, test: (array: string) => Document): Document {
  return expr(
    named(asExpression(target), 'array', (array) => ({
      $cond: [{ $isArray: [array] }, test(array), false],
    })),
  )
}

function onJson(target: FilterTarget, operator: SetOperator, text: string): Document {
  const read = parseContainmentOperand(text)
  if (!read.ok) return refuse(read.error)
  if (read.value.kind === 'members') {
    const { texts } = read.value
    if (texts.length === 0) return onNothing(target, operator)
    const members = texts.map((each) => (each === null ? null : readingsOf('any', each)))
    return onElements(target, operator, members)
  }
  return onDocument(target, operator, text)
}

function onDocument(target: FilterTarget, operator: SetOperator, text: string): Document {
  const operand = readJsonOperand(text)
  const condition = relatesJson(target, operator, operand)
  // null is a JSON value to the operand, and no value to the field
  return holdsNull(operator, operand) ? allOf([condition, noneOf([isNull(target)])]) : condition
}

/** Whether a scalar null would be true of it. */
function holdsNull(operator: SetOperator, operand: JsonOperand): boolean {
  if (operand.kind !== 'list') return operand.kind === 'null'
  return operator === 'cd' && operand.items.some(({ kind }) => kind === 'null')
}

function relatesJson(target: FilterTarget, operator: SetOperator, operand: JsonOperand): Document {
  const value = asExpression(target)
  switch (operator) {
    case 'cs':
      return expr(containsJson(value, operand))
    case 'cd':
      return expr(isContainedInJson(value, operand))
    case 'ov':
      return operand.kind === 'list' ? expr(overlapsJson(value, operand.items)) : noRow
  }
}

/** `{}` is the empty list to arrays, and the empty object to objects. */
function onNothing(target: FilterTarget, operator: SetOperator): Document {
  switch (operator) {
    case 'cs':
      return expr({ $in: [{ $type: asExpression(target) }, ['array', 'object']] })
    case 'cd':
      return expr({ $in: [asExpression(target), [[], literal({})]] })
    case 'ov':
      return noRow
  }
}
