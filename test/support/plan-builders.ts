/**
 * Plans and requests by hand, for tests of what comes after the planner: everything that a test
 * does not care for has a plain value.
 */
import type {
  ApiRequest,
  JsonStep,
  Operation,
  Payload,
  SlotValue,
  Window,
} from '../../src/api/api-request.ts'
import type { QualifiedName } from '../../src/core/qualified-name.ts'
import type {
  CallPlan,
  ChildOutput,
  Condition,
  MutatePlan,
  OrderBy,
  PlanField,
  PlanWindow,
  ReadNode,
  ReadPlan,
  SelectColumn,
  SpreadColumn,
} from '../../src/plan/plan.ts'
import type { ReturnType, Routine, RoutineParameter } from '../../src/schema/catalog.ts'
import type { Cardinality, Relationship } from '../../src/schema/relationships/relationship.ts'

const schema = 'test'

export function name(relation: string): QualifiedName {
  return { schema, name: relation }
}

/** `data->a->>0` with the types that the catalog would give. */
export function field(path: string, known: Partial<PlanField> = {}): PlanField {
  const [column = '', ...rest] = path.split(/(?=->)/)
  const jsonPath = rest.map((step): JsonStep => {
    const arrow = step.startsWith('->>') ? '->>' : '->'
    const key = step.slice(arrow.length)
    return { arrow, key, isIndex: /^-?\d+$/.test(key) }
  })
  return {
    name: column,
    jsonPath,
    toDocument: false,
    type: '',
    baseType: '',
    transform: null,
    defaultExpression: null,
    isFullRow: false,
    ...known,
  }
}

export function selected(path: string, known: Partial<SelectColumn> = {}): SelectColumn {
  return {
    field: field(path),
    cast: null,
    aggregate: null,
    aggregateCast: null,
    alias: null,
    ...known,
  }
}

export function where(path: string | PlanField, operation: Operation, negated = false): Condition {
  const target = typeof path === 'string' ? field(path) : path
  return { kind: 'filter', field: target, negated, operation }
}

/** `column=eq.<slot>` */
export function equals(path: string | PlanField, slot: number): Condition {
  return where(path, { kind: 'comparison', operator: 'eq', value: slot })
}

export function orderBy(path: string, more: Partial<OrderBy> = {}): OrderBy {
  return { field: field(path), child: null, direction: null, nulls: null, ...more }
}

export const unbounded: PlanWindow = {
  source: null,
  hasLimit: false,
  hasOffset: false,
  maxRows: null,
}

export function root(relation: string, more: Partial<ReadNode> = {}): ReadNode {
  return {
    relation: name(relation),
    rows: { kind: 'all' },
    readsResult: false,
    depth: 0,
    name: relation,
    alias: null,
    key: '',
    select: [selected('*')],
    where: [],
    order: [],
    window: unbounded,
    join: null,
    children: [],
    usedLegacyName: false,
    ...more,
  }
}

export interface EmbedOptions extends Partial<Omit<ReadNode, 'join'>> {
  readonly inner?: boolean
  readonly output?: ChildOutput
}

/** A child joined by `relationship`; an object or an array called like its target unless told. */
export function embed(relationship: Relationship, more: EmbedOptions = {}): ReadNode {
  const { inner = false, output, ...node } = more
  const { target } = relationship
  const depth = node.depth ?? 1
  const shown = node.alias ?? node.name ?? target.name
  const plain: ChildOutput = {
    kind: toOne(relationship) ? 'object' : 'array',
    name: shown,
    isEmpty: false,
  }
  return root(target.name, {
    depth,
    key: `${relationship.origin.name}_${shown}_${depth}`,
    ...node,
    join: {
      relationship,
      junctionRows: { kind: 'all' },
      type: inner ? 'inner' : 'left',
      output: output ?? plain,
    },
  })
}

function toOne(relationship: Relationship): boolean {
  if (relationship.kind === 'computed') return relationship.isToOne
  const { kind } = relationship.cardinality
  return kind === 'many-to-one' || kind === 'one-to-one'
}

export function relationship(
  origin: string,
  target: string,
  cardinality: Cardinality,
): Relationship {
  return {
    kind: 'key',
    origin: name(origin),
    target: name(target),
    isSelf: origin === target,
    cardinality,
    originIsView: false,
    targetIsView: false,
  }
}

