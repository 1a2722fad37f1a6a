/**
 * Where a node's rows come from, by which alias the query speaks of them, how they join their
 * parent's, and which of them are wanted. Inner joins and null filters on embeds are EXISTS, so
 * that a to-many child does not multiply rows.
 */
import { assertNever } from '../../../core/assert-never.ts'
import { nameKey, type QualifiedName } from '../../../core/qualified-name.ts'
import type { ChildJoin, ReadNode, RowRule } from '../../../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { compileCondition, type FilterScope } from '../../sql/compile-filter.ts'
import { equalColumns } from '../../sql/equal-columns.ts'
import { ident, joinGrouped, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type SqliteFacts, sqliteFacts } from '../catalog/sqlite-facts.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import { compileFilter, type FilterPlace } from './compile-sqlite-filter.ts'
import { guardNegatedSearch } from './compile-sqlite-fts.ts'
import { behindRule, isSilent, type RuledSource, ruledSource } from './compile-sqlite-rule.ts'
import { limitOperand, offsetOperand } from './sqlite-operands.ts'
import { createSources, type SqliteSources } from './sqlite-sources.ts'

/**
 * One per statement. What is known of a node is compiled once and shared by all places that speak
 * of it: the answer, the conditions of its parents, each column of a spread.
 */
export interface CompileContext {
  readonly snapshot: SchemaSnapshot
  readonly facts: SqliteFacts
  readonly sources: SqliteSources
  readonly scopes: Map<ReadNode, NodeScope>
  readonly conditions: Map<ReadNode, readonly SqlText[]>
  /** That a child has rows. */
  readonly existence: Map<ReadNode, SqlText>
  /** An alias that no other relation of the statement has. */
  readonly nextAlias: () => SqlText
  /** What the root reads where it is the result of a call. */
  readonly result: ResultSource | null
  /** A count looks at conditions only, as PostgREST's does, a page at what embeds show. */
  readonly ignoresWindows: boolean
  /** Where the root's rows come from where that is not the relation, under that name; null: it is. */
  readonly rootSource: ((table: SqlText) => SqlText) | null
  /** How rows become JSON. */
  readonly jsonForm: JsonForm
}

/**
 * `quick`: SQLite's own functions make the objects. `careful`: their texts are put together piece by
 * piece, which takes twice as long and can be done with any plan.
 */
export type JsonForm = 'quick' | 'careful'

export interface ResultSource {
  /** An item of FROM. */
  readonly from: SqlText
  readonly relation: Relation
}

export function createCompileContext(
  snapshot: SchemaSnapshot,
  jsonForm: JsonForm = 'careful',
): CompileContext {
  let count = 0
  const facts = sqliteFacts(snapshot.engineFacts)
  return {
    snapshot,
    facts,
    sources: createSources(facts),
    scopes: new Map(),
    conditions: new Map(),
    existence: new Map(),
    ignoresWindows: false,
    result: null,
    rootSource: null,
    jsonForm,
    nextAlias() {
      count += 1
      return raw(`t${count}`)
    },
  }
}

/** The context in which the rows of the same statement are counted. */
export function countingContext(context: CompileContext): CompileContext {
  return { ...context, conditions: new Map(), existence: new Map(), ignoresWindows: true }
}

export interface NodeScope extends FilterPlace {
  readonly node: ReadNode
  readonly children: ReadonlyMap<string, ReadNode>
  /** What follows FROM. */
  readonly from: SqlText
  readonly isShown: RuledSource['isShown']
  readonly joinConditions: readonly SqlText[]
  /** Not null for a row of this node: says whether a left join found one. */
  readonly mark: SqlText | null
}

const noColumns: ReadonlySet<string> = new Set()
const noComputed: NodeScope['computed'] = new Map()

/** `parent` is null at the root. A node has one alias: sub-selects hide each other's. */
export function openScope(
  node: ReadNode,
  parent: FilterPlace | null,
  context: CompileContext,
): NodeScope {
  const known = context.scopes.get(node)
  if (known !== undefined) return known
  const scope = newScope(node, parent, context)
  context.scopes.set(node, scope)
  return scope
}

function newScope(node: ReadNode, parent: FilterPlace | null, context: CompileContext): NodeScope {
  const table = context.nextAlias()
  const result = node.readsResult ? context.result : null
  const known =
    result === null
      ? filterPlace(node.relation, table, labelOf(node), context)
      : // what a function returns can be anything
        { ...noFacts, table, ...ofResult(result.relation, context), label: labelOf(node) }
  const place = {
    node,
    // of equal names the first one counts
    children: new Map(node.children.map((child) => [child.key, child] as const).toReversed()),
    ...known,
  }
  const source = result?.from ?? context.sources.of(place.relation)
  const { from, isShown } = sourceOf(place, source, node.rows, context)
  if (parent === null) {
    const rows = context.rootSource === null ? from : context.rootSource(table)
    return { ...place, from: rows, isShown, joinConditions: [], mark: null }
  }
  return { ...place, isShown, ...joinToParent(from, table, joinOf(node), parent.table, context) }
}

/** The rows that a rule leaves of a source. */
function sourceOf(
  place: FilterPlace,
  source: SqlText,
  rule: RowRule,
  context: CompileContext,
): RuledSource {
  return ruledSource(place, source, rule, (node) => rowExists(node, place, context))
}

/** What is known of a relation, under the name that the query has for it. */
export function filterPlace(
  name: QualifiedName,
  table: SqlText,
  label: string,
  context: CompileContext,
): FilterPlace {
  const relation = context.snapshot.relations.get(nameKey(name))
  if (relation === undefined) {
    return refuse(valueFailure('42P01', `relation "${name.name}" does not exist`))
  }
  return {
    table,
    relation,
    label,
    ...factsOf(name.name, context),
  }
}

