/**
 * What a request that fails was probably meant to be, where request and schema tell it: the slips
 * that hints mend.
 */
import type { ApiRequest } from '../api/api-request.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { ApiError, Slip } from '../errors/api-error.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

type SlipFact = { readonly slip?: Slip }

/** `name=Banyan`, where `name` is a column; other keys may be anything but filters. */
export function noticeMissingOperator(error: ApiError, snapshot: SchemaSnapshot): ApiError {
  if (error.kind !== 'query-syntax' || error.unread === undefined) return error
  const { relation, column, asEquality } = error.unread
  const found = snapshot.relations.get(nameKey(relation))
  const isColumn = found?.columns.has(column) || found?.computedTypes.has(column)
  return isColumn ? { ...error, slip: { kind: 'operator-missing', filter: asEquality } } : error
}

/** JSON read as a form has a key that begins as JSON does; curl sends forms unless told otherwise. */
export function noticeJsonAsForm(
  { kind }: Pick<ApiRequest['contentType'], 'kind'>,
  keys: readonly string[],
): SlipFact {
  const isSlip = kind === 'form' && keys.some((key) => /^\s*[[{]/.test(key))
  return isSlip ? { slip: { kind: 'json-sent-as-form' } } : {}
}

/** A schema without a relation, where one is asked for. */
export function noticeEmptySchema(
  { relations, capabilities }: SchemaSnapshot,
  { schema }: QualifiedName,
): SlipFact {
  for (const relation of relations.values()) if (relation.schema === schema) return {}
  const hasSchemas = capabilities.grades.schemas !== 'unsupported'
  return { slip: { kind: 'nothing-exposed', schema: hasSchemas ? schema : null } }
}
