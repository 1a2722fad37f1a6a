/**
 * How the rows of a write are found again once it is done: by their rowid, by their key where a table
 * has no rowid, and of a view not at all: what a trigger makes of a row nobody tells, so the values
 * that were sent stand for it.
 */
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { ident, join, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { WriteFacts } from '../catalog/write-facts.ts'

export type RowKey =
  | { readonly kind: 'rowid'; readonly name: SqlText }
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | { readonly kind: 'values'; readonly columns: readonly string[] }

/** Rows or values of a JSON text, by this name: an item of FROM. */
export const listed = raw('w')
const keysParam = raw('@keys')
// in SQLite's own form of JSON: as text, each value would have its row read again
const keysList = sql`jsonb_each(${keysParam}) AS ${listed}`

export function rowKeyOf(relation: Relation, facts: WriteFacts): RowKey {
  if (facts.rowid !== null) return { kind: 'rowid', name: raw(facts.rowid) }
  if (facts.rowidColumn !== null) return { kind: 'rowid', name: ident(facts.rowidColumn) }
  if (facts.kind === 'table' && relation.primaryKey.length > 0) {
    return { kind: 'columns', columns: relation.primaryKey }
  }
  return { kind: 'values', columns: [...relation.columns.keys()] }
}

/** What hands back a row's key: the columns of RETURNING, or of a SELECT from `table`. */
export function keyColumns(key: RowKey, table: SqlText): SqlText {
  return key.kind === 'rowid'
    ? sql`${table}.${key.name}`
    : join(
        key.columns.map((name) => sql`${table}.${ident(name)}`),
        ', ',
      )
}

/** A value of a list's row, whatever it is. The place is our own number. */
function listedValue(at: number): SqlText {
  const place = raw(String(at))
  const path = raw(`'$[${at}]'`)
  return sql`CASE json_type(${listed}.value, ${path}) WHEN 'object' THEN unhex(${listed}.value ->> ${raw(`'$[${at}].b'`)}) ELSE ${listed}.value ->> ${place} END`
}

/** The rows of @keys under the name `table`, in their order: what follows FROM. */
export function rowsOfKeys(relation: Relation, key: RowKey, table: SqlText): SqlText {
  // as a CROSS JOIN the list leads, and its order is that of the rows
  switch (key.kind) {
    case 'rowid':
      return sql`${keysList} CROSS JOIN ${qualified(relation)} AS ${table} ON ${table}.${key.name} = ${listed}.value`
    case 'columns': {
      const equal = key.columns.map((name, at) => sql`${table}.${ident(name)} = ${listedValue(at)}`)
      return sql`${keysList} CROSS JOIN ${qualified(relation)} AS ${table} ON ${join(equal, ' AND ')}`
    }
    case 'values':
      return sql`(${listedRows(key.columns)}) AS ${table}`
  }
}

/** A query for the rows of @keys where these are values. */
export function listedRows(columns: readonly string[]): SqlText {
  const values = columns.map((name, at) => sql`${listedValue(at)} AS ${ident(name)}`)
  return sql`SELECT ${join(values, ', ')} FROM ${keysList}`
}

/** The condition that a row of `table` is one of @keys. */
export function isAmongKeys(key: RowKey, table: SqlText): SqlText {
  if (key.kind === 'rowid') {
    return sql`${table}.${key.name} IN (SELECT ${listed}.value FROM ${keysList})`
  }
  const values = key.columns.map((_, at) => listedValue(at))
  return sql`(${keyColumns(key, table)}) IN (SELECT ${join(values, ', ')} FROM ${keysList})`
}
