/**
 * The statements that find out what a constraint has failed for: the row as it was to be, and for
 * each foreign key whether it is the broken one. They run after a failure only.
 */
import type { ForeignKey } from '../../../schema/catalog.ts'
import { compileWhere } from '../../sql/compile-filter.ts'
import { ident, join, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { KeyProbe, RowDiagnosis, WriteDiagnosis } from '../wire/write-program.ts'
import { compileColumn } from './compile-sqlite-field.ts'
import { compilePayload, defaultOf, firstPayloadValue, payload } from './compile-sqlite-payload.ts'
import { toCsvField } from './sqlite-value.ts'
import { placeOf, type StatementList, type WriteScope, writeConditions } from './write-scope.ts'
import { listedRows, rowsOfKeys } from './write-target.ts'

/** The row that a query speaks of, and another one that it is compared with. */
const row = raw('r')
const other = raw('o')

/** `rows`: the statements that do the write again, and hand back keys; null for a delete. */
export function compileDiagnosis(
  scope: WriteScope,
  rows: Pick<RowDiagnosis, 'write' | 'targets'> | null,
  list: StatementList,
): WriteDiagnosis | null {
  // what a view's triggers write to has constraints of its own
  if (scope.facts.kind !== 'table') return null
  const columns = [...scope.relation.columns.keys()]
  return {
    rows: rows === null ? null : { ...rows, columns, row: list.add(compileRow(scope)) },
    parents:
      rows === null ? [] : scope.facts.foreignKeys.map((key) => parentProbe(scope, key, list)),
    children: childrenOf(scope).map((key) => childProbe(scope, key, list)),
  }
}

/** The texts of a row as it was to be: as PostgreSQL prints it. */
function compileRow(scope: WriteScope): SqlText {
  const { relation, plan } = scope
  const values = plan.mutation === 'update' ? changedRow(scope) : proposedRow(scope)
  const from =
    plan.mutation === 'update'
      ? rowsOfKeys(relation, scope.key, other)
      : compilePayload(scope.shape)
  return sql`SELECT ${texts(scope, [...relation.columns.keys()])} FROM (SELECT ${values} FROM ${from}) AS ${row}`
}

/** The columns of a row that is inserted, over the payload's rows. */
export function proposedRow(scope: WriteScope): SqlText {
  const given = new Set(scope.plan.columns.map((field) => field.name))
  const values = [...scope.relation.columns.values()].map((column) => {
    const { name } = column
    const value = given.has(name) ? sql`${payload}.${ident(name)}` : newValue(scope, column)
    return sql`${value} AS ${ident(name)}`
  })
  return join(values, ', ')
}

/** The columns of a row that is updated, over the rows as they were. */
function changedRow({ relation, plan, shape }: WriteScope): SqlText {
  const values = [...relation.columns.values()].map(({ name, isGenerated }) => {
    const at = plan.columns.findIndex((field) => field.name === name)
    const field = plan.columns[at]
    // what it would have become is not known, and what it was is no part of the row that failed
    const kept = isGenerated ? raw('NULL') : sql`${other}.${ident(name)}`
    const value = field === undefined ? kept : firstPayloadValue(shape, field, at)
    return sql`${value} AS ${ident(name)}`
  })
  return join(values, ', ')
}

function newValue(
  { relation, facts, target }: WriteScope,
  column: { readonly name: string; readonly defaultExpression: string | null },
): SqlText {
  if (column.name !== facts.rowidColumn) return defaultOf(relation, column)
  return sql`(SELECT ifnull(max(${ident(column.name)}), 0) + 1 FROM ${target})`
}

/** The columns of `row`, each as the text that PostgreSQL would print. */
function texts(scope: WriteScope, names: readonly string[]): SqlText {
  const { relation } = scope
  // what was to be stored may be anything
  const place = { ...placeOf(scope, row), isStrict: false }
  const printed = names.flatMap((name) => {
    const column = relation.columns.get(name)
    return column === undefined ? [] : [toCsvField(compileColumn(place, column))]
  })
  return join(printed, ', ')
}

/** Whether the key leads to no row, from one of those that were written. */
function parentProbe(scope: WriteScope, key: ForeignKey, list: StatementList): KeyProbe {
  const own = key.columns.map(([name]) => name)
  const isGiven = own.map((name) => sql`${row}.${ident(name)} IS NOT NULL`)
  const equal = key.columns.map(([from, to]) => sql`${other}.${ident(to)} = ${row}.${ident(from)}`)
  const found = sql`EXISTS (SELECT 1 FROM ${qualified(key.target)} AS ${other} WHERE ${join(equal, ' AND ')})`
  const broken = sql`SELECT ${texts(scope, own)} FROM ${rowsOfKeys(scope.relation, scope.key, row)}${compileWhere([...isGiven, sql`NOT ${found}`])} LIMIT 1`
  return { ...namesOf(key), columns: own, broken: list.add(broken) }
}

/** Rows that are inserted were referred to by nobody. */
function childrenOf({ allFacts, plan }: WriteScope): readonly ForeignKey[] {
  if (plan.mutation === 'insert' || plan.mutation === 'upsert') return []
  const { schema, name } = plan.relation
  return [...allFacts.writes.values()]
    .flatMap((facts) => facts.foreignKeys)
    .filter(({ target }) => target.schema === schema && target.name === name)
}

/** Whether a row of another relation still refers to what a row was before it was written. */
function childProbe(
  scope: WriteScope,
  key: ForeignKey,
  list: StatementList,
): WriteDiagnosis['children'][number] {
  const { target, table, plan } = scope
  const own = key.columns.map(([, name]) => name)
  const before = own.map((name) => sql`${table}.${ident(name)}`)
  const refers = key.columns.map(([from, to]) => sql`${other}.${ident(from)} = ${row}.${ident(to)}`)
  const isReferred = sql`EXISTS (SELECT 1 FROM ${qualified(key.origin)} AS ${other} WHERE ${join(refers, ' AND ')})`
  const same = own.map((name) => sql`${other}.${ident(name)} = ${row}.${ident(name)}`)
  // an update may have left the columns as they were
  const isGone = sql`NOT EXISTS (SELECT 1 FROM ${target} AS ${other} WHERE ${join(same, ' AND ')})`
  const conditions = plan.mutation === 'update' ? [isReferred, isGone] : [isReferred]
  const broken = sql`SELECT ${texts(scope, own)} FROM (${listedRows(own)}) AS ${row}${compileWhere(conditions)} LIMIT 1`
  return {
    ...namesOf(key),
    columns: own,
    broken: list.add(broken),
    referred: list.add(
      sql`SELECT ${join(before, ', ')} FROM ${target}${compileWhere(writeConditions(scope))}`,
    ),
  }
}

function namesOf({ constraint, origin, target }: ForeignKey) {
  return { constraint, child: origin.name, parent: target.name }
}
