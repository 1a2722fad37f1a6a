/**
 * The payload of a write as rows of BSON values: each value read as what its column stores, so that
 * nothing is stored that the column is not for. A key that is absent leaves its field absent, since a
 * collection has no defaults; where a document is changed, the field is taken out, which reads as the
 * null that PostgreSQL would store.
 *
 * Rule  PostgREST docs: tables_views (Insert, Update; Specifying Columns)
 */
import type { ApiRequest } from '../../../api/api-request.ts'
import type { Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { payloadText } from '../../../plan/request-values.ts'
import { type PayloadRecord, readRecords } from '../../values/payload-records.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { assign } from '../bson/payload-documents.ts'
import { idField } from '../catalog/build-columns.ts'
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
}

/**
 * An update takes one of several objects, as PostgreSQL does.
 *
 * Throws  CompileRefusal, of a request: what PostgreSQL says of the first value that its column does
 *         not take, or of a body that is no object or objects
 */
export function compileMongodbPayload(scope: WriteScope): Bound<readonly PayloadRow[]> {
  const { plan, facts, place } = scope
  const fields = new Map<string, PayloadField>(
    plan.columns.map((column) => {
      const known = facts.fields.get(column.name)
      const field = storedName(place, column)
      const { kind = 'any', elements = null, rejectsNull = false } = known ?? {}
      return [column.name, { field, kind, elements, rejectsNull }]
    }),
  )
  const idColumn = plan.mutation === 'update' ? null : requiredId(scope)
  return (request: ApiRequest) => {
    const records = valueOrRefuse(readRecords(payloadText(request) ?? '', plan.payloadIsArray))
    const taken = plan.mutation === 'update' ? records.slice(0, 1) : records
    const rows = taken.map((record) => toRow(record, fields))
    if (idColumn !== null && !rows.every(({ values }) => values.has(idField))) {
      refuse(nullValue(idColumn, plan))
    }
    return rows
  }
}

/**
 * The column of `_id` where we cannot make one, as its values are of another type; else null. What is
 * found by another key keeps its own.
 */
function requiredId({ plan, relation, facts }: WriteScope): string | null {
  if (facts.kind !== 'collection') return null
  const found = [...facts.fields].find(([, { field }]) => field === idField)
  const column = found === undefined ? undefined : relation.columns.get(found[0])
  if (column === undefined || column.defaultExpression !== null) return null
  const arbiter = plan.onConflict?.columns ?? []
  return arbiter.length === 0 || arbiter.includes(column.name) ? column.name : null
}

function nullValue(column: string, { relation }: WriteScope['plan']): DatabaseFailure {
  const message = `null value in column "${column}" of relation "${relation.name}" violates not-null constraint`
  return valueFailure('23502', message)
}

function toRow(record: PayloadRecord, fields: ReadonlyMap<string, PayloadField>): PayloadRow {
  const values = new Map<string, unknown>()
  for (const [name, json] of record) {
    const field = fields.get(name)
    if (field === undefined) continue
    const value = storedValue(json, field)
    if (value !== undefined) values.set(field.field, value)
  }
  const all = [...fields.values()].map(({ field }) => field)
  return { values, absent: all.filter((field) => !values.has(field)) }
}

function storedValue(json: string, { kind, elements, rejectsNull }: PayloadField): unknown {
  if (json === 'null') return rejectsNull ? undefined : null
  return valueOrRefuse(assign(kind, elements, json))
}

function valueOrRefuse<T>(result: Result<T, DatabaseFailure>): T {
  return result.ok ? result.value : refuse(result.error)
}
