/**
 * A relation of a plan → the stages that give its documents as they are stored: those that the
 * role's rule leaves, that the client's conditions keep, and that join their parent. Everything that
 * reads a relation begins here, so that no place can leave the rule out.
 */
import type { Document } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import { nameKey, type QualifiedName } from '../../../core/qualified-name.ts'
import type { ChildJoin, Condition, ReadNode, RowRule, RuleCondition } from '../../../plan/plan.ts'
import { plainField } from '../../../plan/resolve-field.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type MongodbFacts, mongodbFacts } from '../catalog/mongodb-facts.ts'
import { compileConditions, compileRules } from './compile-mongodb-filter.ts'
import type { Bound, Stages } from './compiled-read.ts'
import { type FieldPlace, queryPath } from './field-place.ts'
import { joinOn } from './join-fields.ts'
import { notImplemented, refuse, tooComplex } from './mongodb-refusal.ts'
import {
  always,
  documentKey,
  matching,
  noStages,
  projectNothing,
  sequence,
  windowStages,
  wrap,
} from './pipeline-stages.ts'

/** One per plan. */
export interface CompileContext {
  readonly snapshot: SchemaSnapshot
  readonly facts: MongodbFacts
  /** Of lookups inside each other. */
  readonly depth: number
}

/** MongoDB's own bound of pipelines inside each other. */
const maxLookupDepth = 20

export function createCompileContext(snapshot: SchemaSnapshot): CompileContext {
  return { snapshot, facts: mongodbFacts(snapshot.engineFacts), depth: 0 }
}

/** The context inside of a lookup. Throws  too-complex: more of them than MongoDB takes */
export function insideLookup(context: CompileContext): CompileContext {
  if (context.depth === maxLookupDepth) {
    tooComplex(
      `MongoDB looks up at most ${maxLookupDepth} relations inside each other, and each junction is one of them.`,
    )
  }
  return { ...context, depth: context.depth + 1 }
}

/** The documents of a relation, as they are stored. */
export function placeOf(name: QualifiedName, { snapshot, facts }: CompileContext): FieldPlace {
  const relation = snapshot.relations.get(nameKey(name))
  const known = facts.collections.get(nameKey(name))
  if (relation === undefined || known === undefined) {
    return refuse(valueFailure('42P01', `relation "${name.name}" does not exist`))
  }
  return { relation, facts: known, prefix: null, isFirstStage: false }
}

/** The same documents once `wrap` has put them beside names of ours. */
export function wrapped(place: FieldPlace): FieldPlace {
  return { ...place, prefix: documentKey, isFirstStage: false }
}

export function joinOf(node: ReadNode): ChildJoin {
  if (node.join === null) throw new Error('a child without a join')
  return node.join
}

/** Conditions on a node's own fields, and those that ask what its embeds have found. */
export function splitConditions({ where }: Pick<ReadNode, 'where'>): {
  readonly own: readonly Condition[]
  readonly onEmbeds: readonly Condition[]
} {
  return {
    own: where.filter((condition) => !asksEmbeds(condition)),
    onEmbeds: where.filter(asksEmbeds),
  }
}

function asksEmbeds(condition: Condition): boolean {
  switch (condition.kind) {
    case 'filter':
      return false
    case 'logic':
      return condition.operands.some(asksEmbeds)
    case 'embed-null':
      return true
    default:
      return assertNever(condition)
  }
}

/**
 * The documents of a node, with what its own fields have to fulfil and, in front of that, `guards`.
 * Conditions on embeds are left to those who look them up.
 */
export function nodeSource(
  node: Pick<ReadNode, 'rows' | 'where'>,
  place: FieldPlace,
  guards: readonly Document[],
  context: CompileContext,
): Stages {
  const { own } = splitConditions(node)
  const filters = own.length === 0 ? [] : [compileConditions(own, place, noEmbeds)]
  return ruledSource(place, node.rows, [...guards.map((guard) => () => guard), ...filters], context)
}

function noEmbeds(): never {
  throw new Error('a condition on an embed among those on fields')
}

