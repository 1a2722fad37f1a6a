/**
 * How the values of one field are compared with operands: by the kind of the field as scalars,
 * arrays, JSON or the texts behind `->>`. The texts of a request come in, conditions on the documents
 * go out; what is said of null is not decided here.
 */
import type { Document } from 'mongodb'
import { assertNever } from '../../../../core/assert-never.ts'
import type { PlanField } from '../../../../plan/plan.ts'
import { missingOperator, typeOfField } from '../../../values/type-rules.ts'
import type { BsonValue } from '../../bson/bson-value.ts'
import type { FieldKind } from '../../bson/field-kind.ts'
import {
  coveringPath,
  type Expression,
  expressionOf,
  type FieldPlace,
  fieldFacts,
  isReached,
  kindOf,
  mayBeArray,
  queryPath,
  textOf,
} from '../field-place.ts'
import { notImplemented, refuse } from '../mongodb-refusal.ts'
import { isOrdered, type Ordering, orderOfBytes } from './bson-bracket.ts'
import { type Readings, readElements, readingsOf, textlessReadings } from './filter-operands.ts'
import {
  allOf,
  anyOf,
  asExpression,
  expr,
  type FilterTarget,
  isOneOf,
  literal,
} from './filter-target.ts'
import { equalsJson } from './json-conditions.ts'
import { type JsonOperand, readJsonOperand } from './json-operand.ts'
import { isJsonNull, isOrderedJson } from './json-order.ts'

export interface FieldComparison {
  readonly target: FilterTarget
  readonly kind: FieldKind
  /** Null where it is no array of one kind. */
  readonly elements: FieldKind | null
  /** Compared by PostgreSQL's rules of `jsonb`. */
  readonly isJson: boolean
  /** It equals one of the operands. */
  readonly equalsOne: (texts: readonly string[]) => Document
  readonly isOrdered: (ordering: Ordering, text: string) => Document
}

export function fieldComparison(place: FieldPlace, field: PlanField): FieldComparison {
  const arrow = field.jsonPath.at(-1)?.arrow
  if (arrow === '->>') return textComparison(place, field)
  const kind = kindOf(place, field)
  const elements = fieldFacts(place, field)?.elements ?? null
  const isJson = arrow === '->' || kind === 'document' || (kind === 'array' && elements === null)
  if (isJson) return jsonComparison(place, field, kind)
  if (kind === 'array') return arrayComparison(place, field, elements ?? 'any')
  return scalarComparison(place, field, kind)
}

function columnTarget(place: FieldPlace, field: PlanField): FilterTarget {
  const path = queryPath(place, field)
  if (path !== null) return { kind: 'path', path, mayBeArray: mayBeArray(place, field) }
  return { kind: 'expression', value: orNull(expressionOf(place, field)), isReached: null }
}

/** One value for all that is null or absent, whatever operators make of what is not there. */
function orNull(value: Expression): Expression {
  return { $ifNull: [value, null] }
}

function scalarComparison(place: FieldPlace, field: PlanField, kind: FieldKind): FieldComparison {
  const target = columnTarget(place, field)
  const read = (text: string, operator: 'eq' | Ordering) => {
    // PostgreSQL compares no `json`, which is what types of MongoDB alone are shown as
    if (kind === 'other') return refuse(missingOperator(operator, typeOfField(field)))
    return readingsOf(kind, text)
  }
  return {
    target,
    kind,
    elements: null,
    isJson: false,
    equalsOne(texts) {
      const readings = texts.flatMap((text) => read(text, 'eq'))
      return isOneOf(target, readings)
    },
    isOrdered: (ordering, text) =>
      isOrdered(target, ordering, read(text, ordering), kind !== 'int' && kind !== 'long'),
  }
}

