/**
 * How PostgreSQL turns the rows of a statement (`_postgrest_t`) into the body: one JSON text, CSV,
 * GeoJSON or whatever a media handler makes of them. The server passes it on untouched.
 */

import { assertNever } from '../../../core/assert-never.ts'
import type { BodyEncoder } from '../../../plan/plan.ts'
import type { ReturnType } from '../../../schema/catalog.ts'
import { qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { source } from './compile-postgres-scope.ts'

/** The rows that the body is made of. The name shows in the log. */
export const rows = raw('_postgrest_t')

/** The one column of a call that returns scalars. */
export const scalar = raw('pgrst_scalar')

/** `returns`: what a called function returns; null for relations. */
export function compileBody(encoder: BodyEncoder, returns: ReturnType | null): SqlText {
  const isScalar = returns !== null && returns.kind !== 'composite'
  const isOneScalar = isScalar && !returns.isSet
  const value = isScalar ? sql`${rows}.${scalar}` : rows
  switch (encoder.kind) {
    case 'json':
      return returns === null || returns.isSet
        ? sql`coalesce(${stripped(sql`json_agg(${value})`, encoder.stripNulls)}, '[]')`
        : first(value, encoder.stripNulls)
    case 'singular':
      return first(isOneScalar ? value : rows, encoder.stripNulls)
    case 'csv':
      return csv
    case 'geojson':
      return sql`json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(ST_AsGeoJSON(${rows})::json), '[]'))`
    case 'custom': {
      const handler = qualified(encoder.routine)
      if (isOneScalar) return sql`${handler}(${value})`
      return encoder.relation === null
        ? sql`${handler}(${rows})`
        : sql`${handler}(${rows}::${qualified(encoder.relation)})`
    }
    case 'none':
      return sql`''::text`
    default:
      return assertNever(encoder)
  }
}

function first(value: SqlText, stripNulls: boolean): SqlText {
  return sql`coalesce(${stripped(sql`json_agg(${value})->0`, stripNulls)}, 'null')`
}

function stripped(json: SqlText, stripNulls: boolean): SqlText {
  return stripNulls ? sql`json_strip_nulls(${json})` : json
}

/**
 * The header comes from the source's first row, since `*` and functions have columns that no plan
 * knows; a row's own text form is CSV between its parentheses.
 */
const csv = sql`(SELECT coalesce(string_agg(name, ','), '') FROM (SELECT json_object_keys(row_to_json(first_row)) AS name FROM (SELECT * FROM ${source} LIMIT 1) first_row) names) || E'\\n' || coalesce(string_agg(substring(${rows}::text, 2, length(${rows}::text) - 2), E'\\n'), '')`