/** The documents of a relation that its rule leaves, and of these those that fulfil all conditions. */
function ruledSource(
  place: FieldPlace,
  rule: RowRule,
  conditions: readonly Bound<Document>[],
  context: CompileContext,
): Stages {
  if (rule.kind === 'all') return matching(conditions)
  const related = rule.conditions.filter(asksRelated)
  const plain = rule.conditions.filter((condition) => !asksRelated(condition))
  const rules = compileRules({ ...rule, conditions: plain }, place, noEmbeds)
  return sequence(
    matching([...(rules === null ? [] : [rules]), ...conditions]),
    relatedRules({ ...rule, conditions: related }, place, context),
    grantedFields(place, rule.columns),
  )
}

function asksRelated(condition: RuleCondition): boolean {
  switch (condition.kind) {
    case 'related':
      return true
    case 'logic':
      return condition.operands.some(asksRelated)
    case 'filter':
    case 'known':
    case 'never':
      return false
    default:
      return assertNever(condition)
  }
}

function relatedNodes(condition: RuleCondition): readonly ReadNode[] {
  if (condition.kind === 'related') return [condition.node]
  return condition.kind === 'logic' ? condition.operands.flatMap(relatedNodes) : []
}

/** Conditions on rows of other relations: these are looked up beside the document, and go again. */
function relatedRules(
  rule: RowRule & { readonly kind: 'policed' },
  place: FieldPlace,
  context: CompileContext,
): Stages {
  const nodes = rule.conditions.flatMap(relatedNodes)
  if (nodes.length === 0) return noStages
  const inside = wrapped(place)
  const keys = new Map(nodes.map((node, index) => [node, `r${index}`]))
  const rules = compileRules(rule, inside, (node) => ({ [keys.get(node) ?? '']: { $ne: [] } }))
  return sequence(
    always(wrap),
    ...[...keys].map(([node, as]) => existence(node, inside, as, 'all', context)),
    rules === null ? noStages : matching([rules]),
    always({ $replaceWith: `$${documentKey}` }),
  )
}

/** What is not granted is taken off: whatever follows could not show it. */
function grantedFields(place: FieldPlace, columns: ReadonlySet<string> | null): Stages {
  if (columns === null) return noStages
  const paths = [...columns].map((name) => queryPath(place, plainField({ name, jsonPath: [] })))
  const plain = paths.filter((path) => path !== null)
  // requests that name other columns were refused, so that these are granted too
  if (plain.length < paths.length) return noStages
  if (plain.length === 0) return always(projectNothing)
  const hidden = plain.includes('_id') ? {} : { _id: 0 }
  return always({ $project: { ...hidden, ...Object.fromEntries(plain.map((path) => [path, 1])) } })
}

/**
 * A `$lookup` of a child's rows into `as`, beside the parent's document. `rest` goes on from the
 * documents of the child as they are stored, of which only those are left that are asked for.
 */
export function joinedLookup(
  node: ReadNode,
  parent: FieldPlace,
  as: string,
  rest: Stages,
  context: CompileContext,
): Stages {
  const { relationship, junctionRows } = joinOf(node)
  if (relationship.kind === 'computed') return notImplemented('computed relationships')
  const { cardinality } = relationship
  const place = placeOf(node.relation, context)
  const inside = insideLookup(context)
  if (cardinality.kind !== 'many-to-many') {
    const { guard, ...on } = joinOn(cardinality.columns, parent, place)
    const pipeline = sequence(nodeSource(node, place, guard, inside), rest)
    return lookup(place, on, as, pipeline)
  }
  const { junction } = cardinality
  if (junctionRows === null) throw new Error('a junction without a rule')
  const between = placeOf(junction.relation, context)
  const first = joinOn(junction.originColumns, parent, between)
  const targetColumns = junction.targetColumns.map(([own, other]) => [other, own] as const)
  const second = joinOn(targetColumns, wrapped(between), place)
  const target = 't'
  const pipeline = sequence(
    ruledSource(
      between,
      junctionRows,
      first.guard.map((guard) => () => guard),
      inside,
    ),
    always(wrap),
    lookup(place, second, target, nodeSource(node, place, second.guard, insideLookup(inside))),
    always({ $unwind: `$${target}` }, { $replaceWith: `$${target}` }),
    rest,
  )
  return lookup(between, first, as, pipeline)
}

