/**
 * The validator of a collection → what its `$jsonSchema` says of fields: types, values, comments,
 * whether null is let in. What other parts of a validator say of them is not read.
 *
 * Rule  MongoDB manual: $jsonSchema, schema validation
 */
import type { Document } from 'mongodb'
import type { SeenKind } from './seen-fields.ts'

export interface ValidatedField {
  /** Empty where nothing is said. */
  readonly kinds: ReadonlySet<SeenKind>
  readonly elements: ReadonlySet<SeenKind>
  /** Null is among the types, or nothing is said of types. */
  readonly allowsNull: boolean
  readonly isRequired: boolean
  readonly description: string | null
  readonly maxLength: number | null
  /** Texts only. */
  readonly enumValues: readonly string[]
}

export interface Validator {
  /** By name, in the order of the schema. */
  readonly fields: ReadonlyMap<string, ValidatedField>
  readonly description: string | null
  /** No document breaks it, as far as it has been there from the beginning. */
  readonly isEnforced: boolean
  /** No other fields than these are let in. */
  readonly isClosed: boolean
}

const noValidator: Validator = {
  fields: new Map(),
  description: null,
  isEnforced: false,
  isClosed: false,
}

/** Both spellings: `bsonType`, and JSON Schema's `type`. */
const kindsByWord: Readonly<Record<string, readonly SeenKind[]>> = {
  int: ['int'],
  long: ['long'],
  double: ['double'],
  decimal: ['decimal'],
  number: ['int', 'long', 'double', 'decimal'],
  string: ['string'],
  symbol: ['string'],
  bool: ['bool'],
  boolean: ['bool'],
  date: ['date'],
  objectId: ['objectId'],
  binData: ['binary'],
  array: ['array'],
  object: ['document'],
  timestamp: ['other'],
  regex: ['other'],
  javascript: ['other'],
  javascriptWithScope: ['other'],
  dbPointer: ['other'],
  minKey: ['other'],
  maxKey: ['other'],
}

/** `options`: those of the collection, as `listCollections` tells them. */
export function readValidator(options: Document): Validator {
  const schema = objectIn(objectIn(options, 'validator'), '$jsonSchema')
  if (schema === null) return noValidator
  const isEnforced =
    (options['validationLevel'] ?? 'strict') === 'strict' &&
    (options['validationAction'] ?? 'error') === 'error'
  const required = new Set(listIn(schema, 'required'))
  const properties = Object.entries(objectIn(schema, 'properties') ?? {})
  return {
    fields: new Map(
      properties.flatMap(([name, property]) => {
        const rule = asObject(property)
        return rule === null || name === '' ? [] : [[name, readField(rule, required.has(name))]]
      }),
    ),
    description: textIn(schema, 'description') ?? textIn(schema, 'title'),
    isEnforced,
    isClosed: isEnforced && schema['additionalProperties'] === false,
  }
}

function readField(rule: Document, isRequired: boolean): ValidatedField {
  const words = typeWords(rule)
  const allowed = Array.isArray(rule['enum']) ? rule['enum'] : null
  const isText = (value: unknown) => typeof value === 'string'
  const texts = allowed?.filter(isText) ?? []
  // a list of values names the type where nothing else does
  const kinds = words ?? (allowed?.length === texts.length && texts.length > 0 ? ['string'] : [])
  const maxLength: unknown = rule['maxLength']
  return {
    kinds: kindsOf(kinds),
    elements: kindsOf(typeWords(objectIn(rule, 'items') ?? {}) ?? []),
    allowsNull: kinds.length === 0 ? allowed?.includes(null) !== false : kinds.includes('null'),
    isRequired,
    description: textIn(rule, 'description') ?? textIn(rule, 'title'),
    maxLength: typeof maxLength === 'number' ? maxLength : null,
    enumValues: texts,
  }
}

/** Null where no type is named. */
function typeWords(rule: Document): readonly string[] | null {
  const named: unknown = rule['bsonType'] ?? rule['type']
  const words = Array.isArray(named) ? named : [named]
  const texts = words.filter((word) => typeof word === 'string')
  return texts.length === 0 ? null : texts
}

function kindsOf(words: readonly string[]): ReadonlySet<SeenKind> {
  const known = (word: string) =>
    Object.hasOwn(kindsByWord, word) ? (kindsByWord[word] ?? []) : []
  return new Set(words.flatMap(known))
}

function asObject(value: unknown): Document | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}

function objectIn(value: Document | null, key: string): Document | null {
  return value === null ? null : asObject(value[key])
}

function listIn(value: Document, key: string): readonly unknown[] {
  const list: unknown = value[key]
  return Array.isArray(list) ? list : []
}

function textIn(value: Document, key: string): string | null {
  const text: unknown = value[key]
  return typeof text === 'string' && text !== '' ? text : null
}
