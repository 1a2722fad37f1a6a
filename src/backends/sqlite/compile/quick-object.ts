/**
 * A row as an object that SQLite's own function makes, and the bare columns that it is made of where
 * something sorts or limits the rows first.
 *
 * Rule  SQLite manual: json_object
 */
import { constant, ident, join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { noQuickForm } from './compile-refusal.ts'
import type { NodeScope } from './compile-sqlite-scope.ts'
import { toQuickJson } from './quick-json-value.ts'
import type { SqliteValue } from './sqlite-value.ts'

/** SQLite calls a function with a thousand arguments at most; a name and its value are two. */
export const mostMembers = 500

/** Throws  what `noQuickForm` does */
export function quickObject(
  scope: NodeScope,
  outputs: readonly { readonly name: string; readonly value: SqliteValue }[],
): SqlText {
  if (outputs.length > mostMembers) return noQuickForm()
  const nameOf = memberNames(scope)
  const members = outputs.flatMap(({ name, value }) => [
    nameOf(name),
    toQuickJson(value) ?? noQuickForm(),
  ])
  return sql`json_object(${join(members, ', ')})`
}

/**
 * Names that the schema has stand in the statement, and cross to a process once with it. What a client
 * calls something is bound: the log shows statements, and nothing that a request has brought.
 */
function memberNames({ relation, node }: NodeScope): (name: string) => SqlText {
  const embedded = new Set(node.children.map((child) => child.relation.name))
  return (name) =>
    relation.columns.has(name) || embedded.has(name) ? textLiteral(name) : constant(name)
}

/** Shape   `it's` → `'it''s'`; what cannot stand in a statement is bound */
function textLiteral(text: string): SqlText {
  return text.includes('\0') ? constant(text) : raw(`'${text.replaceAll("'", "''")}'`)
}

/** All that the query may read of a row; SQLite leaves out what nobody asks for. */
export function bareColumns({ node, relation, table }: NodeScope): SqlText {
  const { rows } = node
  const granted = rows.kind === 'all' ? null : rows.columns
  const names = [...relation.columns.keys()].filter((name) => granted?.has(name) ?? true)
  if (names.length === 0) return raw('1')
  return join(
    names.map((name) => sql`${table}.${ident(name)} AS ${ident(name)}`),
    ', ',
  )
}
