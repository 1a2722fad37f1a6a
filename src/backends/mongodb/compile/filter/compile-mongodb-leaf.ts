/**
 * One filter on one field as two conditions: where it is true, and where it is false. A row on which
 * SQL would find null is in neither, so that a negation takes the other one, and no third value has
 * to be computed by the server.
 */
import type { Document } from 'mongodb'
import type {
  ApiRequest,
  ComparisonOperator,
  IsValue,
  Operation,
  SimpleOperator,
  Slot,
} from '../../../../api/api-request.ts'
import { assertNever } from '../../../../core/assert-never.ts'
import type { FilterCondition, PlanField } from '../../../../plan/plan.ts'
import type { ArrayMembers } from '../../../values/array-literal.ts'
import { missingOperator, refuseIs, typeOfField } from '../../../values/type-rules.ts'
import { kindOfType } from '../../../values/value-kind.ts'
import { type FieldPlace, typedField } from '../field-place.ts'
import { notImplemented, refuse } from '../mongodb-refusal.ts'
import { type SetOperator, setCondition } from './containment-conditions.ts'
import { type FieldComparison, fieldComparison } from './field-comparison.ts'
import { operandMembers, operandText, patternMembers, patternText } from './filter-operands.ts'
import {
  allOf,
  anyOf,
  everyRow,
  type FilterTarget,
  isNull,
  isOneOf,
  matches,
  matchesDigits,
  noneOf,
  noRow,
  type Regex,
} from './filter-target.ts'
import { likeToRegex, posixToRegex } from './mongodb-pattern.ts'

export interface Leaf {
  readonly isTrue: Document
  readonly isFalse: Document
}

type BoundLeaf = (request: ApiRequest) => Leaf

/** All filters but those of text searches. */
export function compileLeaf(
  place: FieldPlace,
  { field: asked, negated, operation }: FilterCondition,
): BoundLeaf {
  const field = typedField(place, asked)
  const leaf = compileOperation(fieldComparison(place, field), field, operation)
  return negated ? (request) => opposite(leaf(request)) : leaf
}

function opposite({ isTrue, isFalse }: Leaf): Leaf {
  return { isTrue: isFalse, isFalse: isTrue }
}

/** False where it is not true, but null of a null. */
function unlessNull(target: FilterTarget, isTrue: Document): Leaf {
  return { isTrue, isFalse: noneOf([isTrue, isNull(target)]) }
}

/** True or false of nulls too. */
function evenOfNull(isTrue: Document): Leaf {
  return { isTrue, isFalse: noneOf([isTrue]) }
}

function compileOperation(
  comparison: FieldComparison,
  field: PlanField,
  operation: Operation,
): BoundLeaf {
  const { target } = comparison
  switch (operation.kind) {
    case 'comparison': {
      const { operator, quantifier, value: slot } = operation
      const test = testOf(comparison, field, operator)
      if (quantifier === undefined) {
        return (request) => unlessNull(target, test.one(test.text(slot, request)))
      }
      const quantify = quantifier === 'any' ? anyMember : allMembers
      return (request) => quantify(target, test, test.members(slot, request))
    }
    case 'in': {
      const test = testOf(comparison, field, 'eq')
      return (request) => anyMember(target, test, test.members(operation.value, request))
    }
    case 'simple':
      return compileSimple(comparison, field, operation.operator, operation.value)
    case 'is': {
      const leaf = isLeaf(comparison, field, operation.value)
      return () => leaf
    }
    case 'isdistinct': {
      const test = testOf(comparison, field, 'eq')
      return (request) => opposite(evenOfNull(test.one(operandText(operation.value, request))))
    }
    case 'fts':
      throw new Error('a text search is no condition on one value')
    default:
      return assertNever(operation)
  }
}

/** A comparison with one operand, and with some at once. */
interface Test {
  readonly one: (text: string) => Document
  /** True of one of the texts. */
  readonly some: (texts: readonly string[]) => Document
  readonly text: (slot: Slot, request: ApiRequest) => string
  readonly members: (slot: Slot, request: ApiRequest) => ArrayMembers
}

