/**
 * Turns a read node into the stages that make its rows of documents as they are stored, and the shape
 * of these rows. What a client calls things stays here: rows have `c0`, `c1` … and the shape says what
 * they are. A child's rows are looked up beside the document, as `e0`, `e1` …
 *
 * A sort or a window comes as early as what it depends on allows, so that indexes serve it and embeds
 * are looked up for rows that are shown.
 */
import type { Document } from 'mongodb'
import type { OrderBy, ReadNode } from '../../../plan/plan.ts'
import { limitOf, offsetOf } from '../../../plan/request-values.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import {
  fieldKey,
  isNatural,
  neverNullIn,
  type SortKey,
  sortStages,
} from './compile-mongodb-order.ts'
import type { Stages } from './compiled-read.ts'
import type { Expression, FieldPlace } from './field-place.ts'
import { groupRows } from './group-rows.ts'
import { always, noStages, projectNothing, sequence, wrap } from './pipeline-stages.ts'
import {
  type CompileContext,
  childKey,
  childNamed,
  childrenByKey,
  createCompileContext,
  decidedByEmbeds,
  decidingChildren,
  existence,
  insideLookup,
  joinedLookup,
  joinOf,
  nodeSource,
  placeOf,
  rowsWindow,
  splitConditions,
  wrapped,
} from './relation-source.ts'
import {
  type FoundChild,
  isGrouped,
  type NodeRows,
  type Offer,
  offerKey,
  offersOf,
  rowShape,
} from './row-offers.ts'

export interface RowsOptions {
  /** Values are grouped by or aggregated by a parent. */
  readonly onServer: boolean
  /** False: rows are counted, and nothing is shown of them. */
  readonly isShown: boolean
  /** Rows have the `_id` of their document. */
  readonly keepsId: boolean
  /** Fields of this node that its parent sorts by, under the names that the parent has for them. */
  readonly sortedBy: ReadonlyMap<string, OrderBy>
}

const shownRows: RowsOptions = {
  onServer: false,
  isShown: true,
  keepsId: false,
  sortedBy: new Map(),
}

export interface ResultTree {
  readonly stages: Stages
  readonly row: RowShape
  /** The row of an aggregate over nothing; null where nothing gives no row. */
  readonly ofNothing: Document | null
}

/**
 * What is shown of documents that are given, as by a write: those of the root's relation as they are
 * stored. `keepsId`: rows have their `_id`.
 */
export function compileResultTree(
  root: ReadNode,
  snapshot: SchemaSnapshot,
  keepsId: boolean,
): ResultTree {
  const context = createCompileContext(snapshot)
  const place = placeOf(root.relation, context)
  const rows = compileRows(root, place, { ...shownRows, keepsId }, context)
  const stages = sequence(nodeSource(root, place, [], context), rows.stages)
  return { stages, row: rows.row, ofNothing: rows.ofNothing }
}

/**
 * The rows of a root. `place`: its documents as they are stored. `isShown` false: how many there are
 * is all that is asked.
 */
export function compileRoot(
  root: ReadNode,
  place: FieldPlace,
  isShown: boolean,
  context: CompileContext,
): Rows {
  const rows = compileRows(root, place, { ...shownRows, isShown }, context)
  return { ...rows, stages: sequence(nodeSource(root, place, [], context), rows.stages) }
}

interface Rows extends NodeRows {
  /** The row of an aggregate over nothing; null where nothing gives no row. */
  readonly ofNothing: Document | null
}

interface ChildLookup {
  readonly child: ReadNode
  readonly as: string
  readonly stages: Stages
  /** Null where all that is asked is whether there are any. */
  readonly rows: Rows | null
  readonly isShown: boolean
  /** Terms of the parent that sort by this child's fields, as `RowsOptions` has them. */
  readonly sortedBy: ReadonlyMap<string, OrderBy>
}

