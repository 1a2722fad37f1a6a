/**
 * The CHECK constraints that a CREATE TABLE gives, as they are written: SQLite tells of them by no
 * pragma. For the names that errors have, and for what the expressions need to be compiled.
 */
import { isKeyword, listItems, type SqlToken, tokenizeSql } from './sqlite-tokens.ts'

export interface WrittenCheck {
  /** As declared; null: it has none. */
  readonly name: string | null
  readonly expression: readonly SqlToken[]
  /** Of the expression, without its parentheses. */
  readonly text: string
}

/** In the order of their declaration. */
export function writtenChecks(sql: string): readonly WrittenCheck[] {
  return listItems(tokenizeSql(sql)).flatMap((item) => {
    return topLevel(item).flatMap((each, at, tokens) => {
      const open = tokens[at + 1]
      if (!isKeyword(each, 'CHECK') || open?.text !== '(') return []
      const inside = item.slice(item.indexOf(open) + 1)
      const expression = inside.slice(0, closingAt(inside))
      const end = expression.at(-1)?.end ?? open.end
      const text = sql.slice(open.end, end).trim()
      return [{ name: constraintName(tokens, at), expression, text }]
    })
  })
}

/** SQLite takes the last name that stands before a constraint of the same item. */
export function constraintName(tokens: readonly SqlToken[], before: number): string | null {
  const at = tokens.slice(0, before).findLastIndex((token) => isKeyword(token, 'CONSTRAINT'))
  return at === -1 ? null : (tokens[at + 1]?.text ?? null)
}

function closingAt(tokens: readonly SqlToken[]): number {
  let depth = 1
  return tokens.findIndex(({ kind, text }) => {
    if (kind === 'symbol' && text === '(') depth += 1
    if (kind === 'symbol' && text === ')') depth -= 1
    return depth === 0
  })
}

/** Opening parentheses are among them, what follows inside is not. */
export function topLevel(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let depth = 0
  return tokens.filter((each) => {
    const isOpen = each.kind === 'symbol' && each.text === '('
    const isClose = each.kind === 'symbol' && each.text === ')'
    if (isClose) depth -= 1
    const isShown = depth === 0 && !isClose
    if (isOpen) depth += 1
    return isShown
  })
}
