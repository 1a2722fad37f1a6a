/**
 * Order terms → the stages that sort by them as PostgreSQL does: nulls last when ascending and first
 * when descending, NaN above all numbers. MongoDB puts both below all values. Where its own order is
 * the one that is wanted, the field itself is sorted by, so that an index can serve; else keys are
 * computed beside the document: `s0` a value, `n0` where it ranks.
 */
import type { Document } from 'mongodb'
import type { Condition, OrderBy } from '../../../plan/plan.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import {
  type Expression,
  expressionOf,
  type FieldPlace,
  fieldFacts,
  isNeverNull,
  kindOf,
  queryPath,
  textOf,
} from './field-place.ts'
import { notImplemented, refuse, tooComplex } from './mongodb-refusal.ts'

export interface SortKey {
  /** By which `$sort` reaches the value; null where it has to be computed. */
  readonly path: string | null
  readonly value: Expression
  readonly kind: FieldKind
  readonly direction: 1 | -1
  /** Nulls stand where the greatest value would. */
  readonly nullsGreatest: boolean
  readonly mayBeNull: boolean
  readonly mayBeNan: boolean
}

/** How many keys `$sort` takes. */
const maxSortKeys = 32

/**
 * What a term on the place's own field sorts by.
 *
 * Errors  not-implemented: by documents
 */
export function fieldKey(
  term: OrderBy,
  place: FieldPlace,
  neverNull: ReadonlySet<string>,
): SortKey {
  const { field } = term
  const facts = fieldFacts(place, field)
  const kind = kindOf(place, field)
  refuseUnsorted(kind)
  const isPlain = field.jsonPath.length === 0
  const value = expressionOf(place, field)
  return {
    ...sortKey(term, field.jsonPath.at(-1)?.arrow === '->>' ? textOf(value) : value, kind),
    path: queryPath(place, field),
    mayBeNull: !isPlain || !(isNeverNull(place, field.name) || neverNull.has(field.name)),
    mayBeNan: isPlain && facts?.mayBeNan === true,
  }
}

/** What a term sorts by whose value is an expression. */
export function sortKey(term: OrderBy, value: Expression, kind: FieldKind): SortKey {
  const nulls = term.nulls ?? (term.direction === 'desc' ? 'first' : 'last')
  const isAscending = term.direction !== 'desc'
  return {
    path: null,
    value,
    kind,
    direction: isAscending ? 1 : -1,
    nullsGreatest: isAscending === (nulls === 'last'),
    mayBeNull: true,
    mayBeNan: false,
  }
}

function refuseUnsorted(kind: FieldKind): void {
  if (kind === 'document') notImplemented('order by jsonb documents')
  if (kind === 'other') {
    refuse(
      valueFailure('42883', 'could not identify an ordering operator for type json', {
        hint: 'Use an explicit ordering operator or modify the query.',
      }),
    )
  }
}

/** Columns that are not null in any row that the conditions keep. */
export function neverNullIn(conditions: readonly Condition[]): ReadonlySet<string> {
  return new Set(conditions.flatMap(columnsNotNull))
}

function columnsNotNull(condition: Condition): readonly string[] {
  if (condition.kind === 'logic') {
    const holds = condition.operator === 'and' && !condition.negated
    return holds ? condition.operands.flatMap(columnsNotNull) : []
  }
  if (condition.kind === 'embed-null') return []
  const { field, negated, operation } = condition
  if (field.jsonPath.length > 0) return []
  switch (operation.kind) {
    case 'comparison':
      // any and all of no members say something of nulls too
      return operation.quantifier === undefined ? [field.name] : []
    case 'simple':
    case 'fts':
      return [field.name]
    case 'in':
      return negated ? [] : [field.name]
    case 'is': {
      const isNull = operation.value === 'null' || operation.value === 'unknown'
      const excludes = operation.value === 'not_null' ? !negated : isNull === negated
      return excludes ? [field.name] : []
    }
    case 'isdistinct':
      return []
  }
}

/** Whether MongoDB's own order of the field is the one that is wanted. */
export function isNatural({ path, kind, nullsGreatest, mayBeNull, mayBeNan }: SortKey): boolean {
  // of a list MongoDB would take the least or the greatest element
  return path !== null && kind !== 'array' && !mayBeNan && !(mayBeNull && nullsGreatest)
}

/** Errors  too-complex: more keys than MongoDB sorts by */
export function sortStages(keys: readonly SortKey[]): readonly Document[] {
  if (keys.length === 0) return []
  const values: Document = {}
  const ranks: Document = {}
  const sort: Document = {}
  keys.forEach((key, index) => {
    const { path, value, kind, direction } = key
    if (isNatural(key) && path !== null) {
      sort[path] ??= direction
      return
    }
    const isDirect = path !== null && kind !== 'array'
    const valueKey = `s${index}`
    // a document of it compares whole lists
    if (!isDirect) values[valueKey] = kind === 'array' ? { v: { $ifNull: [value, null] } } : value
    const ranked = isDirect ? value : `$${valueKey}${kind === 'array' ? '.v' : ''}`
    if (key.mayBeNull || key.mayBeNan) {
      ranks[`n${index}`] = rankOf(ranked, key)
      sort[`n${index}`] = direction
    }
    sort[isDirect ? path : valueKey] ??= direction
  })
  if (Object.keys(sort).length > maxSortKeys) {
    tooComplex(
      `MongoDB sorts by at most ${maxSortKeys} keys, of which one that can be null takes two.`,
    )
  }
  return [
    ...[values, ranks].flatMap((fields) =>
      Object.keys(fields).length === 0 ? [] : [{ $addFields: fields }],
    ),
    { $sort: sort },
  ]
}

function rankOf(value: Expression, { nullsGreatest, mayBeNan }: SortKey): Document {
  const ofNull = nullsGreatest ? 2 : -1
  if (!mayBeNan) return { $cond: [{ $gt: [value, null] }, 0, ofNull] }
  const orNan = { $cond: [{ $eq: [value, Number.NaN] }, 1, 0] }
  return { $cond: [{ $lte: [value, null] }, ofNull, orNan] }
}