function compileRows(
  node: ReadNode,
  place: FieldPlace,
  options: RowsOptions,
  context: CompileContext,
): Rows {
  const groups = isGrouped(node)
  const onServer = groups || options.onServer
  const lookups = childLookups(node, place, { ...options, onServer }, context)
  const lookUp = (some: readonly ChildLookup[]) => sequence(...some.map(({ stages }) => stages))
  const byChild = new Map(lookups.map((each) => [each.child, each]))
  const decided = decidedByEmbeds(node, place, (child) => byChild.get(child)?.stages ?? noStages)
  const deciding = decidingChildren(node)
  const decides = deciding.size > 0
  const late = lookups.filter(({ child }) => !deciding.has(child))
  const window = rowsWindow(node)

  const neverNull = neverNullIn(splitConditions(node).own)
  const keysAt = (where: FieldPlace) => (term: OrderBy, index: number) => {
    const sorting = lookups.find(({ sortedBy }) => sortedBy.has(sortedKey(index)))
    if (sorting === undefined) return fieldKey(term, where, neverNull)
    return relatedKey(term, index, sorting, groups, context)
  }
  const sortsOwn = !groups && node.order.every(({ child }) => child === null)
  const rawKeys = sortsOwn ? node.order.map(keysAt(place)) : []
  const isRaw = sortsOwn && rawKeys.every(isNatural)
  const isWrapped = lookups.length > 0 || !(isRaw || groups)
  const inside = isWrapped ? wrapped(place) : place
  const found = lookups.flatMap(({ rows, isShown, ...each }): readonly FoundChild[] =>
    rows !== null && isShown ? [{ ...each, rows }] : [],
  )
  const offers = options.isShown || groups ? offersOf(node, inside, found, onServer) : []
  const wrapOnce = isWrapped && !decides ? always(wrap) : noStages
  const first = onServer ? firstOfSpreads(found) : noStages
  const shown = { offers, row: rowShape(offers) }

  if (groups) {
    const grouped = groupRows(node, inside, offers, keysAt(inside), options.sortedBy)
    const stages = sequence(
      decided,
      wrapOnce,
      lookUp(late),
      first,
      always(grouped.group, ...sortStages(grouped.sort)),
      window,
      projection({ ...valuesOf(grouped.values), ...grouped.sortedBy }, null, options),
    )
    return { ...shown, stages, ofNothing: rowOfNothing(offers) }
  }
  const sort = always(...sortStages(isRaw ? rawKeys : node.order.map(keysAt(inside))))
  const isEarly = isRaw && !decides
  const sortedBy = [...options.sortedBy].map(
    ([key, term]) => [key, sortedValue(term, inside)] as const,
  )
  const stages = sequence(
    isRaw ? sort : noStages,
    isEarly ? window : noStages,
    decided,
    wrapOnce,
    lookUp(late.filter(({ sortedBy: by }) => by.size > 0)),
    isRaw ? noStages : sort,
    isEarly ? noStages : window,
    lookUp(late.filter(({ sortedBy: by }) => by.size === 0)),
    first,
    projection(
      { ...valuesOf(offers.map(({ value }) => value)), ...Object.fromEntries(sortedBy) },
      inside,
      options,
    ),
  )
  return { ...shown, stages, ofNothing: null }
}

function valuesOf(values: readonly Expression[]): Document {
  return Object.fromEntries(values.map((value, index) => [offerKey(index), value]))
}

/** A term of the parent, whose field is one of this node. */
function sortedValue(term: OrderBy, place: FieldPlace): Expression {
  return fieldKey(term, place, noNames).value
}

const noNames: ReadonlySet<string> = new Set()

/** `place` null: rows are groups, and have no document. */
function projection(values: Document, place: FieldPlace | null, options: RowsOptions): Stages {
  if (options.keepsId && place !== null) {
    return always({
      $project: { _id: place.prefix === null ? 1 : `$${place.prefix}._id`, ...values },
    })
  }
  if (Object.keys(values).length === 0) return always(projectNothing)
  return always({ $project: { _id: 0, ...values } })
}

