/**
 * The payload of a write as rows of BSON values: each value read as what its column stores, so that
 * nothing is stored that the column is not for. A key that is absent leaves its field absent, or has the
 * default that is declared, as PostgreSQL has it; where a document is changed, the field is taken out,
 * which reads as the null that PostgreSQL would store.
 *
 * Rule  PostgREST docs: tables_views (Insert, Update; Specifying Columns)
 */
import type { ApiRequest } from '../../../api/api-request.ts'
import type { Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { payloadText } from '../../../plan/request-values.ts'
import { type PayloadRecord, readRecords } from '../../values/payload-records.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { assign } from '../bson/payload-documents.ts'
import type { CollectionFacts, FieldFacts } from '../catalog/mongodb-facts.ts'
import type { Bound } from './compiled-read.ts'
import { storedName } from './field-place.ts'
import { refuse } from './mongodb-refusal.ts'
import type { WriteScope } from './mongodb-write-scope.ts'
import type { PayloadRow } from './payload-row.ts'

interface PayloadField {
  readonly field: string
  readonly kind: FieldKind
  readonly elements: FieldKind | null
  readonly rejectsNull: boolean
  /** Stands in for a key that is absent; undefined: nothing does. */
  readonly default: unknown
}

/**
 * An update takes one of several objects, as PostgreSQL does.
 *
 * Throws  CompileRefusal, of a request: what PostgreSQL says of the first value that its column does
 *         not take, or of a body that is no object or objects
 */
export function compileMongodbPayload(scope: WriteScope): Bound<readonly PayloadRow[]> {
  const { plan, facts, place } = scope
  const isUpdate = plan.mutation === 'update'
  const fields = new Map<string, PayloadField>(
    plan.columns.map((column) => {
      const known = facts.fields.get(column.name)
      const field = storedName(place, column)
      const { kind = 'any', elements = null, rejectsNull = false } = known ?? {}
      const own = plan.applyDefaults && known !== undefined ? defaultOf(known) : undefined
      return [column.name, { field, kind, elements, rejectsNull, default: own }]
    }),
  )
  const defaults = isUpdate ? new Map() : otherDefaults(facts, fields)
  const toRow = rowReader(fields, defaults)
  return (request: ApiRequest) => {
    const records = valueOrRefuse(readRecords(payloadText(request) ?? '', plan.payloadIsArray))
    const taken = isUpdate ? records.slice(0, 1) : records
    return taken.map(toRow)
  }
}

function rowReader(
  fields: ReadonlyMap<string, PayloadField>,
  defaults: ReadonlyMap<string, unknown>,
): (record: PayloadRecord) => PayloadRow {
  const all = [...fields.values()].map(({ field }) => field)
  return (record) => {
    const values = new Map<string, unknown>()
    for (const [name, json] of record) {
      const field = fields.get(name)
      if (field === undefined) continue
      const value = storedValue(json, field)
      if (value !== undefined) values.set(field.field, value)
    }
    for (const [name, field] of fields) {
      if (field.default !== undefined && !record.has(name)) values.set(field.field, field.default)
    }
    return { values, absent: all.filter((field) => !values.has(field)), defaults }
  }
}

/** Of columns that the payload is not about, by stored name. */
function otherDefaults(
  facts: CollectionFacts,
  sent: ReadonlyMap<string, PayloadField>,
): ReadonlyMap<string, unknown> {
  return new Map(
    [...facts.fields].flatMap(([name, field]): readonly [string, unknown][] => {
      const value = sent.has(name) ? undefined : defaultOf(field)
      return value === undefined ? [] : [[field.field, value]]
    }),
  )
}

function defaultOf({ kind, elements, defaultJson }: FieldFacts): unknown {
  return defaultJson === null ? undefined : valueOrRefuse(assign(kind, elements, defaultJson))
}

function storedValue(json: string, { kind, elements, rejectsNull }: PayloadField): unknown {
  if (json === 'null') return rejectsNull ? undefined : null
  return valueOrRefuse(assign(kind, elements, json))
}

function valueOrRefuse<T>(result: Result<T, DatabaseFailure>): T {
  return result.ok ? result.value : refuse(result.error)
}
