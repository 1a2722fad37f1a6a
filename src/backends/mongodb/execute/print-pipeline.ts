/**
 * An aggregate as the log shows it, for `log-query`: its stages and the fields they name, with a
 * question mark in the place of each value. The compiler gives values as operands of the query
 * language or as `$literal` in expressions, and so both are known by their place.
 */
import type { Document } from 'mongodb'

/** What stands under them in the query language is a value, whatever it looks like. */
const operandOperators: ReadonlySet<string> = new Set([
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$all',
  '$regex',
  '$search',
  '$literal',
])

/** Whose text is a name of the schema, or of ours. */
const nameKeys: ReadonlySet<string> = new Set(['from', 'as', 'coll', 'localField', 'foreignField'])

/** Stands without quotes: letters, digits, `_`, `$`, and dots between them. */
const plainName = /^[\p{L}\p{Nd}_$]+(?:\.[\p{L}\p{Nd}_$]+)*$/u

/**
 * `collection`: null for a pipeline that begins with documents of its own.
 *
 * Shape  `db.films.aggregate([{$match: {year: {$gt: ?}}}])`
 */
export function printAggregate(collection: string | null, pipeline: readonly Document[]): string {
  const stages = printValue(pipeline, 'expression', '')
  return `${collection === null ? 'db' : printCollection(collection)}.aggregate(${stages})`
}

/** Shape  `db.films`, `db.getCollection("old films")` */
export function printCollection(name: string): string {
  return plainName.test(name) ? `db.${name}` : `db.getCollection(${JSON.stringify(name)})`
}

/** In a query every text is a value; in an expression one with a `$` in front is a field. */
type Language = 'query' | 'expression'

function printValue(value: unknown, language: Language, key: string): string {
  if (Array.isArray(value)) {
    return `[${value.map((each: unknown) => printValue(each, language, key)).join(', ')}]`
  }
  if (isPlainObject(value)) {
    const members = Object.entries(value).map(([name, each]) => {
      const inner = innerLanguage(name, language)
      const shown = operandOperators.has(name) && !isExpressionOperand(name, language)
      return `${printName(name)}: ${shown ? '?' : printValue(each, inner, name)}`
    })
    return `{${members.join(', ')}}`
  }
  if (!isShown(value, language, key)) return '?'
  return typeof value === 'string' ? printName(value) : String(value)
}

/** An open collection has whatever names clients choose: in quotes none ends a line, or looks like more. */
function printName(name: string): string {
  return plainName.test(name) ? name : JSON.stringify(name)
}

function innerLanguage(name: string, language: Language): Language {
  if (name === '$match' || name === 'query') return 'query'
  return name === '$expr' ? 'expression' : language
}

/** `{$eq: [a, b]}` compares two expressions there. */
function isExpressionOperand(name: string, language: Language): boolean {
  return language === 'expression' && name !== '$literal'
}

function isShown(value: unknown, language: Language, key: string): boolean {
  if (typeof value === 'number') return language === 'expression'
  if (typeof value !== 'string') return false
  if (nameKeys.has(key)) return true
  return language === 'expression' && value.startsWith('$')
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