function testOf(comparison: FieldComparison, field: PlanField, operator: ComparisonOperator): Test {
  const { equalsOne, isOrdered } = comparison
  const onValues = { text: operandText, members: operandMembers }
  switch (operator) {
    case 'eq':
      return { ...onValues, one: (text) => equalsOne([text]), some: equalsOne }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { ...onValues, ...oneByOne((text) => isOrdered(operator, text)) }
    case 'like':
    case 'ilike': {
      const isMatch = textMatch(comparison, field, operator)
      const ignoresCase = operator === 'ilike'
      return {
        text: patternText,
        members: patternMembers,
        ...oneByOne((pattern) => isMatch(likeToRegex(pattern, ignoresCase))),
      }
    }
    case 'match':
    case 'imatch': {
      const isMatch = textMatch(comparison, field, operator)
      const ignoresCase = operator === 'imatch'
      return {
        ...onValues,
        ...oneByOne((pattern) => isMatch(posixToRegex(pattern, ignoresCase))),
      }
    }
    default:
      return assertNever(operator)
  }
}

function oneByOne(one: (text: string) => Document): Pick<Test, 'one' | 'some'> {
  return { one, some: (texts) => anyOf(texts.map(one)) }
}

/** Whether the text of a value matches. Throws  42883 where the field holds no texts */
function textMatch(
  { target, kind, isJson }: FieldComparison,
  field: PlanField,
  operator: 'like' | 'ilike' | 'match' | 'imatch',
): (regex: Regex) => Document {
  if (isJson) return refuse(missingOperator(operator, typeOfField(field)))
  switch (kind) {
    case 'string':
      return (regex) => matches(target, regex)
    case 'mixed':
    case 'any':
      return (regex) => anyOf([matches(target, regex), matchesDigits(target, regex)])
    case 'objectId':
      return (regex) => matchesDigits(target, regex)
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
    case 'bool':
    case 'date':
    case 'dateText':
    case 'timeText':
    case 'timestampText':
    case 'uuid':
    case 'binary':
    case 'array':
    case 'document':
    case 'other':
      return refuse(missingOperator(operator, typeOfField(field)))
    default:
      return assertNever(kind)
  }
}

/** A null among the members could be what makes it true: then it is false of nothing. */
function anyMember(target: FilterTarget, test: Test, members: ArrayMembers): Leaf {
  if (members.length === 0) return { isTrue: noRow, isFalse: everyRow }
  const texts = members.filter((member) => member !== null)
  const leaf = unlessNull(target, test.some(texts))
  return texts.length < members.length ? { isTrue: leaf.isTrue, isFalse: noRow } : leaf
}

/** A null among the members could be what makes it false: then it is true of nothing. */
function allMembers(target: FilterTarget, test: Test, members: ArrayMembers): Leaf {
  if (members.length === 0) return { isTrue: everyRow, isFalse: noRow }
  const texts = members.filter((member) => member !== null)
  const leaf = unlessNull(target, allOf(texts.map(test.one)))
  if (texts.length === members.length) return leaf
  return { isTrue: noRow, isFalse: texts.length === 0 ? noRow : leaf.isFalse }
}

function compileSimple(
  comparison: FieldComparison,
  field: PlanField,
  operator: SimpleOperator,
  slot: Slot,
): BoundLeaf {
  const { target, equalsOne } = comparison
  switch (operator) {
    case 'neq':
      return (request) => opposite(unlessNull(target, equalsOne([operandText(slot, request)])))
    case 'cs':
    case 'cd':
    case 'ov':
      return compileSet(comparison, field, operator, slot)
    case 'sl':
    case 'sr':
    case 'nxr':
    case 'nxl':
    case 'adj':
      return notImplemented('range operators (sl, sr, nxr, nxl, adj)')
    default:
      return assertNever(operator)
  }
}

function compileSet(
  comparison: FieldComparison,
  field: PlanField,
  operator: SetOperator,
  slot: Slot,
): BoundLeaf {
  const condition = setCondition(comparison, field, operator)
  return (request) => unlessNull(comparison.target, condition(operandText(slot, request)))
}

function isLeaf({ target, kind, isJson }: FieldComparison, field: PlanField, value: IsValue): Leaf {
  const takesAny = !isJson && (kind === 'mixed' || kind === 'any')
  const valueKind = takesAny ? 'any' : kind === 'bool' ? 'boolean' : kindOfType(typeOfField(field))
  const refusal = refuseIs(value, valueKind, typeOfField(field))
  if (refusal !== null) return refuse(refusal)
  switch (value) {
    case 'null':
    case 'unknown':
      return evenOfNull(isNull(target))
    case 'not_null':
      return opposite(evenOfNull(isNull(target)))
    case 'true':
    case 'false':
      return evenOfNull(isOneOf(target, [value === 'true']))
    default:
      return assertNever(value)
  }
}
