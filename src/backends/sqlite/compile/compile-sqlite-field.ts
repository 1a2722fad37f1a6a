/**
 * A column, or what a JSON path reaches inside it, as a SQL expression of a known kind. Names are
 * looked up in the snapshot: SQLite would take some unknown ones for something else (`rowid`).
 */
import type { JsonStep } from '../../../api/api-request.ts'
import type { PlanField } from '../../../plan/plan.ts'
import type { Column } from '../../../schema/catalog.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { constant, ident, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { StoredForm } from '../../values/stored-form.ts'
import { missingOperator } from '../../values/type-rules.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { kindOfType } from '../../values/value-kind.ts'
import type { ComputedColumn } from '../catalog/computed-columns.ts'
import { refuse } from './compile-refusal.ts'
import { compileComputedColumn } from './function/compile-computed-column.ts'
import { exact, type SqliteValue } from './sqlite-value.ts'

/** A relation as a query speaks of it. */
export interface FieldTable {
  /** Qualifies columns. */
  readonly table: SqlText
  readonly relation: Relation
  /** What error messages call it: as PostgreSQL's would. */
  readonly label: string
  readonly isStrict: boolean
  /** By column. */
  readonly storedForms: ReadonlyMap<string, StoredForm>
  /** Columns with a collation that is not there. */
  readonly incomparable: ReadonlySet<string>
  /** Functions of its rows that are read like columns, by name. */
  readonly computed: ReadonlyMap<string, ComputedColumn>
  /** Its columns are what a function of the registry has computed. */
  readonly isOfFunction?: boolean
}

export function compileField(place: FieldTable, field: PlanField): SqliteValue {
  const column = place.relation.columns.get(field.name)
  const value =
    column === undefined ? computedValue(place, field.name) : compileColumn(place, column)
  if (value === null) {
    return refuse(valueFailure('42703', `column ${place.label}.${field.name} does not exist`))
  }
  return field.jsonPath.length === 0 ? value : compileJsonPath(value.sql, field.jsonPath)
}

/** A function of the row; null where there is none of that name. */
function computedValue(place: FieldTable, name: string): SqliteValue | null {
  const { relation, table, incomparable } = place
  // the rows of a function may be of no relation, though it is called like one
  const computed = relation.computedTypes.has(name) ? place.computed.get(name) : undefined
  if (computed === undefined) return null
  const columns = [...relation.columns.keys()]
  const kind = kindOfType(computed.column.baseType)
  const value = compileComputedColumn(computed, { table, columns, incomparable })
  const isInteger = kind === 'integer'
  return {
    sql: isInteger ? sql`(SELECT ${withinRange(raw('v'))} FROM (SELECT ${value} AS v))` : value,
    kind,
    ...(kind === 'any' ? { typeName: computed.column.baseType } : {}),
    isExact: false,
  }
}

/** What SQLite computes beyond 64 bits becomes a floating-point number, which is no integer any more. */
function withinRange(value: SqlText): SqlText {
  return sql`iif(typeof(${value}) = 'real' AND abs(${value}) >= 9223372036854775807.0, raise_error('22003', 'bigint out of range'), ${value})`
}

export function compileColumn(place: FieldTable, column: Column): SqliteValue {
  const kind = kindOfType(column.baseType)
  const storedForm = place.storedForms.get(column.name)
  const value = sql`${place.table}.${ident(column.name)}`
  return {
    ...(storedForm === undefined ? {} : { storedForm }),
    sql: place.isOfFunction === true && kind === 'integer' ? withinRange(value) : value,
    kind,
    ...(kind === 'any' ? {} : { typeName: column.baseType }),
    // any column of another table can hold any value; a rowid cannot
    isExact: (place.isStrict && kind !== 'any') || column.defaultExpression === 'rowid',
    ...(place.incomparable.has(column.name) ? { isIncomparable: true } : {}),
  }
}

/**
 * `->` gives JSON, `->>` its text, as PostgreSQL does: SQLite's own `->>` gives numbers, and 1 for
 * true. Texts that are no JSON have nothing inside them.
 */
function compileJsonPath(column: SqlText, steps: readonly JsonStep[]): SqliteValue {
  if (steps.slice(0, -1).some((step) => step.arrow === '->>')) {
    return refuse(missingOperator('->', 'text'))
  }
  const path = constant(`$${steps.map(pathStep).join('')}`)
  const guarded = (value: SqlText) => sql`CASE WHEN json_valid(${column}, 10) THEN ${value} END`
  const reached = sql`(${column} -> ${path})`
  if (steps.at(-1)?.arrow === '->') {
    return { ...exact('document', guarded(reached)), isMarked: true }
  }
  // the concatenation takes off the mark by which SQLite knows JSON from text
  const text = sql`CASE json_type(${column}, ${path}) WHEN 'text' THEN ${column} ->> ${path} WHEN 'null' THEN NULL ELSE ${reached} || '' END`
  return exact('text', guarded(text))
}

/** Shape   `a` → `."a"`, index 2 → `[2]`, index -1 → `[#-1]` */
function pathStep({ key, isIndex }: JsonStep): string {
  if (!isIndex) return `.${JSON.stringify(key)}`
  return key.startsWith('-') ? `[#${key}]` : `[${key.replace('+', '')}]`
}
