/**
 * What a unique index or a validator refuses → PostgreSQL's SQLSTATE, words and details.
 *
 * Rule  PostgreSQL manual: Error Codes, class 23; MongoDB manual: schema validation (errInfo)
 */
import { isDeepStrictEqual } from 'node:util'
import { MongoBulkWriteError, MongoServerError } from 'mongodb'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { MutatePlan } from '../../../plan/plan.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { CollectionFacts } from '../catalog/mongodb-facts.ts'
import { valueText } from './value-text.ts'

interface Written {
  readonly plan: MutatePlan
  readonly facts: CollectionFacts
}

/** What the server says of the write that failed. */
interface ServerWords {
  readonly code: number
  readonly message: string
  /** By stored name; null: only the index is told. */
  readonly keyValue: Readonly<Record<string, unknown>> | null
  readonly info: unknown
  /** What was sent; null: it is not told. */
  readonly sent: unknown
}

/** Null where it is about no constraint. */
export function constraintOf(error: MongoServerError, written: Written): DatabaseFailure | null {
  const words = wordsOf(error)
  switch (words.code) {
    case 11000:
    case 11001:
      return uniqueFailure(words, written)
    case 121:
      return validatorFailure(words, written)
    case 2:
      return timeFailure(words, written)
    default:
      return null
  }
}

/** Whether there is a document with the `_id` that was sent. */
export function isIdTaken(error: unknown): boolean {
  if (!(error instanceof MongoServerError)) return false
  const { code, message, keyValue } = wordsOf(error)
  if (code !== 11000 && code !== 11001) return false
  // in a clustered collection the index has any name
  return keyValue === null
    ? indexIn(message) === '_id_'
    : isDeepStrictEqual(Object.keys(keyValue), ['_id'])
}

/** Of several writes in one command, the driver tells what was sent, but not the key. */
function wordsOf(error: MongoServerError): ServerWords {
  if (error instanceof MongoBulkWriteError) {
    const [first] = [error.writeErrors].flat()
    if (first !== undefined) {
      const { code, errmsg = '', err } = first
      return {
        code,
        message: errmsg,
        keyValue: null,
        info: err.errInfo,
        sent: first.getOperation(),
      }
    }
  }
  const { keyValue, errInfo } = error
  return {
    code: Number(error.code),
    message: error.message,
    keyValue: isObject(keyValue) ? keyValue : null,
    info: errInfo,
    sent: null,
  }
}

function uniqueFailure(words: ServerWords, { facts }: Written): DatabaseFailure {
  const index = indexIn(words.message)
  const message = `duplicate key value violates unique constraint "${index}"`
  const known = facts.uniqueIndexes.find(({ name }) => name === index)
  const fields = known?.columns.map((name) => facts.fields.get(name)?.field ?? name)
  const values = words.keyValue ?? pickedValues(words.sent, fields ?? [])
  const names = Object.keys(values)
  if (names.length === 0) return valueFailure('23505', message)
  const columns = names.map((field) => columnName(facts, field)).join(', ')
  const texts = names.map((field) => keyPartText(values[field]))
  if (texts.includes(null)) return valueFailure('23505', message)
  return valueFailure('23505', message, {
    details: `Key (${columns})=(${texts.join(', ')}) already exists.`,
  })
}

/** Its name; empty where it is not told. */
function indexIn(message: string): string {
  return / index: (.*?)(?: collation: .*?)? dup key: /s.exec(message)?.[1] ?? ''
}

/** Null: it has no text, such as a document that the driver takes for something else. */
function keyPartText(value: unknown): string | null {
  if (value === null || value === undefined) return 'null'
  try {
    return valueText(value)
  } catch {
    return null
  }
}

/** A document, or an update of one; empty where it does not have them all. */
function pickedValues(sent: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  const values: unknown = sent instanceof Map ? sent : member(member(sent, 'u'), '$set')
  if (!(values instanceof Map)) return {}
  const found = fields.filter((field) => values.has(field))
  return found.length === fields.length
    ? Object.fromEntries(found.map((field) => [field, values.get(field)]))
    : {}
}

function columnName({ fields }: CollectionFacts, field: string): string {
  const found = [...fields].find(([, facts]) => facts.field === field)
  return found?.[0] ?? field
}

/**
 * A field that has to be there is a column that is not null; whatever else a document breaks is a
 * check, which PostgreSQL would have named after the column.
 */
function validatorFailure({ info }: ServerWords, { plan, facts }: Written): DatabaseFailure {
  const relation = plan.relation.name
  const rules = list(member(member(info, 'details'), 'schemaRulesNotSatisfied'))
  const missing = rules.flatMap((rule) => list(member(rule, 'missingProperties')))
  const [absent] = missing
  if (typeof absent === 'string') {
    const column = columnName(facts, absent)
    const message = `null value in column "${column}" of relation "${relation}" violates not-null constraint`
    return valueFailure('23502', message)
  }
  const broken = rules.flatMap((rule) => list(member(rule, 'propertiesNotSatisfied')))
  const named = broken.flatMap((each) => {
    const name = member(each, 'propertyName')
    return typeof name === 'string' ? [{ column: columnName(facts, name), each }] : []
  })
  const [first, ...others] = named
  const constraint =
    first === undefined || others.length > 0
      ? `${relation}_check`
      : `${relation}_${first.column}_check`
  const message = `new row for relation "${relation}" violates check constraint "${constraint}"`
  const details = named.map(({ column, each }) => `${column}: ${reasonsOf(each)}`).join('; ')
  return valueFailure('23514', message, { details: details === '' ? null : details })
}

/** The time of a document in a time series has to be there: nothing else does without a validator. */
function timeFailure({ message }: ServerWords, { plan, facts }: Written): DatabaseFailure | null {
  const field = /^'(.+)' must be present and contain a valid BSON UTC datetime value/.exec(
    message,
  )?.[1]
  if (field === undefined) return null
  const column = `column "${columnName(facts, field)}" of relation "${plan.relation.name}"`
  return valueFailure('23502', `null value in ${column} violates not-null constraint`)
}

/** Shape   `minimum (comparison failed)`: rules of the validator, no values */
function reasonsOf(property: unknown): string {
  const reasons = list(member(property, 'details')).map((each) => {
    const [rule, reason] = [member(each, 'operatorName'), member(each, 'reason')]
    return typeof reason === 'string' ? `${String(rule)} (${reason})` : String(rule)
  })
  return reasons.join(', ')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
