/**
 * Makes the finished `ReadNode`s of linked drafts, children first: columns, conditions and order
 * resolved, each child's output named, aggregates of to-one spreads lifted to the node that groups.
 */
import type { LogicTree, OrderTerm } from '../api/api-request.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { isToOne } from '../schema/relationships/relationship.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { ColumnBudget } from './column-budget.ts'
import { type DraftNode, scopeName, shownName } from './draft-tree.ts'
import { childrenShown } from './link-embeds.ts'
import type {
  ChildJoin,
  ChildOutput,
  Condition,
  OrderBy,
  ReadNode,
  SelectColumn,
  Unruled,
} from './plan.ts'
import {
  type FieldScope,
  fieldScope,
  plainField,
  resolveField,
  resolveFilterField,
} from './resolve-field.ts'
import { selectColumns } from './select-columns.ts'
import {
  applyLifted,
  type Lifted,
  lentOnce,
  liftAggregates,
  spreadColumns,
} from './spread-columns.ts'

export interface TreeSource {
  readonly budget: ColumnBudget
  readonly snapshot: SchemaSnapshot
  readonly root: QualifiedName
  readonly readsResult: boolean
  /** `db-max-rows` where windows apply. */
  readonly maxRows: number | null
  /** Of a function's result whose columns it names itself. */
  readonly columnTypes: ReadonlyMap<string, string> | undefined
}

export function buildTree(draft: DraftNode, source: TreeSource): ReadNode<Unruled> {
  return buildNode(draft, source, { isGrouped: false, appliesLifted: true }).node
}

interface Surroundings {
  /** Some node above this one groups its rows. */
  readonly isGrouped: boolean
  /** The parent is where lifted aggregates end; false: it passes them on. */
  readonly appliesLifted: boolean
}

interface BuiltNode {
  readonly node: ReadNode<Unruled>
  readonly lifted: readonly Lifted[]
}

function buildNode(draft: DraftNode, source: TreeSource, around: Surroundings): BuiltNode {
  const relation = draft.link?.relationship.target ?? source.root
  const toOne = draft.link === null || isToOne(draft.link.relationship)
  const lifts = isOneSpread(draft)
  const isGrouped = around.isGrouped || (draft.isSpread && !toOne) || aggregates(draft)
  const scope = fieldScope(source.snapshot, scopeName(source.root, draft), {
    rows: relation,
    columnTypes: draft.depth === 0 ? source.columnTypes : undefined,
  })
  const selected = selectColumns(draft.fields, {
    scope,
    starScope: fieldScope(source.snapshot, relation),
    isSpread: draft.isSpread,
    isGrouped,
    budget: source.budget,
  })
  const built = draft.children.map((child) =>
    buildNode(child, source, { isGrouped, appliesLifted: !lifts }),
  )
  const children = built.map((child) => child.node)
  const shown = childrenShown(draft)
  const orderScope = fieldScope(source.snapshot, source.root)
  const own = lifts ? liftAggregates(selected) : { columns: selected, lifted: [] }
  const lifted = lifts ? [...own.lifted, ...built.flatMap((child) => child.lifted)] : []

  const node: ReadNode<Unruled> = {
    relation,
    rows: null,
    readsResult: draft.depth === 0 && source.readsResult,
    depth: draft.depth,
    name: draft.name,
    alias: draft.alias,
    key: draft.link?.key ?? '',
    select: own.columns,
    where: draft.conditions.toReversed().map((tree) => buildCondition(tree, scope, shown)),
    // types of ordered columns are looked up in the root's relation, as PostgREST does
    order: draft.order.map((term) => buildOrder(term, orderScope, shown)),
    window: { ...draft.window, maxRows: source.maxRows },
    join: childJoin(draft, own.columns, children, {
      lifted: around.appliesLifted ? lifted : [],
      budget: source.budget,
    }),
    children,
    usedLegacyName: draft.usedLegacyName,
  }
  return { node, lifted }
}

/** Whether the node aggregates its own columns, or those that its to-one spreads lift into it. */
function aggregates(draft: DraftNode): boolean {
  return (
    draft.fields.some((item) => item.aggregate !== undefined) ||
    draft.children.some((child) => isOneSpread(child) && aggregates(child))
  )
}

function isOneSpread(draft: DraftNode): boolean {
  return draft.isSpread && draft.link !== null && isToOne(draft.link.relationship)
}

interface SpreadSource {
  /** Aggregates that the parent applies. */
  readonly lifted: readonly Lifted[]
  readonly budget: ColumnBudget
}

function childJoin(
  draft: DraftNode,
  select: readonly SelectColumn[],
  children: readonly ReadNode<unknown>[],
  spread: SpreadSource,
): ChildJoin<Unruled> | null {
  if (draft.link === null) return null
  const { relationship } = draft.link
  const output = childOutput(draft, isToOne(relationship), select, children, spread)
  return { relationship, junctionRows: null, type: draft.joinType, output }
}

function childOutput(
  draft: DraftNode,
  toOne: boolean,
  select: readonly SelectColumn[],
  children: readonly ReadNode<unknown>[],
  { lifted, budget }: SpreadSource,
): ChildOutput {
  if (draft.isSpread) {
    const columns = lentOnce(applyLifted(spreadColumns(select, children, budget), lifted))
    return { kind: toOne ? 'spread-one' : 'spread-many', columns }
  }
  const isEmpty = selectsNothing(select, children)
  return { kind: toOne ? 'object' : 'array', name: shownName(draft), isEmpty }
}

/** `clients()`, and embeds of nothing but such: joined and filtered by, left out of the answer. */
function selectsNothing(
  select: readonly SelectColumn[],
  children: readonly ReadNode<unknown>[],
): boolean {
  return select.length === 0 && children.every(addsNothing)
}

/** Looks at what the child hands over, not at the levels below it. */
function addsNothing({ join }: ReadNode<unknown>): boolean {
  const output = join?.output
  if (output?.kind === 'object' || output?.kind === 'array') return output.isEmpty
  return output?.columns.length === 0
}

type Shown = ReadonlyMap<string, DraftNode>

function buildCondition(tree: LogicTree, scope: FieldScope, shown: Shown): Condition {
  if (tree.kind === 'logic') {
    return {
      ...tree,
      operands: tree.operands.map((operand) => buildCondition(operand, scope, shown)),
    }
  }
  const { field, negated, operation } = tree
  if (operation.kind === 'is' && operation.value === 'null' && field.jsonPath.length === 0) {
    const child = shown.get(field.name)?.link?.key
    if (child !== undefined) return { kind: 'embed-null', child, negated }
  }
  return { kind: 'filter', field: resolveFilterField(scope, field), negated, operation }
}

function buildOrder(term: OrderTerm, scope: FieldScope, shown: Shown): OrderBy {
  const child = term.relation === undefined ? null : (shown.get(term.relation)?.link?.key ?? null)
  return {
    field: child === null ? resolveField(scope, term.field) : plainField(term.field),
    child,
    direction: term.direction ?? null,
    nulls: term.nulls ?? null,
  }
}
