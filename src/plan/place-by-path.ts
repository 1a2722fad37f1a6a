/**
 * Puts filters, logic trees, order and windows on the node of the read tree that their path names:
 * `clients.projects.order=name` goes to `projects` inside `clients`. Pure but for the drafts it
 * fills. What the names mean in the database is found out later.
 */
import type { ApiRequest, At, EmbedPath, Window } from '../api/api-request.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { DraftNode } from './draft-tree.ts'
import { shownName } from './draft-tree.ts'
import type { PlanWindow } from './plan.ts'

/**
 * Fills the tree. The first failure in the release's order is returned: filters, order, windows,
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
  const place = <T>(
    list: readonly At<T>[],
    apply: (node: DraftNode, value: T, index: number) => void,
  ): ApiError | null => {
    for (const [index, { path, value }] of [...list.entries()].reverse()) {
      const node = findByPath(root, path, useLegacyNames)
      if ('kind' in node) return node
      apply(node, value, index)
    }
    return null
  }
  const addCondition = (node: DraftNode, value: DraftNode['conditions'][number]): void => {
    node.conditions = [value, ...node.conditions]
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
function findByPath(
  root: DraftNode,
  path: EmbedPath,
  useLegacyNames: boolean,
): DraftNode | ApiError {
  let node = root
  for (const name of path) {
    const found = findChild(node, name, useLegacyNames)
    if (found === undefined) return notEmbedded(node, name, useLegacyNames)
    node.lookupOrder = [found, ...node.lookupOrder.filter((child) => child !== found)]
    if (isNamedByRelation(found, name)) found.usedLegacyName = true
    node = found
  }
  return node
}

function findChild(node: DraftNode, name: string, useLegacyNames: boolean): DraftNode | undefined {
  return node.lookupOrder.find((child) =>
    useLegacyNames ? child.name === name || child.alias === name : shownName(child) === name,
  )
}

function isNamedByRelation(node: DraftNode, name: string): boolean {
  return node.alias !== null && node.alias !== name && node.name === name
}

function notEmbedded(node: DraftNode, target: string, useLegacyNames: boolean): ApiError {
  const meant = useLegacyNames ? undefined : findChild(node, target, true)
  const alias = meant?.alias ?? null
  return {
    kind: 'not-embedded',
    target,
    renamed: meant === undefined || alias === null ? null : { relation: meant.name, alias },
  }
}
