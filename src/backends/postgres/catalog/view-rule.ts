/**
 * Text of a view's rule, as pg_rewrite.ev_action holds it → where the view's columns come from, and
 * what makes it simple enough to be written through. Reading the stored tree needs no lock, whereas
 * pg_get_viewdef and pg_relation_is_updatable wait for an ALTER TABLE of a table below the view.
 *
 * The tree is a list of nodes `{TAG :field value …}`, lists are `(…)`, nothing is `<>`, and a
 * backslash takes the meaning from the character behind it. Only the fields wanted are looked at,
 * by name, so that versions which add others read alike (14 to 18 do).
 */

export interface ViewRule {
  readonly columns: readonly ViewRuleColumn[]
  /** What writes to the view would go to; null unless PostgreSQL calls the view auto-updatable. */
  readonly base: ViewBase | null
}

export interface ViewRuleColumn {
  /** Attribute number in the view. */
  readonly position: number
  /** Oid of the relation that the value is passed on from unchanged; 0: it is computed. */
  readonly originRelation: number
  readonly originColumn: number
  /** Attribute number in the base relation; null where writes cannot reach one. */
  readonly baseColumn: number | null
}

export interface ViewBase {
  readonly relation: number
  /** pg_class.relkind. */
  readonly kind: string
}

/** A stretch of the text. */
interface Span {
  readonly from: number
  readonly to: number
}

interface TreeNode {
  readonly tag: string
  readonly fields: ReadonlyMap<string, Span>
  /** Behind its last character. */
  readonly end: number
}

/** Errors  null for text that is no tree of a query: such a view is taken as it is named */
export function readViewRule(tree: string): ViewRule | null {
  const start = tree.indexOf('{')
  if (start === -1) return null
  const query = readNode(tree, start)
  const targets = query.fields.get('targetList')
  if (query.tag !== 'QUERY' || targets === undefined) return null
  const source = singleSource(tree, query)
  const columns = nodesIn(tree, targets).flatMap((target): readonly ViewRuleColumn[] => {
    if (textAt(tree, target, 'resjunk') === 'true') return []
    return [
      {
        position: numberAt(tree, target, 'resno'),
        originRelation: numberAt(tree, target, 'resorigtbl'),
        originColumn: numberAt(tree, target, 'resorigcol'),
        baseColumn: source === null ? null : baseColumn(tree, target, source.index),
      },
    ]
  })
  return { columns, base: source?.base ?? null }
}

/** Clauses that make a view read-only when they are there. */
const readOnlyLists = [
  'distinctClause',
  'groupClause',
  'groupingSets',
  'havingQual',
  'setOperations',
  'cteList',
  'limitOffset',
  'limitCount',
]
const readOnlyFlags = ['hasAggs', 'hasWindowFuncs', 'hasTargetSRFs']

/**
 * The one relation that the query reads, and its index in the range table.
 *
 * Rule  PostgreSQL manual: CREATE VIEW (Updatable Views)
 */
function singleSource(tree: string, query: TreeNode): { index: number; base: ViewBase } | null {
  const isReadOnly =
    readOnlyLists.some((field) => (textAt(tree, query, field) ?? '<>') !== '<>') ||
    readOnlyFlags.some((field) => textAt(tree, query, field) === 'true')
  if (isReadOnly) return null
  const join = nodeAt(tree, query, 'jointree')
  const from = join?.fields.get('fromlist')
  const [item, ...others] = from === undefined ? [] : nodesIn(tree, from)
  if (item?.tag !== 'RANGETBLREF' || others.length > 0) return null
  const index = numberAt(tree, item, 'rtindex')
  const table = query.fields.get('rtable')
  const entry = table === undefined ? undefined : nodesIn(tree, table)[index - 1]
  if (entry === undefined) return null
  // rtekind 0 is a plain relation
  if (numberAt(tree, entry, 'rtekind') !== 0) return null
  if ((textAt(tree, entry, 'tablesample') ?? '<>') !== '<>') return null
  const kind = textAt(tree, entry, 'relkind') ?? ''
  if (!['r', 'p', 'v', 'f'].includes(kind)) return null
  return { index, base: { relation: numberAt(tree, entry, 'relid'), kind } }
}

