/**
 * The rows of a PUT's payload that its URL names: every column of the key is the one that a filter
 * asks for. Others are not written, as PostgreSQL's condition on the payload leaves them out.
 *
 * Rule  PostgREST docs: tables_views (Upsert)
 */
import type { ApiRequest } from '../../../api/api-request.ts'
import type { Condition } from '../../../plan/plan.ts'
import { slotValue } from '../../../plan/request-values.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { assign } from '../bson/payload-documents.ts'
import { everyReading, readOperand } from '../bson/typed-operand.ts'
import { comparableKey } from './comparable-key.ts'
import type { Bound } from './compiled-read.ts'
import { kindOf, storedName } from './field-place.ts'
import { refuse } from './mongodb-refusal.ts'
import type { WriteScope } from './mongodb-write-scope.ts'
import type { PayloadRow } from './payload-row.ts'

/** Throws  CompileRefusal: 42703 for a payload without a column of the key */
export function namedRows(
  scope: WriteScope,
  payload: Bound<readonly PayloadRow[]>,
): Bound<readonly PayloadRow[]> {
  const { plan } = scope
  const given = new Set(plan.columns.map(({ name }) => name))
  const missing = plan.primaryKey.find((name) => !given.has(name))
  if (missing !== undefined) {
    refuse(valueFailure('42703', `column pgrst_body.${missing} does not exist`))
  }
  return (request) => {
    const named = plan.where.map((condition) => namedValues(scope, condition, request))
    return payload(request).filter(({ values }) =>
      named.every(({ field, keys }) => keys.has(comparableKey(values.get(field)))),
    )
  }
}

interface NamedValues {
  readonly field: string
  /** Of every value that the text may stand for. */
  readonly keys: ReadonlySet<string>
}

function namedValues(
  { place }: WriteScope,
  condition: Condition,
  request: ApiRequest,
): NamedValues {
  if (condition.kind !== 'filter' || condition.operation.kind !== 'comparison') {
    throw new Error('a PUT names its row by equalities')
  }
  const { field, operation } = condition
  const text = slotValue(operation.value, request)
  if (typeof text !== 'string') throw new Error('an equality with a list')
  const kind = kindOf(place, field)
  return {
    field: storedName(place, field),
    keys: new Set(readings(kind, text).map(comparableKey)),
  }
}

function readings(kind: ReturnType<typeof kindOf>, text: string): readonly unknown[] {
  if (kind === 'any' || kind === 'mixed') return everyReading(text)
  // it names what is to be stored: an integer has 32 bits
  const value = kind === 'int' ? assign(kind, null, JSON.stringify(text)) : readOperand(kind, text)
  return value.ok ? [value.value] : refuse(value.error)
}
