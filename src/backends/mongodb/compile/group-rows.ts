/**
 * Rows that are aggregated: what is not aggregated is grouped by, as in PostgREST. Null and absent are
 * one group.
 */
import type { Document } from 'mongodb'
import type { OrderBy, ReadNode } from '../../../plan/plan.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { fieldKey, type SortKey, sortKey } from './compile-mongodb-order.ts'
import type { Expression, FieldPlace } from './field-place.ts'
import { refuse } from './mongodb-refusal.ts'
import type { Offer } from './row-offers.ts'

export interface Grouped {
  readonly group: Document
  /** What the n-th offer is now. */
  readonly values: readonly Expression[]
  /** What the order terms are now, in their order. */
  readonly sort: readonly SortKey[]
  /** What the parent sorts by, by its names. */
  readonly sortedBy: Document
}

/**
 * `sortKeyOf`: what a term sorts single rows by.
 *
 * Errors  42803: order by what is not grouped by
 */
export function groupRows(
  node: ReadNode,
  place: FieldPlace,
  offers: readonly Offer[],
  sortKeyOf: (term: OrderBy, index: number) => SortKey,
  sortedBy: ReadonlyMap<string, OrderBy>,
): Grouped {
  const keys: Document = {}
  const accumulators: Document = {}
  const values = offers.map(({ aggregate, value }, index): Expression => {
    if (aggregate !== null) {
      Object.assign(accumulators, aggregate.accumulators)
      return aggregate.result
    }
    const key = `g${index}`
    keys[key] = { $ifNull: [value, null] }
    return `$_id.${key}`
  })
  const sort = node.order.map((term, index): SortKey => {
    const at = term.child === null ? offers.findIndex((offer) => showsField(offer, term)) : -1
    const shown = values[at]
    if (shown !== undefined) return { ...sortKeyOf(term, index), path: null, value: shown }
    const name = `o${index}`
    if (countsRows(term, place)) {
      accumulators[name] = { $sum: 1 }
      return { ...sortKey(term, `$${name}`, 'long'), mayBeNull: false }
    }
    if (term.child === null && !hasPrimaryKey(offers, place)) refuseUngrouped(term, place)
    // equal in all rows of a group
    const key = sortKeyOf(term, index)
    accumulators[name] = { $first: key.value }
    return { ...key, path: null, value: `$${name}` }
  })
  const forParent: Document = {}
  for (const [name, term] of sortedBy) {
    accumulators[name] = { $first: fieldKey(term, place, new Set()).value }
    forParent[name] = `$${name}`
  }
  const group = { $group: { _id: keys, ...accumulators } }
  return { group, values, sort, sortedBy: forParent }
}

function showsField({ aggregate, field }: Offer, term: OrderBy): boolean {
  if (aggregate !== null || field === null || field.name !== term.field.name) return false
  const path = ({ jsonPath }: typeof field) =>
    jsonPath.map(({ arrow, key }) => arrow + key).join('')
  return path(field) === path(term.field)
}

/** PostgreSQL reads `films.count` as count(films). */
function countsRows({ field, child }: OrderBy, { relation }: FieldPlace): boolean {
  const isPlain = child === null && field.jsonPath.length === 0
  return isPlain && field.name === 'count' && !relation.columns.has('count')
}

/** Whoever groups by the primary key has all columns. */
function hasPrimaryKey(offers: readonly Offer[], { relation }: FieldPlace): boolean {
  const { primaryKey, isView } = relation
  const isShown = (column: string) =>
    offers.some(
      ({ aggregate, field }) =>
        aggregate === null && field?.name === column && field.jsonPath.length === 0,
    )
  return !isView && primaryKey.length > 0 && primaryKey.every(isShown)
}

function refuseUngrouped({ field }: OrderBy, { relation }: FieldPlace): never {
  const column = `${relation.name}.${field.name}`
  const message = `column "${column}" must appear in the GROUP BY clause or be used in an aggregate function`
  return refuse(valueFailure('42803', message))
}