/** Attribute number if the target is a plain column of the source, no system column or whole row. */
function baseColumn(tree: string, target: TreeNode, sourceIndex: number): number | null {
  const variable = nodeAt(tree, target, 'expr')
  if (variable?.tag !== 'VAR') return null
  if (numberAt(tree, variable, 'varno') !== sourceIndex) return null
  if (numberAt(tree, variable, 'varlevelsup') !== 0) return null
  const attribute = numberAt(tree, variable, 'varattno')
  return attribute > 0 ? attribute : null
}

function textAt(tree: string, node: TreeNode, field: string): string | undefined {
  const span = node.fields.get(field)
  return span === undefined ? undefined : tree.slice(span.from, span.to)
}

function numberAt(tree: string, node: TreeNode, field: string): number {
  return Number(textAt(tree, node, field))
}

function nodeAt(tree: string, node: TreeNode, field: string): TreeNode | null {
  const span = node.fields.get(field)
  return span !== undefined && tree[span.from] === '{' ? readNode(tree, span.from) : null
}

/** The nodes that are members of a list. */
function nodesIn(tree: string, list: Span): readonly TreeNode[] {
  const nodes: TreeNode[] = []
  if (tree[list.from] !== '(') return nodes
  let at = list.from + 1
  while (at < list.to) {
    if (tree[at] === '{') {
      const node = readNode(tree, at)
      nodes.push(node)
      at = node.end
    } else {
      at += 1
    }
  }
  return nodes
}

/** Fields of the node that opens at `start`; their values are left unread. */
function readNode(tree: string, start: number): TreeNode {
  const fields = new Map<string, Span>()
  let at = endOfWord(tree, start + 1)
  const tag = tree.slice(start + 1, at)
  for (;;) {
    at = skipBlanks(tree, at)
    if (at >= tree.length || tree[at] === '}') return { tag, fields, end: at + 1 }
    const nameEnd = endOfWord(tree, at)
    const name = tree.slice(at + 1, nameEnd)
    const from = skipBlanks(tree, nameEnd)
    let to = from
    // some values are several words (`4 [ 1 0 0 0 ]`); the first may look like a field's name
    for (let next = from; next < tree.length && tree[next] !== '}'; ) {
      to = endOfValue(tree, next)
      next = skipBlanks(tree, to)
      if (tree[next] === ':') break
    }
    fields.set(name, { from, to })
    at = to
  }
}

// by code: trees are long, and this is where a load spends its time
const [space, newline, backslash] = [0x20, 0x0a, 0x5c]
const [openList, closeList, openNode, closeNode] = [0x28, 0x29, 0x7b, 0x7d]

function skipBlanks(tree: string, from: number): number {
  let at = from
  while (tree.charCodeAt(at) === space || tree.charCodeAt(at) === newline) at += 1
  return at
}

function endOfWord(tree: string, from: number): number {
  for (let at = from; at < tree.length; at += 1) {
    switch (tree.charCodeAt(at)) {
      case backslash:
        at += 1
        break
      case space:
      case newline:
      case openList:
      case closeList:
      case openNode:
      case closeNode:
        return at
    }
  }
  return tree.length
}

/** Where the word, list or node that starts at `from` ends. */
function endOfValue(tree: string, from: number): number {
  const first = tree.charCodeAt(from)
  if (first !== openNode && first !== openList) return Math.max(endOfWord(tree, from), from + 1)
  let depth = 0
  for (let at = from; at < tree.length; at += 1) {
    switch (tree.charCodeAt(at)) {
      case backslash:
        at += 1
        break
      case openNode:
      case openList:
        depth += 1
        break
      case closeNode:
      case closeList:
        depth -= 1
        if (depth === 0) return at + 1
        break
    }
  }
  return tree.length
}
