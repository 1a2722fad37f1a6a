/**
 * A call of a registered function → its own pipeline with the arguments in it, and the stages that
 * read its rows as the plan's root reads a relation: filters, order, windows, embeds.
 */
import type { Document } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import { assertNever } from '../../../core/assert-never.ts'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { nameKey } from '../../../core/qualified-name.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { BodyEncoder, CallPlan } from '../../../plan/plan.ts'
import { limitOf, offsetOf } from '../../../plan/request-values.ts'
import type { Column, Routine } from '../../../schema/catalog.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { scalarColumn, writingRefused } from '../../registry/registered-routine.ts'
import { requestPartNamed } from '../../registry/request-part-named.ts'
import { resultRelation } from '../../registry/result-relation.ts'
import { escapeFailure } from '../../values/payload-records.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import type { BsonValue } from '../bson/bson-value.ts'
import { storedKind } from '../bson/field-kind.ts'
import { bsonOfJson } from '../bson/json-to-bson.ts'
import type { CollectionFacts, FieldFacts } from '../catalog/mongodb-facts.ts'
import { fillTemplate } from '../catalog/pipeline-template.ts'
import type { MongodbFunction } from '../catalog/registered-pipelines.ts'
import { readArguments } from './call-arguments.ts'
import { encoderOf } from './compile-mongodb.ts'
import { compileCount } from './compile-mongodb-count.ts'
import { compileRoot } from './compile-read-tree.ts'
import type { Bound, Stages } from './compiled-read.ts'
import type { FieldPlace } from './field-place.ts'
import { type Refusal, refusalOf, refuse } from './mongodb-refusal.ts'
import { always, sequence } from './pipeline-stages.ts'
import { type CompileContext, createCompileContext, placeOf } from './relation-source.ts'

/** Who asks, where a function wants to know. */
export interface Caller {
  readonly role: string
  /** JSON text. */
  readonly claims: string
}

export interface CompiledCall {
  readonly called: MongodbFunction
  /** The function's own stages. Throws  CompileRefusal: arguments that are none of their types */
  readonly source: (request: ApiRequest, caller: Caller) => readonly Document[]
  /** From what the function gives to the rows of the page. */
  readonly rows: Stages
  /** From what the function gives to one document `{total: n}`, or none for 0; null: not asked for. */
  readonly count: Stages | null
  readonly shape: RowShape
  readonly encoder: BodyEncoder
  readonly whenEmpty: Bound<Document | null>
}

/** Compiles each plan once and forgets it together with the plan. */
export function createCallCompiler(): (
  plan: CallPlan,
  snapshot: SchemaSnapshot,
) => Result<CompiledCall, Refusal> {
  return oncePerObject(compilePlan)
}

function compilePlan(plan: CallPlan, snapshot: SchemaSnapshot): Result<CompiledCall, Refusal> {
  try {
    return ok(compileCall(plan, createCompileContext(snapshot)))
  } catch (error) {
    return err(refusalOf(error))
  }
}

function compileCall(plan: CallPlan, context: CompileContext): CompiledCall {
  const { root, routine, via } = plan
  const called = calledBy(routine, context)
  const { writingStage } = called.template
  if (writingStage !== null && plan.isReadOnly) return refuse(writingRefused(writingStage))
  const { isSet, kind } = routine.returns
  const place = resultPlace(plan, called, context)
  const media = encoderOf({ headersOnly: via === 'head', media: plan.media })
  const encoder = isSet ? media : oneOf(media)
  const rows = compileRoot(root, place, encoder.kind !== 'none', context)
  const given = always(...resultStages(called))
  return {
    called,
    source: (request, caller) => fillSource(called, plan, request, caller),
    rows: sequence(given, rows.stages),
    count: isSet ? sequenceOrNull(given, compileCount(plan, place, context)) : null,
    shape: kind === 'scalar' && encoder.kind !== 'none' ? valueShape(rows.row) : rows.row,
    encoder,
    whenEmpty: (request): Document | null => {
      const isHidden = limitOf(root.window, request) === 0 || offsetOf(root.window, request) > 0
      return isHidden ? null : rows.ofNothing
    },
  }
}

/** What is no set is written alone. */
function oneOf(encoder: BodyEncoder): BodyEncoder {
  return encoder.kind === 'json' ? { ...encoder, kind: 'singular' } : encoder
}

/** A body of values instead of objects with them. */
function valueShape(row: RowShape): RowShape {
  const names = row.members.flatMap((member) => {
    if (member.kind === 'all') return member.columns.map(({ name }) => name)
    return member.kind === 'value' ? [member.name] : []
  })
  if (names.includes(scalarColumn)) return { ...row, onlyValue: scalarColumn }
  return refuse(valueFailure('42703', `column _postgrest_t.${scalarColumn} does not exist`))
}

