/**
 * A compiled statement as PostgreSQL takes it: placeholders `$1`, `$2` …, types by their oids, and
 * the values of one request as texts that the server converts, so that its own rules and error
 * messages hold.
 */
import type { ApiRequest } from '../../../api/api-request.ts'
import { bindParams, type ParamValue } from '../../sql/bind-params.ts'
import type { ParamRef } from '../../sql/param-ref.ts'
import { type SqlStatement, type SqlText, toStatement } from '../../sql/sql-text.ts'
import { toArrayLiteral } from '../../values/array-literal.ts'

/** 1 asks for a column in binary, 0 in text; empty: all in text. */
export type ResultFormats = readonly (0 | 1)[]

export interface PostgresStatement extends SqlStatement {
  readonly resultFormats: ResultFormats
}

/** @param inline the number that stands in the text in place of a parameter; null: a placeholder */
export function toPostgresStatement(
  text: SqlText,
  resultFormats: ResultFormats = [],
  inline: (ref: ParamRef) => number | null = () => null,
): PostgresStatement {
  const options = { sharesParams: true, inline }
  return { ...toStatement(text, (index) => `$${index}`, options), resultFormats }
}

/** Texts are bound as text, bytes in binary. */
export type BoundValue = string | Uint8Array | null

/** The values for `statement.params`, in their order; lists travel as array literals. */
export function bindPostgres(statement: SqlStatement, request: ApiRequest): readonly BoundValue[] {
  return bindParams(statement, request).map(toBound)
}

function toBound(value: ParamValue): BoundValue {
  const isSingle = value === null || typeof value === 'string' || value instanceof Uint8Array
  return isSingle ? value : toArrayLiteral(value)
}
