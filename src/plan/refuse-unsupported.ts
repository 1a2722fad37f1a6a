/**
 * Refuses what the engine cannot do, before it is asked: PGRST127 naming feature and engine, never
 * a wrong answer. What a request uses is seen in the request; what depends on names (computed
 * relationships, paths into composites) is seen in the finished tree.
 */
import type {
  ApiRequest,
  FieldPath,
  LogicTree,
  Operation,
  OrderTerm,
  SelectItem,
  SimpleOperator,
} from '../api/api-request.ts'
import { assertNever } from '../core/assert-never.ts'
import { nameKey } from '../core/qualified-name.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Capabilities, Feature } from '../schema/capabilities.ts'
import type { EnforcedAt } from '../schema/enforcement.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { Condition, ReadNode } from './plan.ts'

type RequestFeature = EnforcedAt<'request'>
type PlanFeature = EnforcedAt<'plan'>

/** What users call each feature. */
export const featureNames = {
  embedding: 'resource embedding',
  computedRelationships: 'computed relationships',
  computedFields: 'computed fields',
  spread: 'spread embeds',
  aggregates: 'aggregate functions',
  nullsOrdering: 'nullsfirst and nullslast in order',
  relatedOrder: 'order by the column of an embed',
  jsonPath: 'JSON paths (-> and ->>)',
  compositePath: 'paths into composite and array columns (-> and ->>)',
  casts: 'casts in select',
  like: 'the like operator',
  ilike: 'the ilike operator',
  match: 'the match operator',
  imatch: 'the imatch operator',
  quantifiers: 'the any and all modifiers of operators',
  isdistinct: 'the isdistinct operator',
  fts: 'full-text search operators (fts, plfts, phfts, wfts)',
  contains: 'the cs operator',
  contained: 'the cd operator',
  overlap: 'the ov operator',
  rangeOperators: 'range operators (sl, sr, nxr, nxl, adj)',
  countExact: 'Prefer: count=exact',
  countPlanned: 'Prefer: count=planned',
  countEstimated: 'Prefer: count=estimated',
  csv: 'text/csv',
  geojson: 'application/geo+json',
  customMedia: 'custom media types',
  planMedia: 'application/vnd.pgrst.plan',
  domainRepresentations: 'domain representations',
  schemas: 'schemas',
  insert: 'inserting',
  update: 'updating',
  delete: 'deleting',
  upsert: 'upserting (PUT and Prefer: resolution)',
  missingDefault: 'Prefer: missing=default',
  returning: 'returning what was written (Prefer: return)',
  transactions: 'Prefer: tx=rollback',
  timezone: 'Prefer: timezone',
  functions: 'functions (/rpc)',
  roles: 'database roles',
  statementTimeout: 'a limit of time (db-statement-timeout)',
  preRequest: 'db-pre-request',
  databaseConfig: 'configuration in the database',
  notifications: 'notifications (db-channel)',
  readOnlyServer: 'db-read-only',
  foreignKeySwitch: 'db-foreign-keys',
  provenAnswers: 'db-schema-strict',
  declarations: 'declared-schema and declared-relationships',
} as const satisfies Record<Feature, string>

/**
 * Errors  not-implemented: the first feature of the request that the engine lacks
 */
export function refuseUnsupported(
  request: ApiRequest,
  capabilities: Capabilities,
): ApiError | null {
  return refuseAny(requestFeatures(request), capabilities)
}

/** What the engine lacks of the features that conditions use, as users call it; null: nothing. */
export function lackingOf(tree: LogicTree, { grades }: Capabilities): string | null {
  for (const feature of logicFeatures(tree)) {
    if (grades[feature] === 'unsupported') return featureNames[feature]
  }
  return null
}

/** The same for what only the finished tree shows. */
export function refuseTree(root: ReadNode<unknown>, snapshot: SchemaSnapshot): ApiError | null {
  return refuseAny(treeFeatures(root, snapshot), snapshot.capabilities)
}

export function notSupported(
  feature: RequestFeature | PlanFeature,
  capabilities: Capabilities,
): ApiError {
  return {
    kind: 'not-implemented',
    feature: featureNames[feature],
    engine: capabilities.engine,
  }
}

function refuseAny(
  used: Iterable<RequestFeature | PlanFeature>,
  capabilities: Capabilities,
): ApiError | null {
  for (const feature of used) {
    if (capabilities.grades[feature] === 'unsupported') return notSupported(feature, capabilities)
  }
  return null
}

function* requestFeatures(request: ApiRequest): Generator<RequestFeature> {
  yield* actionFeatures(request)
  yield* selectFeatures(request.select)
  for (const { value } of request.filters) yield* logicFeatures(value)
  for (const { value } of request.logic) yield* logicFeatures(value)
  for (const { value } of request.order) yield* value.flatMap((term) => [...orderFeatures(term)])
  yield* preferenceFeatures(request)
}

