/**
 * The payload's rows as a query: `payload-rows.ts` has read each value as its column's type and made
 * one JSON text of them all, so a statement has the same text for any number of rows.
 */
import type { MutatePlan, PlanField } from '../../../plan/plan.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { ident, join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { StoredForm } from '../../values/stored-form.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { kindOfType } from '../../values/value-kind.ts'
import type { PayloadColumn } from '../wire/write-program.ts'
import { refuse } from './compile-refusal.ts'
import { listed } from './write-target.ts'

/** The payload's rows, by this name: an item of FROM. */
export const payload = raw('p')
const payloadParam = raw('@payload')

/** What is written of each row, and where a default stands in for what is not there. */
export interface PayloadShape {
  readonly relation: Relation
  readonly fields: readonly PlanField[]
  readonly appliesDefaults: boolean
  /** Of the relation's columns. */
  readonly storedForms: ReadonlyMap<string, StoredForm>
}

export function payloadColumns(shape: PayloadShape): readonly PayloadColumn[] {
  return shape.fields.map((field) => ({
    name: field.name,
    kind: kindOfType(field.baseType),
    baseType: field.baseType,
    nominalType: field.type,
    form: shape.storedForms.get(field.name) ?? 'none',
    takesDefault: takesDefault(shape, field),
  }))
}

function takesDefault({ appliesDefaults }: PayloadShape, field: PlanField): boolean {
  return appliesDefaults && field.defaultExpression !== null
}

/** ` FROM (…) AS p`: one row for each object, its columns by their names. */
export function compilePayload(shape: PayloadShape): SqlText {
  const columns = shape.fields.map((field, at) => {
    return sql`${payloadValue(shape, field, sql`${listed}.value`, at)} AS ${ident(field.name)}`
  })
  const selected = columns.length === 0 ? raw('1') : join(columns, ', ')
  // rows in SQLite's own form of JSON: as text, each value would have its row read again
  return sql`(SELECT ${selected} FROM jsonb_each(${payloadParam}) AS ${listed}) AS ${payload}`
}

/** The value of the payload's first row: the same for every row that is updated. */
export function firstPayloadValue(shape: PayloadShape, field: PlanField, at: number): SqlText {
  return payloadValue(shape, field, sql`(${payloadParam} -> 0)`, at)
}

/** `row`: a JSON array. The place is our own number. */
function payloadValue(shape: PayloadShape, field: PlanField, row: SqlText, at: number): SqlText {
  const text = sql`${row} ->> ${raw(String(at))}`
  const value = isOfBytes(shape, field) ? sql`unhex(${text})` : text
  if (!takesDefault(shape, field)) return value
  const type = sql`json_type(${row}, ${raw(`'$[${at}]'`)})`
  return sql`CASE ${type} WHEN 'true' THEN ${defaultOf(shape.relation, field)} ELSE ${value} END`
}

function isOfBytes({ storedForms }: PayloadShape, { name, baseType }: PlanField): boolean {
  const kind = kindOfType(baseType)
  return kind === 'blob' || (kind === 'uuid' && storedForms.get(name) === 'bytes')
}

/** The value of a column that a row does not give. */
export function defaultOf(
  relation: Relation,
  { name, defaultExpression }: Pick<PlanField, 'name' | 'defaultExpression'>,
): SqlText {
  if (defaultExpression === null || isRowid(relation, name)) return raw('NULL')
  // a bare or double-quoted word is a text where a default is declared, and a column elsewhere
  const word = /^(?:[A-Za-z_]\w*|"(?:[^"]|"")*")$/.exec(defaultExpression)?.[0]
  const isText = word !== undefined && !/^(?:null|true|false|current_\w+)$/i.test(word)
  if (!isText) return sql`(${raw(defaultExpression)})`
  const text = word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word
  return raw(`'${text.replaceAll("'", "''")}'`)
}

/** SQLite gives a number to a rowid that is null. */
function isRowid(relation: Relation, name: string): boolean {
  return relation.columns.get(name)?.defaultExpression === 'rowid'
}

/** Rule  PostgreSQL refuses generated columns before it looks at any row */
export function refuseGenerated(shape: PayloadShape, isInsert: boolean): void {
  const generated = shape.fields.find(({ name }) => shape.relation.columns.get(name)?.isGenerated)
  if (generated === undefined) return
  const { name } = generated
  const message = isInsert
    ? `cannot insert a non-DEFAULT value into column "${name}"`
    : `column "${name}" can only be updated to DEFAULT`
  refuse(valueFailure('428C9', message, { details: `Column "${name}" is a generated column.` }))
}

/** That a row of the relation has the values of a payload's row in the columns of `on_conflict`. */
export function conflictsWith(
  { plan, relation }: { readonly plan: MutatePlan; readonly relation: Relation },
  row: SqlText,
): readonly SqlText[] {
  return (plan.onConflict?.columns ?? []).map((name) => {
    const isGiven = plan.columns.some((field) => field.name === name)
    const column = relation.columns.get(name)
    const absent = column === undefined ? raw('NULL') : defaultOf(relation, column)
    const value = isGiven ? sql`${payload}.${ident(name)}` : absent
    return sql`${row}.${ident(name)} = ${value}`
  })
}
