/**
 * The read tree while it is being planned: first as the `select` wrote it, then with filters,
 * order and windows on their nodes, then with relationships. Drafts are changed in place, live
 * inside one `planReadTree` call and never leave this folder; `build-tree.ts` makes the plan.
 */
import type {
  JoinType,
  LogicTree,
  OrderTerm,
  SelectEmbed,
  SelectField,
  SelectItem,
} from '../api/api-request.ts'
import { type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import type { Relationship } from '../schema/relationships/relationship.ts'
import type { PlanWindow } from './plan.ts'

export interface DraftNode {
  /** As written in the URL; the relation's name at the root. */
  readonly name: string
  readonly alias: string | null
  readonly hint: string | null
  readonly joinType: JoinType
  readonly isSpread: boolean
  readonly depth: number
  readonly fields: readonly SelectField[]
  /** In the order of the URL: the order of the answer. */
  readonly children: readonly DraftNode[]
  /** When a path last led here, counted from 1; 0: never. What was found last is looked at first. */
  foundAt: number
  /** What the rows must fulfil, the last one first. */
  readonly conditions: LogicTree[]
  order: readonly OrderTerm[]
  window: PlanWindow
  usedLegacyName: boolean
  /** Known once linked; until then, and always for resolving fields, `scopeName` is used. */
  link: EmbedLink | null
}

export interface EmbedLink {
  readonly relationship: Relationship
  readonly key: string
}

const noWindow: PlanWindow = {
  source: null,
  hasLimit: false,
  hasOffset: false,
  maxRows: null,
}

export function draftTree(root: QualifiedName, select: readonly SelectItem[]): DraftNode {
  return draftNode(select, {
    name: root.name,
    alias: null,
    hint: null,
    joinType: 'left',
    isSpread: false,
    depth: 0,
  })
}

/** What the answer calls an embed; filters and orders call it so too. */
export function shownName(node: DraftNode): string {
  return node.alias ?? node.name
}

/** The children as names are looked up: those that paths have led to before the others. */
export function lookupOrder(node: DraftNode): readonly DraftNode[] {
  return node.children.toSorted((a, b) => b.foundAt - a.foundAt)
}

/**
 * The relation whose columns the node's fields are resolved by: the name as written, even where it
 * is a key or a column. Such embeds have no column types, hence no domain representations.
 *
 * Rule  PostgREST resolves fields before relationships are known
 */
export function scopeName(root: QualifiedName, node: DraftNode): QualifiedName {
  return node.depth === 0 ? root : qualifiedName(root.schema, node.name)
}

type Origin = Pick<DraftNode, 'name' | 'alias' | 'hint' | 'joinType' | 'isSpread' | 'depth'>

function draftNode(select: readonly SelectItem[], origin: Origin): DraftNode {
  const fields: SelectField[] = []
  const children: DraftNode[] = []
  for (const item of select) {
    if (item.kind === 'field') fields.push(item)
    else children.push(draftEmbed(item, origin.depth + 1))
  }
  return {
    ...origin,
    fields,
    children,
    foundAt: 0,
    conditions: [],
    order: [],
    window: noWindow,
    usedLegacyName: false,
    link: null,
  }
}

function draftEmbed(embed: SelectEmbed, depth: number): DraftNode {
  return draftNode(embed.select, {
    name: embed.target,
    alias: embed.alias ?? null,
    hint: embed.hint ?? null,
    joinType: embed.join ?? 'left',
    isSpread: embed.isSpread,
    depth,
  })
}
