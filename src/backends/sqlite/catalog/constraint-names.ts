/**
 * Names of constraints: of foreign keys, by which clients choose among several, and of keys and
 * checks, which errors name. Pragmas do not tell those that a CREATE TABLE gives, so they are looked
 * up in its text; the others are named as PostgreSQL would.
 */
import type { RawForeignKey, RawRelation } from '../wire/raw-catalog.ts'
import { isKeyword, listItems, type SqlToken, tokenizeSql } from '../wire/sqlite-tokens.ts'
import { constraintName, topLevel, writtenChecks } from '../wire/written-checks.ts'

/** One name for each of the relation's foreign keys, which are in the order of their declaration. */
export function foreignKeyNames(relation: RawRelation): readonly string[] {
  const declared = declaredNames(relation.sql)
  // where our reading of the text finds more or fewer keys than SQLite, names could go to wrong keys
  const areAligned = declared.length === relation.foreignKeys.length
  const taken = new Set<string>(areAligned ? declared.filter((name) => name !== null) : [])
  return relation.foreignKeys.map((key, index) => {
    const own = areAligned ? (declared[index] ?? null) : null
    return own ?? freeName(defaultName(relation.name, key), taken)
  })
}

function defaultName(table: string, key: RawForeignKey): string {
  return `${table}_${key.columns.map((column) => column.from).join('_')}_fkey`
}

function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 1; taken.has(free); n += 1) free = `${name}${n}`
  taken.add(free)
  return free
}

/** For each REFERENCES of the table's definitions the name of its constraint, or null. */
function declaredNames(sql: string): readonly (string | null)[] {
  return listItems(tokenizeSql(sql)).flatMap((item) => {
    return topLevel(item).flatMap((each, at, tokens) => {
      if (!isKeyword(each, 'REFERENCES')) return []
      // FOREIGN KEY (…) REFERENCES: of the list, its parenthesis is among the top-level tokens
      const start = isKeyword(tokens[at - 3], 'FOREIGN') ? at - 3 : at
      const name = tokens[start - 1]
      return [isKeyword(tokens[start - 2], 'CONSTRAINT') && name !== undefined ? name.text : null]
    })
  })
}

export interface CheckName {
  /** Declared, or what PostgreSQL would name it. */
  readonly constraint: string
  /** What SQLite says behind `CHECK constraint failed: `: the name, or the expression as written. */
  readonly label: string
}

/** The relation's CHECK constraints, in the order of their declaration. */
export function checkNames({ name: table, sql, columns }: RawRelation): readonly CheckName[] {
  const taken = new Set<string>()
  const known = new Set(columns.map((column) => column.name.toLowerCase()))
  return writtenChecks(sql).map(({ name: declared, expression, text }) => {
    if (declared !== null) return { constraint: declared, label: declared }
    const named = new Set(
      expression
        .filter((token) => token.kind !== 'string' && known.has(token.text.toLowerCase()))
        .map((token) => token.text),
    )
    const [only] = named
    const constraint = named.size === 1 ? `${table}_${only}_check` : `${table}_check`
    return { constraint: freeName(constraint, taken), label: labelOf(expression, text) }
  })
}

/** Of an expression that begins with a quoted name SQLite says that name alone. */
function labelOf([first]: readonly SqlToken[], expression: string): string {
  return first?.kind === 'name' || first?.kind === 'string' ? first.text : expression
}

/** How keys are told apart: `primary`, or a unique key's columns in their order. */
export function keyId(columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => column.toLowerCase()))
}

/** Names that the CREATE TABLE gives to keys, by `keyId`; the primary key's is `primary`. */
export function declaredKeyNames({ sql }: RawRelation): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const item of listItems(tokenizeSql(sql))) {
    const tokens = topLevel(item)
    for (const [at, each] of tokens.entries()) {
      const isPrimary = isKeyword(each, 'PRIMARY') && isKeyword(tokens[at + 1], 'KEY')
      const name = constraintName(tokens, at)
      if (name === null || !(isPrimary || isKeyword(each, 'UNIQUE'))) continue
      const open = tokens[at + 1]
      const columns = open?.text === '(' ? listedNames(item.slice(item.indexOf(open))) : []
      // a column's own constraint has no list
      const own = columns.length === 0 ? [item[0]?.text ?? ''] : columns
      names.set(isPrimary ? 'primary' : keyId(own), name)
    }
  }
  return names
}

function listedNames(tokens: readonly SqlToken[]): readonly string[] {
  return listItems(tokens).flatMap(([name]) => (name === undefined ? [] : [name.text]))
}
