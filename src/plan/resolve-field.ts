/**
 * Turns a name with its JSON path into a `PlanField`: what is known of its type, and the domain
 * representation that fits the place it stands in (text comes in by filters, JSON by payloads, JSON
 * goes out). An unknown name stays as it is: computed fields and the columns of functions are found
 * by the engine, or refused by it.
 */
import type { FieldPath } from '../api/api-request.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Column } from '../schema/catalog.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { PlanField } from './plan.ts'

/** Where names are looked up. */
export interface FieldScope {
  /** Undefined for functions' results and for embeds named by a key, a column or a function. */
  readonly relation: Relation | undefined
  readonly representations: SchemaSnapshot['representations']
  /** What the rows are of, whatever the embed is named by. */
  readonly rows: Relation | undefined
  /** Base types of columns that a function names itself. */
  readonly columnTypes: ReadonlyMap<string, string> | undefined
}

export function fieldScope(
  snapshot: SchemaSnapshot,
  name: QualifiedName,
  actual: {
    readonly rows?: QualifiedName
    readonly columnTypes?: ReadonlyMap<string, string> | undefined
  } = {},
): FieldScope {
  const relation = snapshot.relations.get(nameKey(name))
  const { rows, columnTypes } = actual
  return {
    relation,
    representations: snapshot.representations,
    rows: rows === undefined ? relation : snapshot.relations.get(nameKey(rows)),
    columnTypes,
  }
}

/** A field of which nothing is known and which is taken as it is. */
export function plainField(path: FieldPath): PlanField {
  return {
    name: path.name,
    jsonPath: path.jsonPath,
    toDocument: false,
    type: '',
    baseType: '',
    transform: null,
    defaultExpression: null,
    isFullRow: false,
  }
}

/**
 * A column as a row holds it, without a path.
 */
export function columnField(column: Column): PlanField {
  return {
    name: column.name,
    jsonPath: [],
    toDocument: false,
    type: column.nominalType,
    baseType: column.baseType,
    transform: null,
    defaultExpression: column.defaultExpression,
    isFullRow: false,
  }
}

/**
 * A field as it is, for ordering. Columns of documents take arrows directly, so that indexes
 * on such expressions apply; anything else is turned into a document first.
 */
export function resolveField(scope: FieldScope, path: FieldPath): PlanField {
  const column = scope.relation?.columns.get(path.name)
  const field = column === undefined ? plainField(path) : columnField(column)
  return { ...field, jsonPath: path.jsonPath, toDocument: column?.isDocument !== true }
}

/** A selected field: its domain's JSON representation applies. */
export function resolveOutputField(scope: FieldScope, path: FieldPath): PlanField {
  return withOutputTransform(scope, resolveField(scope, path))
}

/**
 * A filtered field: the representation turns the filter's text into the domain. Some operators mean
 * another thing for one type than for others, so its type is looked for wherever it can be known.
 */
export function resolveFilterField(scope: FieldScope, path: FieldPath): PlanField {
  const field = withInputTransform(scope, 'text', resolveField(scope, path))
  return field.baseType === '' ? { ...field, baseType: baseTypeOf(scope, path.name) } : field
}

function baseTypeOf({ rows, columnTypes }: FieldScope, name: string): string {
  const ofColumn = rows?.columns.get(name)?.baseType ?? columnTypes?.get(name)
  return ofColumn ?? rows?.computedTypes.get(name) ?? ''
}

/**
 * A written column, or null when a relation with declared columns lacks it. The representation
 * turns the payload's JSON into the domain.
 */
export function resolvePayloadField(scope: FieldScope, name: string): PlanField | null {
  const column = scope.relation?.columns.get(name)
  if (column !== undefined) return withInputTransform(scope, 'json', columnField(column))
  return scope.relation?.isClosed === false ? plainField({ name, jsonPath: [] }) : null
}

export function withOutputTransform(scope: FieldScope, field: PlanField): PlanField {
  const shown = scope.representations.get(field.type)?.get('json')
  return shown === undefined ? field : { ...field, transform: shown.routine }
}

/** The field's type becomes what the transform takes: that is what the value is read as. */
function withInputTransform(
  scope: FieldScope,
  sourceType: 'text' | 'json',
  field: PlanField,
): PlanField {
  const read = scope.representations.get(sourceType)?.get(field.type)
  return read === undefined ? field : { ...field, type: sourceType, transform: read.routine }
}

/** Whether some column is shown by a representation, so that `*` cannot stay a star. */
export function hasOutputTransform(scope: FieldScope): boolean {
  if (scope.relation === undefined || scope.representations.size === 0) return false
  for (const column of scope.relation.columns.values()) {
    if (scope.representations.get(column.nominalType)?.has('json') === true) return true
  }
  return false
}
