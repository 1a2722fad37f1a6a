/**
 * Pairs of columns by which two relations join → how a `$lookup` matches them. The first pair is
 * matched by fields, which indexes serve and which finds lists by their elements; the others, and
 * names that are no paths, by expressions.
 *
 * To MongoDB null and absent fields join each other, so that each pair has a guard.
 */
import type { Document } from 'mongodb'
import { plainField } from '../../../plan/resolve-field.ts'
import type { ColumnPair } from '../../../schema/relationships/relationship.ts'
import { referenceColumn, referencingColumn } from '../catalog/mongodb-facts.ts'
import {
  type Expression,
  expressionOf,
  type FieldPlace,
  isNeverNull,
  kindOf,
  queryPath,
} from './field-place.ts'

export interface JoinFields {
  /** Null where no pair can be matched by fields. */
  readonly localField: string | null
  readonly foreignField: string | null
  /** `let` of the lookup. */
  readonly variables: Document | null
  /** Conditions on the documents that are looked up. */
  readonly guard: readonly Document[]
}

/** `pairs`: column of the parent, whose place is wrapped, and column of what is looked up. */
export function joinOn(
  pairs: readonly ColumnPair[],
  parent: FieldPlace,
  place: FieldPlace,
): JoinFields {
  const joined = pairs.map(([own, other]) => ({
    local: joinPath(parent, own),
    foreign: joinPath(place, other),
    own,
    other,
  }))
  const byField = joined.findIndex(({ local, foreign }) => local !== null && foreign !== null)
  const variables: Document = {}
  const terms: Document[] = []
  const conditions: Document[] = []
  joined.forEach(({ local, foreign, own, other }, index) => {
    const variable = `v${index}`
    const isList = kindOf(place, column(other)) === 'array'
    if (index === byField && foreign !== null) {
      // a list may hold a null beside what is looked for
      conditions.push({ [foreign]: isList ? { $elemMatch: { $ne: null } } : { $ne: null } })
      if (!isList || isNeverNull(parent, own)) return
    }
    variables[variable] = { $ifNull: [valueAt(parent, own, local), null] }
    terms.push({ $ne: [`$$${variable}`, null] })
    if (index !== byField) terms.push({ $eq: [valueAt(place, other, foreign), `$$${variable}`] })
  })
  const pair = joined[byField]
  return {
    localField: pair?.local ?? null,
    foreignField: pair?.foreign ?? null,
    variables: terms.length === 0 ? null : variables,
    guard: terms.length === 0 ? conditions : [...conditions, { $expr: { $and: terms } }],
  }
}

function column(name: string) {
  return plainField({ name, jsonPath: [] })
}

function joinPath(place: FieldPlace, name: string): string | null {
  const referencing = place.facts.fields.has(name) ? null : referencingColumn(name)
  if (referencing === null) return queryPath(place, column(name))
  const reference = queryPath(place, column(referencing))
  return reference === null ? null : referenceColumn(reference)
}

function valueAt(place: FieldPlace, name: string, path: string | null): Expression {
  return path === null ? expressionOf(place, column(name)) : `$${path}`
}
