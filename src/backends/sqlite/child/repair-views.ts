/**
 * Views that cannot be read because a text stands in double quotes, which is a name in SQL and a text
 * to a SQLite that is lenient: ours is not, and many programs' are. What such a view selects is
 * written anew with single quotes, and tried as a temporary view, which nobody else sees. A view over
 * one fails in the same way and is tried behind it.
 *
 * Rule  SQLite manual: Quirks (Double-quoted String Literals Are Accepted)
 */
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type { RepairedView } from '../wire/raw-catalog.ts'
import { isKeyword, listItems, type SqlToken, tokenizeSql } from '../wire/sqlite-tokens.ts'
import { whyNotCompiled } from './try-reads.ts'

/** Texts that are replaced in one view, one after the other. */
const mostRepairs = 64

export interface BrokenView {
  readonly name: string
  readonly sql: string
}

/**
 * Leaves a temporary view of the same name for each view that could be repaired, for the caller to
 * read and to drop.
 *
 * Shape   by name, in an order in which each stands behind those that it reads from
 */
export function repairViews(
  db: Database.Database,
  broken: readonly BrokenView[],
): ReadonlyMap<string, RepairedView> {
  const repaired = new Map<string, RepairedView>()
  let waiting = broken.map((view) => ({ ...view, reads: namesIn(view.sql) }))
  for (let isMoving = true; isMoving; ) {
    const names = new Set(waiting.map((view) => view.name.toLowerCase()))
    // views after those they read from, whose faults would show in them
    const ready = waiting.filter(({ name, reads }) => {
      return [...names].every((other) => other === name.toLowerCase() || !reads.has(other))
    })
    for (const view of ready) {
      const select = repairView(db, view)
      if (select === null) continue
      const over = [...repaired.keys()].filter((name) => view.reads.has(name.toLowerCase()))
      repaired.set(view.name, { select, over })
    }
    // those that could not be repaired are in nobody's way: who reads from them fails by itself
    waiting = waiting.filter((view) => !ready.includes(view))
    isMoving = ready.length > 0 && waiting.length > 0
  }
  return repaired
}

/** The SELECT, of which there is a temporary view; null where it cannot be repaired. */
function repairView(db: Database.Database, { name, sql }: BrokenView): string | null {
  const parts = partsOf(sql)
  if (parts === null) return null
  const view = quoteIdentifier(name)
  let { select } = parts
  for (let repairs = 0; repairs <= mostRepairs; repairs += 1) {
    const cause =
      createView(db, `${view}${parts.columns}`, select) ??
      whyNotCompiled(db, `SELECT * FROM temp.${view}`)
    if (cause === null) return select
    db.exec(`DROP VIEW IF EXISTS temp.${view}`)
    const text = misquoted.exec(cause)?.[1]
    const next = text === undefined ? null : withLiteral(db, select, text)
    if (next === null) return null
    select = next
  }
  return null
}

function createView(db: Database.Database, head: string, select: string): string | null {
  const sql = `CREATE TEMP VIEW ${head} AS ${select}`
  const cause = whyNotCompiled(db, sql)
  if (cause === null) db.exec(sql)
  return cause
}

const misquoted = /^no such column: "(.*)" - should this be a string literal in single-quotes\?$/s

/**
 * Null where one of several such tokens may well be meant as a name: there is a column that is called
 * so, in the file or in the view itself, and SQLite does not say which of them it has not found.
 */
function withLiteral(db: Database.Database, select: string, text: string): string | null {
  const tokens = tokenizeSql(select)
  const isAlias = (index: number) => isKeyword(tokens[index - 1], 'AS')
  const found = tokens.filter(
    (token, index) =>
      token.kind === 'name' &&
      token.text === text &&
      select[token.start] === '"' &&
      !isAlias(index),
  )
  if (found.length === 0) return null
  const others = tokens.filter((token) => !found.includes(token))
  if (found.length > 1 && (hasName(others, text) || isColumn(db, text))) return null
  const literal = `'${text.replaceAll("'", "''")}'`
  return found.reduceRight((sql, { start, end }) => {
    return `${sql.slice(0, start)}${literal}${sql.slice(end)}`
  }, select)
}

function hasName(tokens: readonly SqlToken[], name: string): boolean {
  return tokens.some((token) => isName(token) && token.text.toLowerCase() === name.toLowerCase())
}

function isColumn(db: Database.Database, name: string): boolean {
  const relations = db
    .prepare<[], { name: string; type: string }>(
      `SELECT name, type FROM main.sqlite_schema WHERE type IN ('table', 'view')`,
    )
    .all()
  const named = db
    .prepare<[string, string], number>(
      `SELECT 1 FROM pragma_table_xinfo(?, 'main') WHERE name = ? COLLATE NOCASE`,
    )
    .pluck()
  return relations.some((each) =>
    each.type === 'table'
      ? named.get(each.name, name) !== undefined
      : viewColumns(db, each.name).includes(name.toLowerCase()),
  )
}

/** In small letters; none of a view that cannot be read. One that was repaired is found first. */
function viewColumns(db: Database.Database, view: string): readonly string[] {
  const sql = `SELECT * FROM ${quoteIdentifier(view)}`
  if (whyNotCompiled(db, sql) !== null) return []
  return db
    .prepare(sql)
    .columns()
    .map((column) => column.name.toLowerCase())
}

interface ViewParts {
  /** With parentheses; empty where the view names no columns. */
  readonly columns: string
  readonly select: string
}

/** Shape   `CREATE VIEW v(a, b) AS SELECT 1, 2` → `(a, b)` and `SELECT 1, 2` */
function partsOf(sql: string): ViewParts | null {
  const tokens = tokenizeSql(sql)
  const as = tokens.findIndex((each) => isKeyword(each, 'AS'))
  const first = tokens[as + 1]
  if (as === -1 || first === undefined) return null
  const before = tokens.slice(0, as)
  const columns = listItems(before).flatMap(([column]) => column ?? [])
  const list = columns.map((column) => quoteIdentifier(column.text)).join(', ')
  return { columns: list === '' ? '' : `(${list})`, select: sql.slice(first.start) }
}

function isName({ kind }: SqlToken): boolean {
  return kind === 'word' || kind === 'name'
}

/** In small letters: every word that could name a relation. */
function namesIn(sql: string): ReadonlySet<string> {
  return new Set(
    (partsOf(sql) === null ? [] : tokenizeSql(sql).filter(isName)).map((token) =>
      token.text.toLowerCase(),
    ),
  )
}
