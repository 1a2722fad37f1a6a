/**
 * Reads the columns of catalog queries: text as PostgreSQL sent it → the type that the query
 * promises. A query that breaks its promise is a bug of ours and throws. Used by the `catalog-*`
 * readers; nested lists travel as JSON.
 */

import type { ControlStatement } from '../connect/control-connection.ts'

export type CatalogRow = Readonly<Record<string, string | null>>

export function textOrNull(row: CatalogRow, column: string): string | null {
  const value = row[column]
  if (value === undefined) throw new Error(`catalog query: no column ${column}`)
  return value
}

export function textIn(row: CatalogRow, column: string): string {
  const value = textOrNull(row, column)
  if (value === null) throw new Error(`catalog query: ${column} is null`)
  return value
}

export function numberIn(row: CatalogRow, column: string): number {
  return asNumber(Number(textIn(row, column)))
}

export function flagIn(row: CatalogRow, column: string): boolean {
  return textIn(row, column) === 't'
}

/** A JSON list; SQL's null, as aggregates over nothing give it, is the empty one. */
export function listIn(row: CatalogRow, column: string): readonly unknown[] {
  const value = textOrNull(row, column)
  return value === null ? [] : asList(JSON.parse(value))
}

export function textsIn(row: CatalogRow, column: string): readonly string[] {
  return listIn(row, column).map(asText)
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('catalog query: no list')
  return value
}

export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('catalog query: no text')
  return value
}

export function asTextOrNull(value: unknown): string | null {
  return value === null ? null : asText(value)
}

export function asNumber(value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new Error('catalog query: no number')
  return value
}

export function asFlag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error('catalog query: no boolean')
  return value
}

/** Array literal for `any ($1::oid[])`. */
export function oidsText(oids: Iterable<number>): string {
  return `{${[...oids].join()}}`
}

/**
 * A catalog query about everything, or about some objects alone: then it is prepared, for it is run
 * again and again.
 *
 * @param condition what restricts it, its last parameter being the oids
 */
export function restricted(
  sql: (restriction: string) => string,
  condition: string,
  params: readonly string[],
  only: string | null,
): ControlStatement {
  return only === null
    ? { text: sql(''), params }
    : { text: sql(condition), params: [...params, only], isPrepared: true }
}