export function computed(
  routine: string,
  origin: string,
  target: string,
  isToOne: boolean,
): Relationship {
  return {
    kind: 'computed',
    routine: name(routine),
    origin: name(origin),
    target: name(target),
    isToOne,
    isSelf: false,
  }
}

export function spread(
  kind: 'spread-one' | 'spread-many',
  columns: readonly (string | SpreadColumn)[],
): ChildOutput {
  return {
    kind,
    columns: columns.map((column) =>
      typeof column === 'string'
        ? { name: column, aggregate: null, aggregateCast: null, alias: null }
        : column,
    ),
  }
}

const jsonMedia = {
  encoder: { kind: 'json', stripNulls: false },
  type: { kind: 'json' },
} as const

export function readPlan(node: ReadNode, more: Partial<ReadPlan> = {}): ReadPlan {
  return {
    kind: 'read',
    relation: node.relation,
    root: node,
    media: jsonMedia,
    headersOnly: false,
    count: null,
    maxRows: null,
    ...more,
  }
}

export function mutatePlan(
  mutation: MutatePlan['mutation'],
  relation: string,
  more: Partial<MutatePlan> = {},
): MutatePlan {
  return {
    kind: 'mutate',
    mutation,
    relation: name(relation),
    columns: [],
    where: [],
    using: { kind: 'all' },
    checkNew: { kind: 'all' },
    checkMerged: { kind: 'all' },
    checkInTheWay: { kind: 'all' },
    checkShown: { kind: 'all' },
    onConflict: null,
    returning: ['*'],
    primaryKey: ['id'],
    applyDefaults: false,
    payloadIsArray: false,
    hasPayload: mutation !== 'delete',
    representation: 'representation',
    resolution: null,
    root: root(relation, { readsResult: true }),
    media: jsonMedia,
    ...more,
  }
}

export function parameter(
  parameterName: string,
  type: string,
  more: Partial<RoutineParameter> = {},
): RoutineParameter {
  return { name: parameterName, type, wideType: type, isRequired: true, isVariadic: false, ...more }
}

export function returns(type: string, more: Partial<ReturnType> = {}): ReturnType {
  return {
    isSet: false,
    type: { schema: 'pg_catalog', name: type },
    kind: type === 'void' ? 'void' : 'scalar',
    isCompositeAlias: false,
    ...more,
  }
}

export function callPlan(
  routine: string,
  result: ReturnType,
  parameters: readonly RoutineParameter[],
  more: Partial<CallPlan> = {},
): CallPlan {
  const called: Routine = {
    ...name(routine),
    description: null,
    parameters,
    returns: result,
    volatility: 'volatile',
    hasVariadic: parameters.some((each) => each.isVariadic),
    wholeBody: null,
    isolationLevel: null,
    settings: [],
  }
  const relation = result.kind === 'composite' ? result.type.name : routine
  return {
    kind: 'call',
    routine: called,
    via: 'post',
    isReadOnly: false,
    parameters,
    arguments: { kind: 'json' },
    filterColumns: [],
    returning: ['*'],
    root: root(relation, { readsResult: true }),
    media: jsonMedia,
    count: null,
    maxRows: null,
    ...more,
  }
}

export interface RequestOptions {
  readonly values?: readonly SlotValue[]
  readonly window?: Window
  readonly embedWindows?: readonly Window[]
  readonly payload?: Payload
  readonly callArguments?: ApiRequest['callArguments']
}

/** Only what binding looks at. */
export function request(options: RequestOptions = {}): ApiRequest {
  return {
    action: { kind: 'schema-info' },
    method: 'GET',
    path: '/',
    schema,
    negotiatedByProfile: false,
    select: [],
    filters: [],
    logic: [],
    order: [],
    window: options.window ?? { offset: 0 },
    embedWindows: (options.embedWindows ?? []).map((value) => ({ path: [], value })),
    columns: [],
    callArguments: options.callArguments ?? [],
    ...(options.payload === undefined ? {} : { payload: options.payload }),
    preferences: { invalid: [] },
    accept: [],
    contentType: { kind: 'json' },
    headers: [],
    cookies: [],
    canonicalQuery: '',
    values: options.values ?? [],
    shapeKey: '',
  }
}

export function jsonPayload(value: unknown): Payload {
  return { kind: 'raw-json', text: JSON.stringify(value) }
}