function lookup(
  { facts }: FieldPlace,
  { localField, foreignField, variables }: Omit<ReturnType<typeof joinOn>, 'guard'>,
  as: string,
  pipeline: Stages,
): Stages {
  const fields = localField === null ? {} : { localField, foreignField }
  const named = variables === null ? {} : { let: variables }
  return (request) => [
    {
      $lookup: { from: facts.collection, ...fields, ...named, as, pipeline: pipeline(request) },
    },
  ]
}

/**
 * A `$lookup` that finds one empty document where the child has a row, else none. `shown`: among the
 * rows that its window shows · `all`: whatever is shown, as counts and policies ask.
 */
export function existence(
  node: ReadNode,
  parent: FieldPlace,
  as: string,
  among: 'shown' | 'all',
  context: CompileContext,
): Stages {
  const place = placeOf(node.relation, context)
  const inside = insideLookup(context)
  const decided = decidedByEmbeds(node, place, (child, key) =>
    existence(child, wrapped(place), key, among, inside),
  )
  const rest = sequence(
    decided,
    among === 'shown' ? rowsWindow(node) : noStages,
    always({ $limit: 1 }, projectNothing),
  )
  return joinedLookup(node, parent, as, rest, context)
}

/** The name of what is found of a node's n-th child. */
export function childKey(index: number): string {
  return `e${index}`
}

/** The children whose rows decide whether a row of the node is there. */
export function decidingChildren(node: ReadNode): ReadonlySet<ReadNode> {
  const byKey = childrenByKey(node)
  const asked = splitConditions(node).onEmbeds.flatMap(askedChildren)
  return new Set([
    ...node.children.filter((child) => joinOf(child).type === 'inner'),
    ...asked.map((key) => childNamed(byKey, key)),
  ])
}

/** Of equal names the first one counts. */
export function childrenByKey({ children }: ReadNode): ReadonlyMap<string, ReadNode> {
  return new Map(children.map((child) => [child.key, child] as const).toReversed())
}

export function childNamed(byKey: ReadonlyMap<string, ReadNode>, key: string): ReadNode {
  const child = byKey.get(key)
  if (child === undefined) throw new Error('a term on an embed that is not there')
  return child
}

/**
 * The stages that keep the rows whose embeds are as they have to be. `lookUp` gives the stages that
 * put a child's rows under a name; it is asked for children that decide.
 */
export function decidedByEmbeds(
  node: ReadNode,
  place: FieldPlace,
  lookUp: (child: ReadNode, as: string) => Stages,
): Stages {
  const deciding = decidingChildren(node)
  if (deciding.size === 0) return noStages
  const { onEmbeds } = splitConditions(node)
  const byKey = childrenByKey(node)
  const names = new Map(node.children.map((child, index) => [child, childKey(index)]))
  const found = (child: ReadNode, negated: boolean): Document => ({
    [names.get(child) ?? '']: negated ? { $ne: [] } : { $eq: [] },
  })
  const inner = node.children
    .filter((child) => joinOf(child).type === 'inner')
    .map((child) => () => found(child, true))
  const isNull = (key: string, negated: boolean) => found(childNamed(byKey, key), negated)
  const conditions =
    onEmbeds.length === 0 ? [] : [compileConditions(onEmbeds, wrapped(place), isNull)]
  return sequence(
    always(wrap),
    ...[...deciding].map((child) => lookUp(child, names.get(child) ?? '')),
    matching([...inner, ...conditions]),
  )
}

function askedChildren(condition: Condition): readonly string[] {
  if (condition.kind === 'embed-null') return [condition.child]
  return condition.kind === 'logic' ? condition.operands.flatMap(askedChildren) : []
}

/** One row at most needs no `db-max-rows`. */
export function rowsWindow({ window, join }: ReadNode): Stages {
  const kind = join?.output.kind
  const isOne = kind === 'object' || kind === 'spread-one'
  return isOne && window.maxRows !== 0
    ? windowStages({ ...window, maxRows: null })
    : windowStages(window)
}
