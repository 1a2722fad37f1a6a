/**
 * Names of foreign keys, by which clients choose among several. Pragmas do not tell those that a
 * CREATE TABLE gives, so they are looked up in its text; the others are named as PostgreSQL would.
 */
import type { RawForeignKey, RawRelation } from '../wire/raw-catalog.ts'
import { isKeyword, listItems, type SqlToken, tokenizeSql } from './sqlite-tokens.ts'

/** One name for each of the relation's foreign keys, which are in the order of their declaration. */
export function foreignKeyNames(relation: RawRelation): readonly string[] {
  const declared = declaredNames(relation.sql)
  // an ALTER TABLE that SQLite wrote differently than we read it must not shift names
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
      // FOREIGN KEY (…) REFERENCES: the list is not among the top-level tokens
      const start = isKeyword(tokens[at - 2], 'FOREIGN') ? at - 2 : at
      const name = tokens[start - 1]
      return [isKeyword(tokens[start - 2], 'CONSTRAINT') && name !== undefined ? name.text : null]
    })
  })
}

function topLevel(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let depth = 0
  return tokens.filter((each) => {
    const isOpen = each.kind === 'symbol' && each.text === '('
    const isClose = each.kind === 'symbol' && each.text === ')'
    if (isOpen) depth += 1
    if (isClose) depth -= 1
    return depth === 0 && !isClose
  })
}
