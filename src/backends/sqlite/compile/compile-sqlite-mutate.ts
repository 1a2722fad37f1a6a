/**
 * Turns a mutate plan into the program of the writer process: the write itself, what finds its rows
 * again, and the read that shows them, which is the plan's own tree over these rows.
 *
 * What is shown is read after the write, not taken from RETURNING: this runs before triggers do, and
 * knows no embeds. Only keys come from there.
 */
import { assertNever } from '../../../core/assert-never.ts'
import { compileWhere } from '../../sql/compile-filter.ts'
import { ident, join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { readOnlyFailure } from '../../values/read-only-failure.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { WriteProgram, WriteStatement } from '../wire/write-program.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import { compileShown } from './compile-sqlite.ts'
import { compileColumn } from './compile-sqlite-field.ts'
import {
  compilePayload,
  conflictsWith,
  defaultOf,
  firstPayloadValue,
  payload,
  payloadColumns,
  refuseGenerated,
} from './compile-sqlite-payload.ts'
import { createCompileContext } from './compile-sqlite-scope.ts'
import { compileDiagnosis } from './compile-write-diagnosis.ts'
import { compileWriteRules } from './compile-write-rules.ts'
import { toText } from './sqlite-value.ts'
import { placeOf, type StatementList, type WriteScope, writeConditions } from './write-scope.ts'
import { isAmongKeys, keyColumns, type RowKey, rowsOfKeys } from './write-target.ts'

/** Throws  what `refusalOf` reads */
export function compileWriteProgram(scope: WriteScope, list: StatementList): WriteProgram {
  const { mutation } = scope.plan
  // a write is several statements, of which no one is the plan
  if (scope.plan.media.type.kind === 'plan') notImplemented('execution plans of writes')
  refuseReadOnly(scope)
  refuseUnknownReturned(scope)
  switch (mutation) {
    case 'insert':
    case 'upsert':
      return compileInsert(scope, list)
    case 'update':
      return compileUpdate(scope, list)
    case 'delete':
      return compileDelete(scope, list)
    default:
      return assertNever(mutation)
  }
}

function refuseReadOnly({ allFacts: { readOnlyReason }, plan }: WriteScope): void {
  if (readOnlyReason !== null) refuse(readOnlyFailure(plan.mutation, readOnlyReason))
}

/** What is returned and not shown, no read compiles. */
function refuseUnknownReturned({
  plan: { representation, returning },
  relation,
}: WriteScope): void {
  if (representation !== 'headers-only') return
  const { columns, computedTypes } = relation
  const isKnown = (name: string) => name === '*' || columns.has(name) || computedTypes.has(name)
  const unknown = returning.find((name) => !isKnown(name))
  if (unknown === undefined) return
  refuse(valueFailure('42703', `column ${relation.name}.${unknown} does not exist`))
}

/** Nobody needs the rows once they are written. */
function wantsNoRows({ plan }: WriteScope): boolean {
  return plan.representation === null || plan.representation === 'minimal'
}

function returning({ key, table }: WriteScope): SqlText {
  return sql` RETURNING ${keyColumns(key, table)}`
}

/**
 * A key may be declared to replace the row that is in the way. Where policies rule the rows, that is
 * one which they may hide, and an error as of any other key.
 */
function orAbort({ plan, facts }: WriteScope): SqlText {
  return raw(facts.hasConflictClause && plan.checkNew.kind === 'policed' ? 'OR ABORT ' : '')
}

// insert and upsert

function compileInsert(scope: WriteScope, list: StatementList): WriteProgram {
  const { plan, facts, shape } = scope
  refuseGenerated(shape, true)
  if (plan.onConflict !== null && plan.onConflict.columns.length > 0) refuseUpsert(scope)
  const isMerge = conflictAction(scope) === 'merge'
  const isVirtual = facts.kind === 'virtual'
  // SQLite counts no changes of a view: its rows are counted by what is handed back
  const rules = compileWriteRules(scope, list)
  const needsKeys = facts.kind === 'view' || isMerge || rules !== null || !wantsNoRows(scope)
  const handsBack = !isVirtual && needsKeys
  const insert = insertText(scope)
  const write = list.add(handsBack ? sql`${insert}${returning(scope)}` : insert)
  const again = isVirtual ? write : list.add(sql`${insert}${returning(scope)}`)
  return {
    ...shownRows(scope, list),
    kind: 'insert',
    columns: payloadColumns(shape),
    isArray: plan.payloadIsArray,
    existing: existingRows(scope, list),
    targets: null,
    write,
    takesRowids: isVirtual,
    writesOnce: isMerge,
    location: compileLocation(scope, list),
    left: null,
    rules,
    diagnosis: compileDiagnosis(scope, { write: again, targets: null }, list),
  }
}

function insertText(scope: WriteScope): SqlText {
  const { plan, shape, target, relation } = scope
  const fields = plan.columns.map(({ name }) => ({
    name: ident(name),
    value: sql`${payload}.${ident(name)}`,
  }))
  // a row of nothing but defaults still needs a column
  const [first] = [...relation.columns.values()].filter((column) => !column.isGenerated)
  const filled =
    fields.length === 0 && first !== undefined
      ? [{ name: ident(first.name), value: defaultOf(relation, first) }]
      : fields
  const names = filled.map((field) => field.name)
  const values = filled.map((field) => field.value)
  // without a condition SQLite would take ON CONFLICT for a join's
  const conditions = plan.mutation === 'upsert' ? payloadConditions(scope) : [raw('true')]
  // a table may be called `excluded` itself
  const alias = conflictAction(scope) === 'merge' ? raw(' AS t') : noSql
  return sql`INSERT ${orAbort(scope)}INTO ${target}${alias} (${join(names, ', ')}) SELECT ${join(values, ', ')} FROM ${compilePayload(shape)}${compileWhere(conditions)}${onConflict(scope)}`
}

/** PUT: the payload's row is the one that the URL names. */
function payloadConditions(scope: WriteScope): readonly SqlText[] {
  const given = new Set(scope.plan.columns.map((field) => field.name))
  const missing = scope.plan.primaryKey.find((name) => !given.has(name))
  if (missing !== undefined) {
    refuse(valueFailure('42703', `column pgrst_body.${missing} does not exist`))
  }
  return writeConditions(scope, payload)
}

function refuseUpsert({ facts, relation, plan }: WriteScope): void {
  if (facts.kind === 'view') notImplemented('upserting into a view')
  if (facts.kind === 'virtual') notImplemented('upserting into a virtual table')
  const unknown = plan.onConflict?.columns.find((name) => !relation.columns.has(name))
  if (unknown === undefined) return
  refuse(valueFailure('42703', `column "${unknown}" does not exist`))
}

/** Null: as without a preference. */
function conflictAction({ plan }: WriteScope): 'merge' | 'ignore' | null {
  const { onConflict, columns } = plan
  if (onConflict === null || onConflict.columns.length === 0) return null
  return onConflict.resolution === 'ignore-duplicates' || columns.length === 0 ? 'ignore' : 'merge'
}

function onConflict(scope: WriteScope): SqlText {
  const action = conflictAction(scope)
  const { onConflict: conflict, columns } = scope.plan
  if (action === null || conflict === null) return noSql
  const target = sql` ON CONFLICT (${join(conflict.columns.map(ident), ', ')})`
  if (action === 'ignore') return sql`${target} DO NOTHING`
  const merged = columns.map(({ name }) => sql`${ident(name)} = excluded.${ident(name)}`)
  return sql`${target} DO UPDATE SET ${join(merged, ', ')}`
}

/** How many of the payload's rows are there before the upsert: the others are new. */
function existingRows(scope: WriteScope, list: StatementList): WriteStatement | null {
  const { plan, shape, target } = scope
  const isCounted = plan.mutation === 'upsert' || plan.resolution === 'merge-duplicates'
  if (!isCounted) return null
  const keys = plan.onConflict?.columns ?? []
  if (keys.length === 0) return list.add(sql`SELECT 0`)
  const row = raw('t')
  const equal = join(conflictsWith(scope, row), ' AND ')
  const exists = sql`EXISTS (SELECT 1 FROM ${target} AS ${row} WHERE ${equal})`
  const filters = plan.mutation === 'upsert' ? payloadConditions(scope) : []
  return list.add(
    sql`SELECT count(*) FROM ${compilePayload(shape)}${compileWhere([...filters, exists])}`,
  )
}

/**
 * What `Location` says of an insert: the key of the one row that came of it, read from the relation,
 * so that triggers and defaults have had their say.
 */
function compileLocation(scope: WriteScope, list: StatementList): WriteStatement | null {
  const { plan, relation, key, facts } = scope
  const isDue = plan.representation === 'headers-only' && plan.primaryKey.length > 0
  if (!isDue || facts.kind === 'view') return null
  const row = raw('r')
  const place = placeOf(scope, row)
  const pairs = plan.primaryKey.flatMap((name) => {
    const column = relation.columns.get(name)
    if (column === undefined) return []
    const value = compileColumn(place, column)
    return [
      sql`json_array(${raw(`'${name.replaceAll("'", "''")}'`)}, CASE WHEN ${value.sql} IS NULL THEN 'is.null' ELSE 'eq.' || ${toText(value)} END)`,
    ]
  })
  return list.add(
    sql`SELECT json_array(${join(pairs, ', ')}) FROM ${rowsOfKeys(relation, key, row)}`,
  )
}

// update

function compileUpdate(scope: WriteScope, list: StatementList): WriteProgram {
  const { plan, facts, shape, target, key, table } = scope
  refuseGenerated(shape, false)
  const assignments = plan.columns.map((field, at) => {
    return sql`${ident(field.name)} = ${firstPayloadValue(shape, field, at)}`
  })
  const isVirtual = facts.kind === 'virtual'
  const rules = compileWriteRules(scope, list)
  const handsBack = facts.kind === 'view' || rules !== null || !wantsNoRows(scope)
  const common = {
    ...shownRows(scope, list),
    kind: 'update',
    columns: payloadColumns(shape),
    isArray: plan.payloadIsArray,
    existing: null,
    takesRowids: false,
    writesOnce: false,
    location: null,
    left: null,
    rules,
  } as const
  if (assignments.length === 0) {
    // no row is looked for, so neither do conditions fail
    return { ...common, targets: null, write: null, diagnosis: null }
  }
  const conditions = compileWhere(writeConditions(scope))
  const update = sql`UPDATE ${orAbort(scope)}${target} SET ${join(assignments, ', ')}`
  const amongKeys = sql`${update} WHERE ${isAmongKeys(key, table)}`
  const meant = sql`SELECT ${keyColumns(key, table)} FROM ${target}${conditions}`
  if (isVirtual) {
    return { ...common, targets: list.add(meant), write: list.add(amongKeys), diagnosis: null }
  }
  const write = list.add(sql`${update}${conditions}${handsBack ? returning(scope) : noSql}`)
  if (facts.kind === 'view') return { ...common, targets: null, write, diagnosis: null }
  const again = {
    write: list.add(sql`${amongKeys}${returning(scope)}`),
    targets: list.add(meant),
  }
  return { ...common, targets: null, write, diagnosis: compileDiagnosis(scope, again, list) }
}

// delete

function compileDelete(scope: WriteScope, list: StatementList): WriteProgram {
  const { facts, target, key, table } = scope
  const conditions = compileWhere(writeConditions(scope))
  const meant = sql`SELECT ${keyColumns(key, table)} FROM ${target}${conditions}`
  const isView = facts.kind === 'view'
  const shown = shownRows(scope, list)
  const isByKeys = shown.shown !== null && !isView
  const direct = sql`DELETE FROM ${target}${conditions}${isView ? returning(scope) : noSql}`
  const byKeys = sql`DELETE FROM ${target} WHERE ${isAmongKeys(key, table)}`
  const left = sql`SELECT ${keyColumns(key, table)} FROM ${target} WHERE ${isAmongKeys(key, table)}`
  return {
    ...shown,
    shownAgain: null,
    kind: 'delete',
    columns: [],
    isArray: false,
    existing: null,
    targets: shown.shown === null ? null : list.add(meant),
    write: list.add(isByKeys ? byKeys : direct),
    takesRowids: false,
    writesOnce: false,
    location: null,
    left: isByKeys ? list.add(left) : null,
    rules: null,
    diagnosis: compileDiagnosis(scope, null, list),
  }
}

// what is shown

type Shown = Pick<WriteProgram, 'hasRowid' | 'shown' | 'shownAgain'>

/** The plan's tree over the rows that were written. */
function shownRows(scope: WriteScope, list: StatementList): Shown {
  const { plan, relation, key, facts, snapshot } = scope
  const hasRowid = key.kind === 'rowid'
  const { encoder } = plan.media
  if (encoder.kind === 'none') return { hasRowid, shown: null, shownAgain: null }
  const showBy = (by: RowKey) => {
    const source = (table: SqlText) => rowsOfKeys(relation, by, table)
    const context = { ...createCompileContext(snapshot), rootSource: source }
    return list.add(compileShown(plan.root, encoder, context))
  }
  const shown = showBy(key)
  const { primaryKey } = plan
  if (facts.kind !== 'view' || key.kind !== 'values' || primaryKey.length === 0) {
    return { hasRowid, shown, shownAgain: null }
  }
  const byKey: RowKey = { kind: 'columns', columns: primaryKey }
  const found = sql`SELECT count(*) FROM ${rowsOfKeys(relation, byKey, raw('t'))}`
  const keyAt = primaryKey.map((name) => key.columns.indexOf(name))
  return {
    hasRowid,
    shown,
    shownAgain: { keyAt, shown: showBy(byKey), found: list.add(found) },
  }
}