function factsOf(name: string, { facts }: CompileContext) {
  return {
    isStrict: facts.strictRelations.has(name),
    ftsIndexes: facts.ftsIndexes.get(name) ?? [],
    storedForms: facts.storedForms.get(name) ?? new Map<string, never>(),
    incomparable: facts.incomparable.get(name) ?? noColumns,
    computed: facts.computed.get(name) ?? noComputed,
  }
}

function ofResult(relation: Relation, { facts, snapshot }: CompileContext) {
  return {
    relation,
    computed: facts.computed.get(relation.name) ?? noComputed,
    isOfFunction: snapshot.relations.get(nameKey(relation)) !== relation,
  }
}

const noFacts = {
  isStrict: false,
  ftsIndexes: [],
  storedForms: new Map<string, never>(),
  incomparable: new Set<string>(),
}

/** PostgREST's aliases: none for the root and behind a junction. */
function labelOf({ join, depth, relation }: ReadNode): string {
  const isAliased =
    join?.relationship.kind === 'key' && join.relationship.cardinality.kind !== 'many-to-many'
  return isAliased ? `${relation.name}_${depth}` : relation.name
}

export function joinOf(node: ReadNode): ChildJoin {
  if (node.join === null) throw new Error('a child without a join')
  return node.join
}

function joinToParent(
  from: SqlText,
  table: SqlText,
  { relationship, junctionRows }: ChildJoin,
  parent: SqlText,
  context: CompileContext,
): Pick<NodeScope, 'from' | 'joinConditions' | 'mark'> {
  if (relationship.kind === 'computed') return notImplemented('computed relationships')
  const { cardinality } = relationship
  switch (cardinality.kind) {
    case 'many-to-one':
    case 'one-to-many':
    case 'one-to-one': {
      const { columns } = cardinality
      const [, own] = columns[0] ?? ['', '']
      return {
        from,
        joinConditions: equalColumns(columns, parent, table),
        mark: sql`${table}.${ident(own)}`,
      }
    }
    case 'many-to-many': {
      const { junction } = cardinality
      if (junctionRows === null) throw new Error('a junction without a rule')
      const between = context.nextAlias()
      const place = filterPlace(junction.relation, between, junction.relation.name, context)
      return {
        from: sql`${sourceOf(place, context.sources.of(junction.relation), junctionRows, context).from}, ${from}`,
        joinConditions: [
          ...equalColumns(junction.originColumns, parent, between),
          ...equalColumns(junction.targetColumns, table, between),
        ],
        mark: null,
      }
    }
    default:
      return assertNever(cardinality)
  }
}

/** Which of the node's rows are wanted, apart from how they join. */
export function conditionsOf(scope: NodeScope, context: CompileContext): readonly SqlText[] {
  const known = context.conditions.get(scope.node)
  if (known !== undefined) return known
  const conditions = compileConditions(scope, context)
  context.conditions.set(scope.node, conditions)
  return conditions
}

function compileConditions(scope: NodeScope, context: CompileContext): readonly SqlText[] {
  const { node } = scope
  const filterScope: FilterScope = {
    filter: (field, operation) => compileFilter(scope, field, operation),
    embedIsNull: (key, negated) => {
      const found = rowExists(childNamed(scope, key), scope, context)
      return negated ? found : sql`NOT ${found}`
    },
  }
  return [
    // a count without a condition would take any index
    ...(context.facts.hasForeignIndex ? [raw('1')] : []),
    ...node.where.map((condition) => {
      const compiled = compileCondition(guardNegatedSearch(condition, scope), filterScope)
      return behindRule(compiled, scope.isShown, isSilent(condition, scope))
    }),
    ...node.children
      .filter((child) => child.join?.type === 'inner')
      .map((child) => behindRule(rowExists(child, scope, context), scope.isShown, false)),
  ]
}

export function childNamed({ children }: NodeScope, key: string): ReadNode {
  const child = children.get(key)
  if (child === undefined) throw new Error('a term on an embed that is not there')
  return child
}

export function rowExists(child: ReadNode, parent: FilterPlace, context: CompileContext): SqlText {
  const known = context.existence.get(child)
  if (known !== undefined) return known
  const text = compileExistence(child, parent, context)
  context.existence.set(child, text)
  return text
}

function compileExistence(child: ReadNode, parent: FilterPlace, context: CompileContext): SqlText {
  const scope = openScope(child, parent, context)
  const conditions = [...scope.joinConditions, ...conditionsOf(scope, context)]
  const from = sql`FROM ${scope.from} WHERE ${joinGrouped(conditions, ' AND ')}`
  if (context.ignoresWindows) return sql`EXISTS (SELECT 1 ${from})`
  const shown = raw(isOneGroup(child) ? 'count(*)' : '1')
  return sql`EXISTS (SELECT ${shown} ${from}${shownWindow(child)})`
}

function shownWindow({ window }: ReadNode): SqlText {
  if (!window.hasLimit && !window.hasOffset) return noSql
  const offset = window.hasOffset ? sql` OFFSET ${offsetOperand(window)}` : noSql
  return sql` LIMIT ${window.hasLimit ? limitOperand(window) : raw('-1')}${offset}`
}

/** Aggregates and nothing to group them by: there is a row even if there are none. */
function isOneGroup({ select, children }: ReadNode): boolean {
  return (
    select.length > 0 &&
    select.every((column) => column.aggregate !== null) &&
    children.every((child) => {
      const output = child.join?.output
      if (output?.kind === 'object' || output?.kind === 'array') return output.isEmpty
      return output?.columns.every((column) => column.aggregate !== null) === true
    })
  )
}
