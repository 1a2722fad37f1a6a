/**
 * The indexes of a collection, as `listIndexes` tells them → what the compiler may use of them:
 * which fields lead one, which sets of fields are unique, whether one is for texts.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Document } from 'mongodb'

export interface Indexes {
  /** Fields that a plain sort can use an index of. */
  readonly leading: ReadonlySet<string>
  /** Those over all documents, by fields in their order; not that of `_id`. */
  readonly unique: readonly { readonly name: string; readonly fields: readonly string[] }[]
  /** None is unique but that of `_id`. False where none is told: a collection has at least one. */
  readonly isUniqueByIdAlone: boolean
  /** The field that a text index is over, where it is over that alone. */
  readonly textField: string | null
}

/** `options`: those of the collection. */
export function readIndexes(described: readonly Document[], options: Document): Indexes {
  // commands compare by the collation of the collection, where it has one: a plain index serves none of them
  const plain = hasCollation(options) ? [] : described.filter((index) => isPlain(index))
  const ordered = plain.map((index) => ({ index, fields: Object.keys(keyOf(index)) }))
  return {
    leading: new Set(
      ordered
        .filter(({ index }) => index['sparse'] !== true)
        .flatMap(({ fields }) => fields.slice(0, 1)),
    ),
    unique: ordered
      .filter(({ index }) => index['unique'] === true)
      .map(({ index, fields }) => ({ name: String(index['name']), fields })),
    isUniqueByIdAlone:
      described.length > 0 && described.every((index) => !isUnique(index) || isOverId(index)),
    textField: described.map(textFieldOf).find((field) => field !== null) ?? null,
  }
}

/** Whether texts of a collection with these options are compared otherwise than by their bytes. */
export function hasCollation({ collation }: Document): boolean {
  return collation !== undefined
}

/** Whether it refuses equal values, or is about to be made unique and does so already. */
function isUnique(index: Document): boolean {
  return index['unique'] === true || index['prepareUnique'] === true
}

function isOverId(index: Document): boolean {
  return isDeepStrictEqual(Object.keys(keyOf(index)), ['_id'])
}

/** Of all documents, in the order of plain values: not by words, places or another language. */
function isPlain(index: Document): boolean {
  const isDirection = (value: unknown) => value === 1 || value === -1
  return (
    index['partialFilterExpression'] === undefined &&
    index['collation'] === undefined &&
    index['hidden'] !== true &&
    Object.values(keyOf(index)).every(isDirection) &&
    !Object.keys(keyOf(index)).some((field) => field.includes('$**'))
  )
}

function textFieldOf(index: Document): string | null {
  const fields = Object.keys(keyOf(index)).filter((field) => field !== '_fts' && field !== '_ftsx')
  if (keyOf(index)['_fts'] !== 'text' || fields.length > 0) return null
  if (index['partialFilterExpression'] !== undefined) return null
  const weights: unknown = index['weights']
  const weighted = typeof weights === 'object' && weights !== null ? Object.keys(weights) : []
  const [field] = weighted
  return weighted.length === 1 && field !== undefined && field !== '$**' ? field : null
}

function keyOf(index: Document): Document {
  const key: unknown = index['key']
  return typeof key === 'object' && key !== null ? key : {}
}
