/**
 * Puts filters, logic trees, order and windows on the node of the read tree that their path names:
 * `clients.projects.order=name` goes to `projects` inside `clients`. Pure but for the drafts it
 * fills. What the names mean in the database is found out later.
 */
import type { ApiRequest, At, EmbedPath, LogicTree, Window } from '../api/api-request.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { type DraftNode, lookupOrder, shownName } from './draft-tree.ts'
import type { PlanWindow } from './plan.ts'

/**
 * Fills the tree. The first failure in PostgREST's order is returned: filters, order, windows,
 * logic trees, each list from its end.
 *
 * Errors  not-embedded
 * Rule    PostgREST docs: resource_embedding (filters, order and limits of embeds)
 */
export function placeByPath(
  root: DraftNode,
  request: ApiRequest,
  useLegacyNames: boolean,
): ApiError | null {
  const isWrite = request.action.kind === 'mutate'
  const filtersRoot = request.action.kind === 'read' || request.action.kind === 'call'
  const belongsHere = (at: At<unknown>): boolean => filtersRoot || at.path.length > 0
  const find = createFinder(root, useLegacyNames)
  const place = <T>(
    list: readonly At<T>[],
    apply: (node: DraftNode, value: T, index: number) => void,
  ): ApiError | null => {
    for (const [index, { path, value }] of [...list.entries()].reverse()) {
      const found = find(path)
      if (!found.ok) return found.error
      apply(found.value, value, index)
    }
    return null
  }
  const addCondition = (node: DraftNode, value: LogicTree): void => {
    node.conditions.push(value)
  }

  if (!isWrite) root.window = planWindow(0, request.window)
  return (
    place(request.filters.filter(belongsHere), addCondition) ??
    place(request.order, (node, value) => {
      node.order = value
    }) ??
    (isWrite
      ? null
      : place(request.embedWindows, (node, value, index) => {
          node.window = planWindow(index + 1, value)
        })) ??
    place(request.logic.filter(belongsHere), addCondition)
  )
}

function planWindow(source: number, window: Window): PlanWindow {
  const hasLimit = window.limit !== undefined
  const hasOffset = window.offset > 0
  return { source: hasLimit || hasOffset ? source : null, hasLimit, hasOffset, maxRows: null }
}

/**
 * Walks down by name. An aliased embed is known by its alias, with legacy names by its relation
 * too; of several the one found last time comes first, else the first written.
 */
function createFinder(
  root: DraftNode,
  useLegacyNames: boolean,
): (path: EmbedPath) => Result<DraftNode, ApiError> {
  const indexes = new Map<DraftNode, Map<string, DraftNode>>()
  let step = 0

  function findChild(node: DraftNode, name: string): DraftNode | undefined {
    const index = indexes.get(node) ?? indexByName(node, useLegacyNames)
    indexes.set(node, index)
    const found = index.get(name)
    // from now on it comes first under each of its names
    if (found !== undefined)
      for (const each of lookupNames(found, useLegacyNames)) index.set(each, found)
    return found
  }

  return (path) => {
    let node = root
    for (const name of path) {
      const found = findChild(node, name)
      if (found === undefined) return err(notEmbedded(node, name, useLegacyNames))
      step += 1
      found.foundAt = step
      if (isNamedByRelation(found, name)) found.usedLegacyName = true
      node = found
    }
    return ok(node)
  }
}

/** What each name means at first. */
function indexByName(node: DraftNode, useLegacyNames: boolean): Map<string, DraftNode> {
  const index = new Map<string, DraftNode>()
  for (const child of node.children) {
    for (const name of lookupNames(child, useLegacyNames)) {
      if (!index.has(name)) index.set(name, child)
    }
  }
  return index
}

function lookupNames(child: DraftNode, useLegacyNames: boolean): readonly string[] {
  return useLegacyNames ? [shownName(child), child.name] : [shownName(child)]
}

function isNamedByRelation(node: DraftNode, name: string): boolean {
  return node.alias !== null && node.alias !== name && node.name === name
}

function notEmbedded(node: DraftNode, target: string, useLegacyNames: boolean): ApiError {
  const meant = useLegacyNames
    ? undefined
    : lookupOrder(node).find((child) => isNamedByRelation(child, target))
  const alias = meant?.alias ?? null
  return {
    kind: 'not-embedded',
    target,
    renamed: meant === undefined || alias === null ? null : { relation: meant.name, alias },
  }
}
