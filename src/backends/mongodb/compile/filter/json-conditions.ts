/**
 * PostgreSQL's comparisons of `jsonb` as expressions of the server: equality without regard to the
 * order of keys, and containment. Each is as large as its operand, whatever the documents hold, and
 * none fails on a document, whatever that holds.
 */
import { type Expression, memberOf } from '../field-place.ts'
import { literal, named } from './filter-target.ts'
import type { JsonOperand, JsonScalar } from './json-operand.ts'

/** The names of what is inside each other differ, though inner ones would hide the outer. */
function nameAt(depth: number): string {
  return `v${depth}`
}

/** Whether the value is the operand. */
export function equalsJson(value: Expression, operand: JsonOperand, depth = 0): Expression {
  switch (operand.kind) {
    case 'list':
      return named(value, nameAt(depth), (list) =>
        ifList(list, {
          $and: [
            { $eq: [{ $size: list }, operand.items.length] },
            ...operand.items.map((item, index) =>
              equalsJson({ $arrayElemAt: [list, index] }, item, depth + 1),
            ),
          ],
        }),
      )
    case 'object':
      return named(value, nameAt(depth), (object) =>
        ifObject(object, {
          $and: [
            { $eq: [{ $size: { $objectToArray: object } }, operand.members.length] },
            ...operand.members.map(([key, member]) =>
              equalsJson(memberOf(object, key), member, depth + 1),
            ),
          ],
        }),
      )
    default:
      return equalsScalar(value, operand)
  }
}

function equalsScalar(value: Expression, operand: JsonScalar): Expression {
  if (operand.kind === 'null') return { $eq: [value, null] }
  return operand.readings.length === 1
    ? { $eq: [value, literal(operand.readings[0])] }
    : { $in: [{ $ifNull: [value, null] }, literal(operand.readings)] }
}

function ifList(value: string, then: Expression): Expression {
  return { $cond: [{ $isArray: [value] }, then, false] }
}

function ifObject(value: string, then: Expression): Expression {
  return { $cond: [{ $eq: [{ $type: value }, 'object'] }, then, false] }
}

/** Whether some item of the list fulfils it. */
function someItem(list: string, depth: number, test: (item: string) => Expression): Expression {
  const name = `i${depth}`
  return { $anyElementTrue: [{ $map: { input: list, as: name, in: test(`$$${name}`) } }] }
}

function everyItem(
  list: Expression,
  depth: number,
  test: (item: string) => Expression,
): Expression {
  const name = `i${depth}`
  return { $allElementsTrue: [{ $map: { input: list, as: name, in: test(`$$${name}`) } }] }
}

/**
 * `value @> operand`.
 *
 * Rule  PostgreSQL manual: jsonb Containment; an array contains a bare scalar at the top only
 */
export function containsJson(value: Expression, operand: JsonOperand): Expression {
  if (operand.kind === 'list' || operand.kind === 'object') return containsNested(value, operand, 0)
  return named(value, nameAt(0), (whole) => ({
    $or: [
      equalsScalar(whole, operand),
      ifList(
        whole,
        someItem(whole, 0, (item) => equalsScalar(item, operand)),
      ),
    ],
  }))
}

function containsNested(value: Expression, operand: JsonOperand, depth: number): Expression {
  switch (operand.kind) {
    case 'list':
      return named(value, nameAt(depth), (list) =>
        ifList(list, {
          $and: operand.items.map((wanted) =>
            someItem(list, depth, (item) => containsNested(item, wanted, depth + 1)),
          ),
        }),
      )
    case 'object':
      return named(value, nameAt(depth), (object) =>
        ifObject(object, {
          $and: operand.members.map(([key, member]) =>
            containsNested(memberOf(object, key), member, depth + 1),
          ),
        }),
      )
    default:
      return equalsScalar(value, operand)
  }
}

/** `value <@ operand`. */
export function isContainedInJson(value: Expression, operand: JsonOperand): Expression {
  if (operand.kind !== 'list') return isContained(value, operand, 0)
  const scalars = operand.items.filter((item) => item.kind !== 'list' && item.kind !== 'object')
  return named(value, nameAt(0), (part) => ({
    $or: [isContained(part, operand, 0), ...scalars.map((scalar) => equalsJson(part, scalar))],
  }))
}

function isContained(value: Expression, operand: JsonOperand, depth: number): Expression {
  switch (operand.kind) {
    case 'list':
      return named(value, nameAt(depth), (part) =>
        ifList(
          part,
          everyItem(part, depth, (item) => ({
            $or: operand.items.map((whole) => isContained(item, whole, depth + 1)),
          })),
        ),
      )
    case 'object':
      return named(value, nameAt(depth), (part) =>
        ifObject(
          part,
          everyItem({ $objectToArray: part }, depth, (member) => ({
            $or: operand.members.map(([key, whole]) => ({
              $and: [
                { $eq: [`${member}.k`, literal(key)] },
                isContained(`${member}.v`, whole, depth + 1),
              ],
            })),
          })),
        ),
      )
    default:
      return equalsScalar(value, operand)
  }
}

/** `jsonb && …` is not PostgreSQL's: lists have an item in common. */
export function overlapsJson(value: Expression, items: readonly JsonOperand[]): Expression {
  return named(value, nameAt(0), (list) =>
    ifList(
      list,
      someItem(list, 0, (item) => ({ $or: items.map((each) => equalsJson(item, each, 1)) })),
    ),
  )
}