function sequenceOrNull(given: Stages, count: Stages | null): Stages | null {
  return count === null ? null : sequence(given, count)
}

/** The function that a routine of the catalog stands for. It is refused where it cannot be called. */
function calledBy({ name, definition }: Routine, { facts }: CompileContext): MongodbFunction {
  const found = definition === undefined ? undefined : facts.functions[definition]
  if (found === undefined) throw new Error(`the function ${name} is not in the registry`)
  return found.kind === 'broken' ? refuse(found.failure) : found
}

function fillSource(
  called: MongodbFunction,
  plan: CallPlan | null,
  request: ApiRequest,
  caller: Caller,
): readonly Document[] {
  const values = readArguments(called, plan, request)
  return fillTemplate(called.template, (name) => {
    const value = values.get(name)
    return value === undefined ? requestValue(name, request, caller) : value
  })
}

/** Objects are documents, since no expression reads JSON text. */
function requestValue(name: string, request: ApiRequest, { role, claims }: Caller): BsonValue {
  const part = requestPartNamed(name)
  switch (part) {
    case 'method':
      return request.method
    case 'path':
      return request.path
    case 'role':
      return role
    case 'claims':
      return claimsDocument(claims)
    case 'headers':
      return new Map(request.headers)
    case 'cookies':
      return new Map(request.cookies)
    case null:
      throw new Error(`there is no parameter ${name}`)
    default:
      return assertNever(part)
  }
}

/** Throws  CompileRefusal: claims that no document holds */
function claimsDocument(json: string): BsonValue {
  const escaped = escapeFailure(json)
  const read = escaped === null ? bsonOfJson(json) : err(escaped)
  return read.ok ? read.value : refuse(read.error)
}

/** What a function gives, as rows of its result: one value is a field, one row is always there. */
function resultStages({ result, template }: MongodbFunction): readonly Document[] {
  const { setsResponse } = template
  switch (result.kind) {
    case 'void':
      return []
    case 'scalar':
      return [
        { $replaceWith: { [scalarColumn]: firstField(setsResponse ? ['response'] : []) } },
        ...(result.isSet ? [] : firstRow),
      ]
    case 'relation':
    case 'columns':
      return [...(setsResponse ? [{ $unset: 'response' }] : []), ...(result.isSet ? [] : firstRow)]
    default:
      return assertNever(result)
  }
}

/** The first document, or one without fields. */
const firstRow: readonly Document[] = [
  { $limit: 1 },
  { $facet: { rows: [{ $limit: 1 }] } },
  { $replaceWith: { $ifNull: [{ $arrayElemAt: ['$rows', 0] }, {}] } },
]

/** The value of a document's first field, but for `_id`, which counts where it is alone, and `passed`. */
function firstField(passed: readonly string[]): Document {
  const fields = {
    $filter: {
      input: { $objectToArray: '$$ROOT' },
      as: 'field',
      cond: { $not: [{ $in: ['$$field.k', ['_id', ...passed]] }] },
    },
  }
  const first = { $getField: { field: 'v', input: { $arrayElemAt: ['$$fields', 0] } } }
  return {
    $let: {
      vars: { fields },
      in: { $ifNull: [{ $cond: [{ $eq: ['$$fields', []] }, '$_id', first] }, null] },
    },
  }
}

/** Where the fields of the result are: those of its relation, or of columns that are its own. */
function resultPlace(plan: CallPlan, called: MongodbFunction, context: CompileContext): FieldPlace {
  const known = context.snapshot.relations.has(nameKey(plan.root.relation))
  if (called.result.kind === 'relation' && known) {
    const place = placeOf(plan.root.relation, context)
    // what is known of the collection (its count, its indexes) does not hold for a function's documents
    return { ...place, facts: { ...place.facts, kind: 'view' }, isFirstStage: false }
  }
  const columns = called.columns ?? []
  const relation = resultRelation(plan, called.columns)
  const facts: CollectionFacts = {
    database: called.database,
    collection: called.collection ?? '',
    kind: 'view',
    isCapped: false,
    hasCollation: false,
    fields: new Map(columns.map((column) => [column.name, fieldOf(column)])),
    uniqueIndexes: [],
    isUniqueByIdAlone: false,
    textIndexColumn: null,
  }
  return { relation, facts, prefix: null, isFirstStage: false }
}

/** Nobody has looked at what the function really gives: numbers may be of any of their types. */
function fieldOf({ name, baseType, isDocument }: Column): FieldFacts {
  const kind = isDocument ? 'document' : baseType === 'any' ? 'any' : storedKind(baseType)
  const mayBeNan = kind === 'double' || kind === 'decimal' || kind === 'any'
  return {
    field: name,
    kind,
    elements: null,
    mayBeNan,
    rejectsNull: false,
    defaultJson: null,
    leadsIndex: false,
  }
}
