/**
 * Plans reading: the tree of nodes that every request on rows ends in, and the plan of GET and HEAD
 * on a relation. Writes and calls use the same tree over the rows they return.
 *
 * The order of the stages is visible on the wire, since the first failure is the answer: names in
 * paths, relationships, related orders, aggregates switched off, aggregates where there are none.
 */
import type { ApiRequest } from '../api/api-request.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { buildTree } from './build-tree.ts'
import { checkPreferences } from './check-preferences.ts'
import { createColumnBudget, tooManyColumns } from './column-budget.ts'
import { type DraftNode, draftTree } from './draft-tree.ts'
import { findRelation } from './find-relation.ts'
import { checkRelatedOrders, linkEmbeds } from './link-embeds.ts'
import { negotiateMedia } from './negotiate-media.ts'
import { placeByPath } from './place-by-path.ts'
import type { ReadNode, ReadPlan, Unruled } from './plan.ts'
import type { PlanOptions } from './plan-options.ts'
import { refuseTree, refuseUnsupported } from './refuse-unsupported.ts'

/** Plans GET and HEAD on a relation. */
export function planRead(
  request: ApiRequest,
  relation: QualifiedName,
  headersOnly: boolean,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
): Result<ReadPlan<Unruled>, ApiError> {
  const found = findRelation(snapshot, relation)
  if (!found.ok) return found
  const refused = refuseUnsupported(request, snapshot.capabilities)
  if (refused !== null) return err(refused)
  const root = planReadTree(request, relation, snapshot, options)
  if (!root.ok) return root
  const media = negotiateMedia(request, relation, root.value, snapshot, options)
  if (!media.ok) return media
  const invalid = checkPreferences(request.preferences)
  if (invalid !== null) return err(invalid)
  return ok({
    kind: 'read',
    relation,
    root: root.value,
    media: media.value,
    // the tag of a HEAD is made of the body that GET would have
    headersOnly: headersOnly && !options.etagEnabled,
    count: request.preferences.count ?? null,
    maxRows: options.dbMaxRows,
  })
}

/**
 * The tree over `root`: a relation, or for a function what its rows look like. For writes the
 * root's filters and all windows are left out: they concern the write itself. `columnTypes`: base
 * types of columns that a function names itself.
 */
export function planReadTree(
  request: ApiRequest,
  root: QualifiedName,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
  columnTypes?: ReadonlyMap<string, string>,
): Result<ReadNode<Unruled>, ApiError> {
  const { kind } = request.action
  const draft = draftTree(root, request.select)
  const failure =
    placeByPath(draft, request, options.urlUseLegacyTargetNames) ??
    linkEmbeds(snapshot, root.schema, draft, root) ??
    checkRelatedOrders(draft, root) ??
    (options.dbAggregatesEnabled || !aggregates(draft) ? null : aggregatesNotAllowed(options))
  if (failure !== null) return err(failure)

  const budget = createColumnBudget()
  const tree = buildTree(draft, {
    budget,
    snapshot,
    root,
    readsResult: kind === 'mutate' || kind === 'call',
    maxRows: kind === 'mutate' ? null : options.dbMaxRows,
    columnTypes,
  })
  if (budget.isExceeded()) return err(tooManyColumns)
  const refused = refuseTree(tree, snapshot) ?? checkManySpreads(tree)
  return refused === null ? ok(tree) : err(refused)
}

/** Who has switched them off knows how to switch them on. */
function aggregatesNotAllowed({ given }: PlanOptions): ApiError {
  return given.has('dbAggregatesEnabled')
    ? { kind: 'aggregates-not-allowed' }
    : { kind: 'aggregates-not-allowed', slip: { kind: 'aggregates-off-by-default' } }
}

function aggregates(node: DraftNode): boolean {
  return node.fields.some((item) => item.aggregate !== undefined) || node.children.some(aggregates)
}

/** Rule  PostgREST docs: aggregate_functions (to-many spreads) */
function checkManySpreads(node: ReadNode<unknown>): ApiError | null {
  if (node.join?.output.kind === 'spread-many' && hasAggregate(node)) {
    return {
      kind: 'not-implemented',
      feature: 'Aggregates are not implemented for one-to-many or many-to-many spreads.',
      engine: null,
    }
  }
  for (const child of node.children) {
    const failure = checkManySpreads(child)
    if (failure !== null) return failure
  }
  return null
}

/** Whether there is an aggregate in its own columns, or in those that its spreads lift into it. */
function hasAggregate(node: ReadNode<unknown>): boolean {
  return (
    node.select.some((column) => column.aggregate !== null) ||
    node.children.some((child) => {
      const output = child.join?.output
      return (
        (output?.kind === 'spread-one' || output?.kind === 'spread-many') &&
        output.columns.some((column) => column.aggregate !== null)
      )
    })
  )
}
