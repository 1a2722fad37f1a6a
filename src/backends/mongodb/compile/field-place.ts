/**
 * Where the fields of a relation's documents are, and how the query language and expressions reach
 * them. The name of a field can be a client's text, so that it becomes a path only where nothing in
 * it means something to the server; every other name stays a literal.
 */
import type { Document } from 'mongodb'
import type { JsonStep } from '../../../api/api-request.ts'
import type { PlanField } from '../../../plan/plan.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { missingOperator } from '../../values/type-rules.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { isPlainName } from '../bson/plain-name.ts'
import type { CollectionFacts, FieldFacts } from '../catalog/mongodb-facts.ts'
import { refuse, tooComplex } from './mongodb-refusal.ts'

export interface FieldPlace {
  readonly relation: Relation
  readonly facts: CollectionFacts
  /** Fields are at the document's top (null), or under this name of ours. */
  readonly prefix: string | null
  /** Conditions here become the first stage over the collection, where alone `$text` may stand. */
  readonly isFirstStage: boolean
}

/** What an aggregation computes: `$d.name` or an operator's document. */
export type Expression = string | Document

/** Stands for no value, where null is one. */
const removed = '$$REMOVE'

/** Each arrow nests up to three documents, and the server reads about 200 levels of them. */
const maxSteps = 40

/** What is known of the field's column; null for what an open relation has unseen. */
export function fieldFacts({ facts }: FieldPlace, field: PlanField): FieldFacts | null {
  return facts.fields.get(field.name) ?? null
}

/** With the type of its column: of an embed that is named by its key, plans know none. */
export function typedField({ relation }: FieldPlace, field: PlanField): PlanField {
  const column = relation.columns.get(field.name)
  return column === undefined ? field : { ...field, baseType: column.baseType }
}

/** Every document has a value in it: it is neither null nor absent. */
export function isNeverNull({ relation }: FieldPlace, name: string): boolean {
  return relation.columns.get(name)?.isNullable === false
}

/** Its name in the documents. Throws  42703 where a relation with declared columns lacks it */
export function storedName(place: FieldPlace, { name }: Pick<PlanField, 'name'>): string {
  const known = place.facts.fields.get(name)
  if (known !== undefined) return known.field
  const { relation } = place
  if (!relation.isClosed) return name
  return refuse(valueFailure('42703', `column ${relation.name}.${name} does not exist`))
}

/** MongoDB stores no array as the `_id` of a document; views and time series have what they like there. */
export function mayBeArray(place: FieldPlace, field: PlanField): boolean {
  const isId = field.jsonPath.length === 0 && storedName(place, field) === '_id'
  return !isId || place.facts.kind !== 'collection'
}

/**
 * The path by which the query language, `$sort` and `localField` reach a column.
 *
 * Shape  `d.name`, `name`; null where only an expression does: names with dots or `$`, and JSON paths
 */
export function queryPath(place: FieldPlace, field: PlanField): string | null {
  return field.jsonPath.length === 0 ? columnPath(place, field) : null
}

function columnPath(place: FieldPlace, field: PlanField): string | null {
  const name = storedName(place, field)
  if (!isPlainName(name)) return null
  return place.prefix === null ? name : `${place.prefix}.${name}`
}

/**
 * A path at which the query language finds at least the documents in which the JSON path reaches
 * something, so that an index can serve; null where there is none.
 *
 * Shape  `data->a->>b` → `data.a.b`
 */
export function coveringPath(place: FieldPlace, field: PlanField): string | null {
  const keys = field.jsonPath.map(({ key }) => key)
  const isPlain = field.jsonPath.every((step) => !step.isIndex && isPlainName(step.key))
  const column = columnPath(place, field)
  return isPlain && column !== null ? [column, ...keys].join('.') : null
}

/**
 * The stored value as an expression: absent where the document lacks it. A last `->>` reaches the
 * value too, and leaves making a text of it to `textOf`.
 */
export function expressionOf(place: FieldPlace, field: PlanField): Expression {
  const { jsonPath } = field
  if (jsonPath.slice(0, -1).some(({ arrow }) => arrow === '->>')) {
    return refuse(missingOperator('->', 'text'))
  }
  if (jsonPath.length > maxSteps) {
    return tooComplex(`MongoDB cannot follow a JSON path of more than ${maxSteps} arrows.`)
  }
  return jsonPath.reduce(reach, columnExpression(place, field))
}

function columnExpression(place: FieldPlace, field: PlanField): Expression {
  const path = columnPath(place, field)
  if (path !== null) return `$${path}`
  const within = place.prefix === null ? '$$ROOT' : `$${place.prefix}`
  return memberOf(within, storedName(place, field))
}

