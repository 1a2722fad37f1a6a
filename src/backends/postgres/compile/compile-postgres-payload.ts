/**
 * The rows of a JSON payload with the types of the columns or parameters that they go to.
 * PostgreSQL parses the text and converts the values, so that its rules and messages hold.
 */
import type { PlanField } from '../../../plan/plan.ts'
import { ident, join, param, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'

const jsonOid = 114
const jsonbOid = 3802

/** The payload's rows under this name: an item of FROM. */
export const payload = raw('pgrst_body')

export interface PayloadShape {
  /** What is taken from each object; keys that are not listed are left. */
  readonly fields: readonly PlanField[]
  readonly isArray: boolean
  /** Keys that an object lacks take the column's default instead of null. */
  readonly appliesDefaults: boolean
}

/** ` FROM … pgrst_body`: one row for each object of the payload. */
export function compilePayload(shape: PayloadShape): SqlText {
  if (shape.fields.length === 0) return emptyObjects(shape.isArray)
  const source = shape.appliesDefaults ? withDefaults(shape) : withNulls(shape.isArray)
  const typed = shape.fields.map((field) => {
    // the type is the catalog's own text, modifiers and quotes included
    return sql`${ident(field.name)} ${raw(field.type)}`
  })
  const records = sql`${source} AS ${payloadOrInner(shape)}(${join(typed, ', ')})`
  return hasTransform(shape)
    ? sql` FROM (SELECT ${join(shape.fields.map(transformed), ', ')} FROM ${records}) ${payload}`
    : sql` FROM ${records}`
}

/** A payload without keys still inserts a row of defaults for each of its objects. */
function emptyObjects(isArray: boolean): SqlText {
  return isArray
    ? sql` FROM json_array_elements(${param({ kind: 'payload' }, jsonOid)}) ${payload}`
    : sql` FROM (VALUES (1)) ${payload}`
}

function withNulls(isArray: boolean): SqlText {
  const json = param({ kind: 'payload' }, jsonOid)
  return isArray ? sql`json_to_recordset(${json})` : sql`json_to_record(${json})`
}

/**
 * Each object laid over an object of the defaults. Evaluated object by object, so that `nextval`
 * gives every row its own value. The names of keys stand in the text because tools compare the
 * plan of this expression.
 */
function withDefaults(shape: PayloadShape): SqlText {
  const json = param({ kind: 'payload' }, jsonbOid)
  const defaults = shape.fields.flatMap((field) => {
    if (field.defaultExpression === null) return []
    // the expression is the catalog's own text
    return [sql`${literal(field.name)}, ${raw(field.defaultExpression)}`]
  })
  const object = sql`jsonb_build_object(${join(defaults, ', ')})`
  return shape.isArray
    ? sql`(SELECT jsonb_agg(${object} || elem) AS objects FROM jsonb_array_elements(${json}) elem) pgrst_completed, LATERAL jsonb_to_recordset(pgrst_completed.objects)`
    : sql`jsonb_to_record(${object} || ${json})`
}

/** A name from the catalog, never what a client sent; `E'…'` where a backslash could be misread. */
function literal(name: string): SqlText {
  const quoted = `'${name.replaceAll("'", "''")}'`
  return raw(quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted)
}

function hasTransform(shape: PayloadShape): boolean {
  return shape.fields.some((field) => field.transform !== null)
}

function payloadOrInner(shape: PayloadShape): SqlText {
  return hasTransform(shape) ? raw('pgrst_record') : payload
}

/** The domain's own function reads the JSON value. */
function transformed(field: PlanField): SqlText {
  const name = ident(field.name)
  return field.transform === null ? name : sql`${qualified(field.transform)}(${name}) AS ${name}`
}