function arrayComparison(
  place: FieldPlace,
  field: PlanField,
  elements: FieldKind,
): FieldComparison {
  const target = columnTarget(place, field)
  return {
    target,
    kind: 'array',
    elements,
    isJson: false,
    equalsOne: (texts) =>
      equalsArray(
        target,
        texts.map((text) => readElements(elements, text)),
      ),
    isOrdered: (ordering, text) =>
      isOrdered(target, ordering, [orderedArray(elements, readElements(elements, text))]),
  }
}

type Members = readonly (Readings | null)[]

/** Whether it is one of the arrays. An index finds them, and arrays that have them as an element. */
function equalsArray(target: FilterTarget, operands: readonly Members[]): Document {
  const covered = (values: readonly BsonValue[], isArray: Document) =>
    target.kind === 'path' ? allOf([{ [target.path]: { $in: values } }, isArray]) : isArray
  const value = asExpression(target)
  const whole = operands.flatMap((members) => {
    const array = onlyArray(members)
    return array === null ? [] : [array]
  })
  const others = operands.filter((members) => onlyArray(members) === null)
  return anyOf([
    ...(whole.length === 0 ? [] : [covered(whole, expr({ $in: [value, literal(whole)] }))]),
    ...others.map((members) => {
      const isArray = expr(equalsJson(value, { kind: 'list', items: members.map(itemOf) }))
      return covered(members.find((member) => member !== null) ?? [], isArray)
    }),
  ])
}

/** Bytes and decimals are stored in several ways, of which each member has its own. */
function itemOf(readings: Readings | null): JsonOperand {
  return readings === null ? { kind: 'null' } : { kind: 'string', readings }
}

/** Null where some member is stored in several ways: then it is one of many arrays. */
function onlyArray(members: Members): readonly BsonValue[] | null {
  if (members.some((member) => member !== null && member.length > 1)) return null
  return members.flatMap((member) => member ?? [null])
}

/** Throws  not-implemented: MongoDB's order of what the members may be stored as is another */
function orderedArray(elements: FieldKind, members: Members): readonly BsonValue[] {
  if (elements === 'binary') return notImplemented(orderOfBytes)
  return onlyArray(members) ?? notImplemented('comparing the order of lists of decimal fractions')
}

function jsonComparison(place: FieldPlace, field: PlanField, kind: FieldKind): FieldComparison {
  const target: FilterTarget =
    field.jsonPath.length === 0
      ? columnTarget(place, field)
      : {
          kind: 'expression',
          value: orNull(expressionOf(place, field)),
          isReached: isReached(place, field),
        }
  return {
    target,
    kind,
    elements: null,
    isJson: true,
    equalsOne: (texts) => anyOf(texts.map((text) => isJson(target, readJsonOperand(text)))),
    isOrdered: (ordering, text) => isOrderedJson(target, ordering, readJsonOperand(text)),
  }
}

function isJson(target: FilterTarget, operand: JsonOperand): Document {
  switch (operand.kind) {
    case 'null':
      return isJsonNull(target)
    case 'list':
    case 'object':
      return expr(equalsJson(asExpression(target), operand))
    case 'bool':
    case 'number':
    case 'string':
      return isOneOf(target, operand.readings)
    default:
      return assertNever(operand)
  }
}

function textComparison(place: FieldPlace, field: PlanField): FieldComparison {
  const value = orNull(expressionOf(place, field))
  const text = textOf(value)
  const target: FilterTarget = { kind: 'expression', value: text, isReached: null }
  const covering = coveringPath(place, field)
  return {
    target,
    kind: 'string',
    elements: null,
    isJson: false,
    equalsOne(texts) {
      const isText = { $in: [text, literal(texts)] }
      const stored = texts.flatMap(textlessReadings)
      const exact =
        stored.length === 0 ? isText : { $or: [isText, { $in: [value, literal(stored)] }] }
      if (covering === null || texts.length === 0) return expr(exact)
      // an index finds these, and values inside of lists
      const covered = {
        [covering]: { $in: texts.flatMap((each) => readingsOf('any', each)) },
      }
      return allOf([covered, expr(exact)])
    },
    isOrdered: (ordering, operand) => isOrdered(target, ordering, [operand]),
  }
}