/** What an object has under a key; nothing of what is no object. */
export function memberOf(within: Expression, key: string): Expression {
  // no field has such a name, and the server refuses to look for it
  if (key.includes('\0')) return removed
  return { $getField: { field: { $literal: key }, input: within } }
}

function reach(within: Expression, step: JsonStep): Expression {
  if (step.key.includes('\0')) {
    return refuse(valueFailure('22021', 'invalid byte sequence for encoding "UTF8": 0x00'))
  }
  if (!step.isIndex) return memberOf(within, step.key)
  const index = indexOf(step)
  // named, since it is asked twice: paths would double with each index
  return {
    $let: {
      vars: { list: within },
      in: { $cond: [{ $isArray: ['$$list'] }, { $arrayElemAt: ['$$list', index] }, removed] },
    },
  }
}

function indexOf({ key }: JsonStep): number {
  // a minus before 0 is none
  const index = Number(key) + 0
  if (index >= -(2 ** 31) && index < 2 ** 31) return index
  return refuse(valueFailure('22003', `value "${key}" is out of range for type integer`))
}

/**
 * Whether a JSON path reaches a value, a JSON null among them: where it does not, there is nothing.
 * Asked of what the path reaches last but one, since an expression takes a value of null for none.
 */
export function isReached(place: FieldPlace, field: PlanField): Expression {
  const { jsonPath } = field
  const last = jsonPath.at(-1)
  const within = expressionOf(place, { ...field, jsonPath: jsonPath.slice(0, -1) })
  if (last === undefined) return { $ne: [{ $ifNull: [within, null] }, null] }
  const isInside = last.isIndex ? hasIndex(indexOf(last)) : hasKey(last.key)
  return { $let: { vars: { within }, in: isInside } }
}

function hasKey(key: string): Expression {
  const keys = { $map: { input: { $objectToArray: '$$within' }, as: 'each', in: '$$each.k' } }
  const isThere = { $in: [{ $literal: key }, keys] }
  return { $cond: [{ $eq: [{ $type: '$$within' }, 'object'] }, isThere, false] }
}

function hasIndex(index: number): Expression {
  const needed = index < 0 ? -index : index + 1
  const isThere = { $gte: [{ $size: '$$within' }, needed] }
  return { $cond: [{ $isArray: ['$$within'] }, isThere, false] }
}

/**
 * What kind of values a place holds: a column's as far as it is known, texts behind `->>`, any behind
 * `->`.
 */
export function kindOf(place: FieldPlace, field: PlanField): FieldKind {
  const arrow = field.jsonPath.at(-1)?.arrow
  if (arrow !== undefined) return arrow === '->>' ? 'string' : 'any'
  return fieldFacts(place, field)?.kind ?? 'any'
}

/** What no text of PostgreSQL's holds: stands for values of which the server makes no text. */
const textless = '\0'

/**
 * The text of a value as `->>` gives it: a string is itself, null and nothing are null.
 *
 * Differs  documents, lists, bytes and dates of far years have no text here, and equal none
 */
export function textOf(value: Expression): Expression {
  const conversion = {
    input: '$$value',
    to: 'string',
    onError: { $literal: textless },
    onNull: null,
  }
  const isDate = { $eq: [{ $type: '$$value' }, 'date'] }
  const text = { $cond: [isDate, dateText('$$value'), { $convert: conversion }] }
  return {
    $let: {
      vars: { value: { $ifNull: [value, null] } },
      in: { $cond: [isTextless('$$value'), { $literal: textless }, text] },
    },
  }
}

/** Of which the server makes no text, or another: dates too, before Christ and of five-digit years. */
export function isTextless(value: string): Expression {
  const type = { $type: value }
  const isWritable = { $and: [{ $gte: [value, firstYear] }, { $lt: [value, yearTenThousand] }] }
  const isFarDate = { $and: [{ $eq: [type, 'date'] }, { $not: [isWritable] }] }
  return { $or: [{ $in: [type, ['object', 'array', 'binData']] }, isFarDate] }
}

const firstYear = new Date('0001-01-01T00:00:00Z')
const yearTenThousand = new Date('+010000-01-01T00:00:00Z')

/** As dates are written in JSON: without the zeros that end its fraction. */
function dateText(date: Expression): Expression {
  const fraction = { $dateToString: { date, format: '.%L' } }
  return {
    $concat: [
      { $dateToString: { date, format: '%Y-%m-%dT%H:%M:%S' } },
      { $rtrim: { input: fraction, chars: '.0' } },
      '+00:00',
    ],
  }
}
