/**
 * What a node selects, each thing as an expression over the document that has been put together for a
 * row, and as the member of the answer that it becomes.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { PlanField, ReadNode, SelectColumn, SpreadColumn } from '../../../plan/plan.ts'
import { typeOfField } from '../../values/type-rules.ts'
import type { Rendering, RowShape, ShapeMember } from '../bson/answer-shape.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import {
  type AggregateInput,
  type CompiledAggregate,
  compileAggregate,
} from './compile-mongodb-aggregate.ts'
import { castExpression, castTo } from './compile-mongodb-cast.ts'
import type { Stages } from './compiled-read.ts'
import {
  type Expression,
  expressionOf,
  type FieldPlace,
  fieldFacts,
  isTextless,
  kindOf,
  textOf,
  typedField,
} from './field-place.ts'
import { notImplemented } from './mongodb-refusal.ts'

/** One thing selected. */
export interface Offer extends AggregateInput {
  /** In the answer; `*` of all that a document has. */
  readonly name: string
  readonly value: Expression
  readonly kind: FieldKind
  readonly type: string
  readonly mayBeNan: boolean
  /** What is written of the value that rows have under a key. */
  readonly member: (key: string) => ShapeMember
  /** Null: grouped by, where something else is aggregated. */
  readonly aggregate: CompiledAggregate | null
  /** Whose value it shows as it is. */
  readonly field: PlanField | null
}

/** The rows of a node, as they come out of its stages. */
export interface NodeRows {
  readonly stages: Stages
  /** Each is under `offerKey` of its index. */
  readonly offers: readonly Offer[]
  readonly row: RowShape
}

/** What is found of a child, and under which name. */
export interface FoundChild {
  readonly child: ReadNode
  readonly as: string
  readonly rows: NodeRows
}

/** The name of the n-th answer of a row. */
export function offerKey(index: number): string {
  return `c${index}`
}

export function rowShape(offers: readonly Offer[]): RowShape {
  return { members: offers.map((offer, index) => offer.member(offerKey(index))) }
}

/** Whether the node aggregates its own columns, or those that its to-one spreads lift into it. */
export function isGrouped({ select, children }: ReadNode): boolean {
  return (
    select.some(({ aggregate }) => aggregate !== null) ||
    children.some(({ join }) => {
      const isOne = join?.output.kind === 'spread-one'
      return isOne && join.output.columns.some(({ aggregate }) => aggregate !== null)
    })
  )
}

/**
 * `found`: the children that are shown. `onServer`: values are grouped by or aggregated, here or by a
 * parent, so that the server casts them, and each column of a to-one spread is an offer of its own.
 */
export function offersOf(
  node: ReadNode,
  place: FieldPlace,
  found: readonly FoundChild[],
  onServer: boolean,
): readonly Offer[] {
  const showsAll = node.select.length === 0 && node.children.length === 0
  const own = showsAll
    ? [wholeDocument(node, place)]
    : node.select.map((column, index) => columnOffer(column, index, node, place, onServer))
  let index = own.length
  const embedded = found.flatMap((each) => {
    const offers = childOffers(each, onServer, index)
    index += offers.length
    return offers
  })
  return [...own, ...embedded]
}

const unknown = { kind: 'any', type: '', mayBeNan: false, aggregate: null, field: null } as const

function wholeDocument(node: ReadNode, { prefix, relation, facts }: FieldPlace): Offer {
  const granted = node.rows.kind === 'policed' ? node.rows.columns : null
  const columns = [...relation.columns.values()]
    .filter(({ name }) => granted?.has(name) ?? true)
    .map(({ name, baseType }) => ({
      name,
      field: facts.fields.get(name)?.field ?? name,
      type: baseType,
    }))
  const isOpen = !relation.isClosed && granted === null
  return {
    ...unknown,
    name: '*',
    value: prefix === null ? '$$ROOT' : `$${prefix}`,
    member: (key) => ({ kind: 'all', key, columns, isOpen }),
  }
}

function valueMember(name: string, rendering: Rendering): Offer['member'] {
  return (key) => ({ kind: 'value', name, key, rendering })
}

function columnOffer(
  column: SelectColumn,
  index: number,
  node: ReadNode,
  place: FieldPlace,
  onServer: boolean,
): Offer {
  const { field, aggregate, aggregateCast, alias } = column
  const name = alias ?? aggregate ?? field.name
  if (aggregate === null) {
    if (field.isFullRow) return fullRow(name)
    if (field.name === '*') return wholeDocument(node, place)
    return plainOffer(column, name, place, onServer)
  }
  const counts = field.name === '*' || field.isFullRow
  const input = counts ? null : plainOffer(column, name, place, true)
  const compiled = compileAggregate(aggregate, input, aggregateCast, index)
  return aggregated(name, compiled)
}

function aggregated(name: string, aggregate: CompiledAggregate): Offer {
  return {
    ...unknown,
    name,
    value: aggregate.result,
    member: valueMember(name, aggregate.rendering),
    aggregate,
  }
}