function* actionFeatures({ action, preferences }: ApiRequest): Generator<RequestFeature> {
  switch (action.kind) {
    case 'call':
    case 'routine-info':
      yield 'functions'
      return
    case 'mutate':
      yield action.mutation
      if (action.mutation === 'insert' && preferences.resolution !== undefined) yield 'upsert'
      if (action.mutation === 'insert' || action.mutation === 'update') {
        if (preferences.missing === 'default') yield 'missingDefault'
      }
      if (preferences.return === 'representation' || preferences.return === 'headers-only') {
        yield 'returning'
      }
      return
    case 'read':
    case 'inspect':
    case 'relation-info':
    case 'schema-info':
      return
    default:
      assertNever(action)
  }
}

const countFeatures = {
  exact: 'countExact',
  planned: 'countPlanned',
  estimated: 'countEstimated',
} as const satisfies Record<string, RequestFeature>

function* preferenceFeatures({ action, preferences }: ApiRequest): Generator<RequestFeature> {
  const { count, tx, timezone } = preferences
  // a write knows how many rows it touched, whatever way of counting was asked for
  if (count !== undefined && action.kind !== 'mutate') yield countFeatures[count]
  if (tx === 'rollback') yield 'transactions'
  if (timezone !== undefined) yield 'timezone'
}

// Trees are walked with a list of what is left, not by generators in generators: clients decide how
// deep trees nest, and each yield would pass through all levels.

function* selectFeatures(items: readonly SelectItem[]): Generator<RequestFeature> {
  const left = items.toReversed()
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    if (item.kind === 'embed') {
      yield 'embedding'
      if (item.isSpread) yield 'spread'
      for (const inner of item.select.toReversed()) left.push(inner)
    } else {
      if (item.field.jsonPath.length > 0) yield 'jsonPath'
      if (item.cast !== undefined || item.aggregateCast !== undefined) yield 'casts'
      if (item.aggregate !== undefined) yield 'aggregates'
    }
  }
}

function* logicFeatures(root: LogicTree): Generator<RequestFeature> {
  const left = [root]
  for (let tree = left.pop(); tree !== undefined; tree = left.pop()) {
    if (tree.kind === 'logic') {
      for (const operand of tree.operands.toReversed()) left.push(operand)
    } else {
      if (tree.field.jsonPath.length > 0) yield 'jsonPath'
      yield* operationFeatures(tree.operation)
    }
  }
}

function* orderFeatures(term: OrderTerm): Generator<RequestFeature> {
  if (term.relation !== undefined) yield 'relatedOrder'
  if (term.nulls !== undefined) yield 'nullsOrdering'
  if (term.field.jsonPath.length > 0) yield 'jsonPath'
}

const simpleFeatures = {
  neq: null,
  cs: 'contains',
  cd: 'contained',
  ov: 'overlap',
  sl: 'rangeOperators',
  sr: 'rangeOperators',
  nxr: 'rangeOperators',
  nxl: 'rangeOperators',
  adj: 'rangeOperators',
} as const satisfies Record<SimpleOperator, RequestFeature | null>

function* operationFeatures(operation: Operation): Generator<RequestFeature> {
  switch (operation.kind) {
    case 'comparison': {
      const { operator, quantifier } = operation
      if (operator === 'like' || operator === 'ilike') yield operator
      if (operator === 'match' || operator === 'imatch') yield operator
      if (quantifier !== undefined) yield 'quantifiers'
      return
    }
    case 'simple': {
      const feature = simpleFeatures[operation.operator]
      if (feature !== null) yield feature
      return
    }
    case 'isdistinct':
      yield 'isdistinct'
      return
    case 'fts':
      yield 'fts'
      return
    case 'in':
    case 'is':
      return
    default:
      assertNever(operation)
  }
}

function* treeFeatures(node: ReadNode<unknown>, snapshot: SchemaSnapshot): Generator<PlanFeature> {
  if (node.join?.relationship.kind === 'computed') yield 'computedRelationships'
  const columns = snapshot.relations.get(nameKey(node.relation))?.columns
  for (const field of nodeFields(node)) {
    const isComposite = columns?.get(field.name)?.isComposite === true
    if (isComposite && field.jsonPath.length > 0) yield 'compositePath'
  }
  for (const child of node.children) yield* treeFeatures(child, snapshot)
}

function* nodeFields(node: ReadNode<unknown>): Generator<FieldPath> {
  for (const column of node.select) yield column.field
  for (const condition of node.where) yield* conditionFields(condition)
  for (const { child, field } of node.order) if (child === null) yield field
}

function* conditionFields(root: Condition): Generator<FieldPath> {
  const left = [root]
  for (let condition = left.pop(); condition !== undefined; condition = left.pop()) {
    if (condition.kind === 'filter') yield condition.field
    if (condition.kind === 'logic') {
      for (const operand of condition.operands.toReversed()) left.push(operand)
    }
  }
}
