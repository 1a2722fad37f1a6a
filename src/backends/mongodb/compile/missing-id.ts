/**
 * What is said of a new document without an `_id`, where an ObjectId, which we would make, is none of
 * the values that are there: as PostgreSQL says it of a key without a default.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import type { WriteScope } from './mongodb-write-scope.ts'
import type { PayloadRow } from './payload-row.ts'

const madeKinds: readonly FieldKind[] = ['objectId', 'mixed', 'any']

/** Null: one is made, or no document is. */
export function missingIdFailure({ facts, plan }: WriteScope): DatabaseFailure | null {
  if (plan.mutation === 'update' || plan.mutation === 'delete') return null
  const [column, field] = [...facts.fields].find(([, each]) => each.field === '_id') ?? []
  if (field === undefined || madeKinds.includes(field.kind)) return null
  const relation = plan.relation.name
  const message = `null value in column "${column}" of relation "${relation}" violates not-null constraint`
  return valueFailure('23502', message)
}

export function lacksId({ values, defaults }: PayloadRow): boolean {
  return !values.has('_id') && !defaults.has('_id')
}
