/**
 * What is declared, what a validator says and what was seen of the fields of a collection → its
 * columns, and how each is stored. A declared type is believed; else all types that a field may have
 * or was seen with count.
 */
import type { Column } from '../../../schema/catalog.ts'
import type {
  DeclaredColumn,
  DeclaredRelation,
  DeclaredType,
} from '../../registry/declared-schema.ts'
import { shownDefault } from '../../values/shown-default.ts'
import { type FieldKind, storedKind } from '../bson/field-kind.ts'
import { type InferredType, inferType } from './infer-kind.ts'
import type { FieldFacts } from './mongodb-facts.ts'
import type { Indexes } from './read-indexes.ts'
import type { ValidatedField, Validator } from './read-validator.ts'
import type { SeenField, SeenFields, SeenKind } from './seen-fields.ts'

export const idField = '_id'

export interface FieldSources {
  readonly declared: DeclaredRelation | null
  readonly validator: Validator
  readonly seen: SeenFields
  readonly indexes: Indexes
  readonly isView: boolean
}

export interface BuiltColumn {
  readonly column: Column
  readonly facts: FieldFacts
}

/** `_id` first, then what is declared, what the validator names, what was seen, what is indexed. */
export function buildColumns(sources: FieldSources): readonly BuiltColumn[] {
  const { declared, validator, seen, indexes, isView } = sources
  const named = declared?.columns ?? []
  const byField = new Map(named.map((column) => [column.field, column]))
  const indexed = [...indexes.leading, ...indexes.unique.flatMap(({ fields }) => fields)]
  const fields = [
    ...byField.keys(),
    ...validator.fields.keys(),
    ...seen.keys(),
    // with a dot it is a path into a document
    ...indexed.filter((field) => !field.includes('.')),
  ]
  const isClosed = declared?.isClosed === true
  const shown = isClosed ? [...byField.keys()] : fields
  // a view may leave it out of its documents
  const hasNoId = isView && seen.size > 0 && !seen.has(idField)
  const ordered = isClosed || hasNoId || byField.has(idField) ? shown : [idField, ...shown]
  const names = new Set(named.map(({ name }) => name))
  return [...new Set(ordered)]
    .filter((field) => byField.has(field) || !names.has(field))
    .map((field) => buildColumn(field, byField.get(field) ?? null, sources))
}

function buildColumn(
  field: string,
  declared: DeclaredColumn | null,
  { validator, seen, indexes }: FieldSources,
): BuiltColumn {
  const rule = validator.fields.get(field) ?? null
  const found = seen.get(field) ?? null
  const inferred =
    declared === null || declared.type === null
      ? inferField(rule, found)
      : declaredType(declared.type)
  const { kind, elements, type, nominalType } = inferred
  const isId = field === idField
  const rejectsNull = isId || (validator.isEnforced && rule !== null && !rule.allowsNull)
  const isNullable = declared?.isNullable ?? !(isId || (rejectsNull && rule?.isRequired === true))
  const defaultJson = declared?.defaultJson ?? null
  const leadsIndex = isId || indexes.leading.has(field)
  return {
    column: {
      name: declared?.name ?? field,
      description: declared?.comment ?? rule?.description ?? null,
      isNullable,
      baseType: type,
      nominalType,
      maxLength: rule?.maxLength ?? null,
      // where a payload has no `_id` we make an ObjectId, which fits only where there may be ObjectIds
      defaultExpression: defaultJson ?? (isId && mayBeObjectId(kind, found) ? 'ObjectId()' : null),
      shownDefault: shownDefault(defaultJson, type, (json) => json),
      enumValues: rule?.enumValues ?? [],
      isGenerated: false,
      isDocument: type === 'json' || type === 'jsonb',
      isComposite: elements !== null,
    },
    facts: {
      field,
      kind,
      elements,
      mayBeNan: nanKinds.includes(kind) && (found?.hasNan === true || !leadsIndex),
      rejectsNull,
      defaultJson,
      leadsIndex,
    },
  }
}

const nanKinds: readonly FieldKind[] = ['double', 'decimal', 'mixed', 'any']

function mayBeObjectId(kind: FieldKind, found: SeenField | null): boolean {
  if (kind === 'mixed') return found?.kinds.has('objectId') === true
  return kind === 'objectId' || kind === 'any'
}

const noKinds: ReadonlySet<SeenKind> = new Set()

const numbers: readonly SeenKind[] = ['int', 'long', 'double', 'decimal']

function inferField(rule: ValidatedField | null, found: SeenField | null): InferredType {
  const seen = found?.kinds ?? noKinds
  const elements = new Set([...(rule?.elements ?? []), ...(found?.elements ?? [])])
  return inferType(new Set([...allowedKinds(rule, seen), ...seen]), elements)
}

/** Words that stand for several types say nothing against those that were seen. */
function allowedKinds(
  rule: ValidatedField | null,
  seen: ReadonlySet<SeenKind>,
): readonly SeenKind[] {
  const allowed = [...(rule?.kinds ?? [])]
  const isAnyNumber = numbers.every((kind) => allowed.includes(kind))
  const others = isAnyNumber ? allowed.filter((kind) => !numbers.includes(kind)) : allowed
  const hasNumber = numbers.some((kind) => seen.has(kind))
  const known = isAnyNumber && !hasNumber ? [...others, 'double' as const] : others
  return known.filter((kind) => kind !== 'binary' || !seen.has('uuid'))
}

function declaredType(type: DeclaredType): InferredType {
  if (type === 'objectid') {
    return { kind: 'objectId', elements: null, type: 'text', nominalType: 'objectid' }
  }
  const name = type.isArray ? type.name.slice(0, -'[]'.length) : type.name
  const kind = storedKind(name)
  return type.isArray
    ? { kind: 'array', elements: kind, type: type.name, nominalType: type.name }
    : { kind, elements: null, type: type.name, nominalType: type.name }
}