/** Not null where there is a row: what `count()` of a to-one spread counts. */
function fullRow(name: string): Offer {
  return {
    ...unknown,
    name,
    value: { $literal: 1 },
    member: valueMember(name, { kind: 'plain' }),
  }
}

function plainOffer(
  { field, cast }: SelectColumn,
  name: string,
  place: FieldPlace,
  onServer: boolean,
): Offer {
  const stored = expressionOf(place, field)
  const kind = kindOf(place, field)
  const type = typeOfField(typedField(place, field))
  const isText = field.jsonPath.at(-1)?.arrow === '->>'
  const isPlain = field.jsonPath.length === 0
  const mayBeNan = isPlain && fieldFacts(place, field)?.mayBeNan === true
  const offer = { ...unknown, name, kind, type, mayBeNan }
  if (onServer) {
    const value = isText ? comparableText(stored) : stored
    if (cast === null) {
      const rendering: Rendering = isText ? { kind: 'text' } : { kind: 'plain', type }
      return { ...offer, value, field, member: valueMember(name, rendering) }
    }
    const made = castExpression(value, kind, castTo(cast, type))
    return {
      ...offer,
      value: made.value,
      kind: made.kind,
      type: made.type,
      member: valueMember(name, made.rendering),
    }
  }
  const rendering: Rendering =
    cast === null
      ? isText
        ? { kind: 'text' }
        : { kind: 'plain', type }
      : { kind: 'cast', target: castTo(cast, type), type }
  return { ...offer, value: stored, field, member: valueMember(name, rendering) }
}

/** Equal where texts are; what the server makes no text of, such as documents, is as it is. */
function comparableText(value: Expression): Expression {
  return {
    $let: {
      vars: { stored: { $ifNull: [value, null] } },
      in: { $cond: [isTextless('$$stored'), '$$stored', textOf('$$stored')] },
    },
  }
}

function childOffers(
  { child, as, rows }: FoundChild,
  onServer: boolean,
  firstIndex: number,
): readonly Offer[] {
  const output = child.join?.output
  if (output === undefined) throw new Error('a child without a join')
  const value = `$${as}`
  switch (output.kind) {
    case 'object':
    case 'array': {
      const { kind, name } = output
      return [{ ...unknown, name, value, member: (key) => ({ kind, name, key, row: rows.row }) }]
    }
    case 'spread-one': {
      if (!onServer) return [spreadOffer('spread-one', value, output.columns, rows.row)]
      let index = firstIndex
      const lifted = liftedOffers(rows, as)
      return output.columns.flatMap((column) =>
        lifted(column.name).map((offer) => {
          const { aggregate, aggregateCast } = column
          const at = index
          index += 1
          if (aggregate === null) return offer
          const compiled = compileAggregate(aggregate, offer, aggregateCast, at)
          return aggregated(column.alias ?? aggregate, compiled)
        }),
      )
    }
    case 'spread-many':
      return [spreadOffer('spread-many', value, output.columns, rows.row)]
    default:
      return assertNever(output)
  }
}

/** By name: columns of a to-one spread, whose one row is a document under `as` by now. */
function liftedOffers({ offers }: NodeRows, as: string): (name: string) => readonly Offer[] {
  const lifted = byName(
    offers.map((offer, index) => ({
      ...offer,
      value: `$${as}.${offerKey(index)}`,
      field: null,
    })),
  )
  const names = new Set(offers.map(({ name }) => name))
  return (name) => {
    // the lists of an inner spread are made by the writer, which is too late to group by them
    const isInner = name !== '*' && !names.has(name) && names.has('')
    return isInner ? notImplemented('to-many spreads inside of what is aggregated') : lifted(name)
  }
}

/** A star that was not expanded is all that the spread has, its own spreads and embeds included. */
function byName<T extends { readonly name: string }>(
  all: readonly T[],
): (name: string) => readonly T[] {
  // of equal names the first one counts
  const named = new Map(all.map((each) => [each.name, each] as const).toReversed())
  return (name) => {
    if (name === '*') return all
    const found = named.get(name)
    if (found === undefined) throw new Error(`a spread lifts ${name}, which it does not select`)
    return [found]
  }
}

function spreadOffer(
  kind: 'spread-one' | 'spread-many',
  value: Expression,
  columns: readonly SpreadColumn[],
  { members }: RowShape,
): Offer {
  const named = byName(members.flatMap(namedMembers))
  const lifted = columns.flatMap(({ name }) => named(name).map(({ member }) => member))
  const row = { members: lifted }
  return { ...unknown, name: '', value, member: (key) => ({ kind, key, row }) }
}

interface NamedMember {
  readonly name: string
  readonly member: ShapeMember
}

/** What a spread inside of the spread has is lifted twice. */
function namedMembers(member: ShapeMember): readonly NamedMember[] {
  switch (member.kind) {
    case 'value':
    case 'object':
    case 'array':
      return [{ name: member.name, member }]
    case 'all':
      return [{ name: '*', member }]
    case 'spread-one':
    case 'spread-many':
      return member.row.members.flatMap(namedMembers).map(({ name, member: inner }) => ({
        name,
        member: { ...member, row: { members: [inner] } },
      }))
    default:
      return assertNever(member)
  }
}