/** Null where there are groups: none is no row. */
function rowOfNothing(offers: readonly Offer[]): Document | null {
  if (offers.some(({ aggregate }) => aggregate === null)) return null
  return Object.fromEntries(
    offers.flatMap(({ aggregate }, index) =>
      aggregate?.ofNothing === undefined ? [] : [[offerKey(index), aggregate.ofNothing]],
    ),
  )
}

/** From here on the one row of each to-one spread is a document, as what groups needs it. */
function firstOfSpreads(found: readonly FoundChild[]): Stages {
  const firsts = found
    .filter(({ child }) => joinOf(child).output.kind === 'spread-one')
    .map(({ as }) => [as, { $arrayElemAt: [`$${as}`, 0] }] as const)
  return firsts.length === 0 ? noStages : always({ $addFields: Object.fromEntries(firsts) })
}

/** By the column of a to-one embed's row, which the row has for that purpose. */
function relatedKey(
  term: OrderBy,
  index: number,
  { child, as, isShown }: ChildLookup,
  groups: boolean,
  context: CompileContext,
): SortKey {
  // see firstOfSpreads
  const isDocument = groups && isShown && joinOf(child).output.kind === 'spread-one'
  const input = isDocument ? `$${as}` : { $arrayElemAt: [`$${as}`, 0] }
  const value = { $ifNull: [{ $getField: { field: sortedKey(index), input } }, null] }
  const key = fieldKey(term, placeOf(child.relation, context), noNames)
  return { ...key, path: null, value, mayBeNull: true }
}

/** The name under which a child has what the n-th order term of its parent sorts by. */
function sortedKey(index: number): string {
  return `k${index}`
}

function childLookups(
  node: ReadNode,
  place: FieldPlace,
  options: RowsOptions,
  context: CompileContext,
): readonly ChildLookup[] {
  const deciding = decidingChildren(node)
  const sorting = sortingChildren(node)
  const parent = wrapped(place)
  return node.children.flatMap((child, index): readonly ChildLookup[] => {
    const { output } = joinOf(child)
    const addsSome =
      output.kind === 'object' || output.kind === 'array'
        ? !output.isEmpty
        : output.columns.length > 0
    const isShown = addsSome && (options.isShown || isGrouped(node))
    const sortedBy = sorting.get(child) ?? new Map<string, OrderBy>()
    const sorts = sortedBy.size > 0
    if (!isShown && !sorts && !deciding.has(child)) return []
    const as = childKey(index)
    const each = { child, as, isShown, sortedBy }
    if (!isShown && !sorts && !isGrouped(child)) {
      return [{ ...each, rows: null, stages: existence(child, parent, as, 'shown', context) }]
    }
    const onServer = options.onServer && output.kind === 'spread-one'
    const inner = { onServer, isShown, keepsId: false, sortedBy }
    const childPlace = placeOf(child.relation, context)
    const rows = compileRows(child, childPlace, inner, insideLookup(context))
    const lookup = joinedLookup(child, parent, as, rows.stages, context)
    return [{ ...each, rows, stages: sequence(lookup, insteadOfNothing(child, as, rows)) }]
  })
}

/** The terms that sort by each child. */
function sortingChildren(node: ReadNode): ReadonlyMap<ReadNode, ReadonlyMap<string, OrderBy>> {
  const byKey = childrenByKey(node)
  const sorting = new Map<ReadNode, Map<string, OrderBy>>()
  node.order.forEach((term, index) => {
    if (term.child === null) return
    const child = childNamed(byKey, term.child)
    const terms = sorting.get(child) ?? new Map<string, OrderBy>()
    sorting.set(child, terms.set(sortedKey(index), term))
  })
  return sorting
}

/** An aggregate over nothing is a row too, unless the window leaves it out. */
function insteadOfNothing({ window }: ReadNode, as: string, { ofNothing }: Rows): Stages {
  if (ofNothing === null) return noStages
  const stage = {
    $addFields: { [as]: { $cond: [{ $eq: [`$${as}`, []] }, [ofNothing], `$${as}`] } },
  }
  return (request) =>
    limitOf(window, request) === 0 || offsetOf(window, request) > 0 ? [] : [stage]
}
