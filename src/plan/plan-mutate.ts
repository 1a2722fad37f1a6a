/**
 * Plans POST, PATCH, PUT and DELETE on a relation: which columns are written from the payload, which
 * rows are meant, what is handed back. Reading the rows back is `plan-read.ts`'s tree.
 */
import type { ApiRequest, Filter, LogicTree, Mutation } from '../api/api-request.ts'
import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { checkPreferences } from './check-preferences.ts'
import { findRelation } from './find-relation.ts'
import { inferReturning, selectReturned } from './infer-returning.ts'
import { negotiateMedia } from './negotiate-media.ts'
import { noticeJsonAsForm } from './notice-slips.ts'
import { payloadIsArray } from './payload-is-array.ts'
import type { Condition, MutatePlan, PlanField, ReadNode, Unruled } from './plan.ts'
import type { PlanOptions } from './plan-options.ts'
import { planReadTree } from './plan-read.ts'
import { refuseUnsupported } from './refuse-unsupported.ts'
import {
  type FieldScope,
  fieldScope,
  resolveFilterField,
  resolvePayloadField,
} from './resolve-field.ts'

/**
 * Errors  relation-not-found, not-implemented, those of the tree, column-not-found,
 *         invalid-filters, invalid-preferences, media-type: in this order
 * Rule    PostgREST docs: tables_views (Insert, Update, Upsert, Delete)
 */
export function planMutate(
  request: ApiRequest,
  name: QualifiedName,
  mutation: Mutation,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
): Result<MutatePlan<Unruled>, ApiError> {
  const found = findRelation(snapshot, name)
  if (!found.ok) return found
  const refused = refuseUnsupported(request, snapshot.capabilities)
  if (refused !== null) return err(refused)
  const root = planReadTree(request, name, snapshot, options)
  if (!root.ok) return root
  const scope = fieldScope(snapshot, name)
  const write = planWrite(request, mutation, found.value, scope, root.value)
  if (!write.ok) return write
  const invalid = checkPreferences(request.preferences)
  if (invalid !== null) return err(invalid)
  const media = negotiateMedia(request, name, root.value, snapshot, options)
  if (!media.ok) return media
  const shown = selectReturned(root.value, write.value.returning, scope)
  return ok({ ...write.value, relation: name, root: shown, media: media.value })
}

type WritePart = Omit<MutatePlan<Unruled>, 'relation' | 'root' | 'media'>

function planWrite(
  request: ApiRequest,
  mutation: Mutation,
  relation: Relation,
  scope: FieldScope,
  root: ReadNode<unknown>,
): Result<WritePart, ApiError> {
  const { preferences, payload } = request
  const { primaryKey } = relation
  const representation = preferences.return ?? null
  const wantsRows = representation === 'representation' || representation === 'headers-only'
  const resolution = preferences.resolution ?? null
  const common = {
    kind: 'mutate',
    mutation,
    using: null,
    checkNew: null,
    checkMerged: null,
    checkInTheWay: null,
    checkShown: null,
    returning: wantsRows ? inferReturning(root, primaryKey) : [],
    primaryKey,
    payloadIsArray: payloadIsArray(request),
    hasPayload: payload !== undefined,
    representation,
    resolution,
  } as const
  const applyDefaults = preferences.missing === 'default'

  switch (mutation) {
    case 'insert': {
      const columns = payloadColumns(request, relation, scope)
      if (!columns.ok) return columns
      const target = request.onConflict ?? primaryKey
      const onConflict = resolution === null ? null : { resolution, columns: target }
      return ok({ ...common, columns: columns.value, where: [], onConflict, applyDefaults })
    }
    case 'update': {
      const columns = payloadColumns(request, relation, scope)
      if (!columns.ok) return columns
      const where = rootConditions(request, scope)
      return ok({ ...common, columns: columns.value, where, onConflict: null, applyDefaults })
    }
    case 'upsert': {
      if (!namesOneRow(request, primaryKey)) return err({ kind: 'invalid-filters' })
      const columns = payloadColumns(request, relation, scope)
      if (!columns.ok) return columns
      return ok({
        ...common,
        columns: columns.value,
        where: rootConditions(request, scope),
        onConflict: { resolution: 'merge-duplicates', columns: primaryKey },
        applyDefaults: false,
      })
    }
    case 'delete': {
      const where = rootConditions(request, scope)
      return ok({ ...common, columns: [], where, onConflict: null, applyDefaults: false })
    }
    default:
      return assertNever(mutation)
  }
}

/** Errors  column-not-found */
function payloadColumns(
  request: ApiRequest,
  relation: Relation,
  scope: FieldScope,
): Result<readonly PlanField[], ApiError> {
  const columns: PlanField[] = []
  for (const name of request.columns) {
    const field = resolvePayloadField(scope, name)
    if (field === null) {
      const slip = noticeJsonAsForm(request.contentType, request.columns)
      return err({ kind: 'column-not-found', relation: relation.name, column: name, ...slip })
    }
    columns.push(field)
  }
  return ok(columns)
}

/**
 * The rows that are written. Logic trees on embeds count here too: PostgREST adds them, so a
 * DELETE that relied on one must not touch more rows than it did there.
 */
function rootConditions(request: ApiRequest, scope: FieldScope): readonly Condition[] {
  return [
    ...rootFilters(request).map((filter) => writeCondition(filter, scope)),
    ...request.logic.map((at) => writeCondition(at.value, scope)),
  ]
}

function writeCondition(tree: LogicTree, scope: FieldScope): Condition {
  if (tree.kind === 'filter') return { ...tree, field: resolveFilterField(scope, tree.field) }
  return { ...tree, operands: tree.operands.map((operand) => writeCondition(operand, scope)) }
}

function rootFilters(request: ApiRequest): readonly Filter[] {
  return request.filters.flatMap((at) => (at.path.length === 0 ? [at.value] : []))
}

/**
 * PUT names exactly one row: `eq` on all columns of the primary key, and nothing else.
 *
 * Rule  PostgREST docs: tables_views (Upsert); v16.2 spec: UpsertSpec
 */
function namesOneRow(request: ApiRequest, primaryKey: readonly string[]): boolean {
  const filters = rootFilters(request)
  const named = new Set(filters.map((filter) => filter.field.name))
  return (
    primaryKey.length > 0 &&
    request.logic.length === 0 &&
    filters.length === request.filters.length &&
    named.size === primaryKey.length &&
    primaryKey.every((column) => named.has(column)) &&
    filters.every(isPlainEquality)
  )
}

/** Whether `eq` names each column of the primary key, whatever else is asked of the row. */
export function namesRowByKey(request: ApiRequest, primaryKey: readonly string[]): boolean {
  const named = new Set(
    rootFilters(request)
      .filter(isPlainEquality)
      .map((filter) => filter.field.name),
  )
  return primaryKey.length > 0 && primaryKey.every((column) => named.has(column))
}

function isPlainEquality({ field, negated, operation }: Filter): boolean {
  return (
    !negated &&
    field.jsonPath.length === 0 &&
    operation.kind === 'comparison' &&
    operation.operator === 'eq' &&
    operation.quantifier === undefined
  )
}
