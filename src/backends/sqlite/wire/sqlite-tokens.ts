/**
 * Splits the text of a CREATE statement into tokens: enough to find names that pragmas do not tell
 * (of constraints, of full-text options) and what stands in quotes, never to judge the statement. SQLite has accepted it.
 */

export interface SqlToken {
  /** `name`: a quoted identifier, which is never a keyword */
  readonly kind: 'word' | 'name' | 'string' | 'symbol'
  /** Without quotes. */
  readonly text: string
  /** Where it is in the statement: UTF-16 units, the end exclusive. */
  readonly start: number
  readonly end: number
}

const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|([\p{L}_$\u0080-\u{10ffff}][\p{L}\p{Nd}_$\u0080-\u{10ffff}]*)|(\S)/gu

export function tokenizeSql(sql: string): readonly SqlToken[] {
  return [...sql.matchAll(token)].flatMap((match): SqlToken[] => {
    const [whole, double, back, bracket, single, word, symbol] = match
    const at = { start: match.index, end: match.index + whole.length }
    if (word !== undefined) return [{ kind: 'word', text: word, ...at }]
    if (symbol !== undefined) return [{ kind: 'symbol', text: symbol, ...at }]
    if (single !== undefined) {
      return [{ kind: 'string', text: single.replaceAll("''", "'"), ...at }]
    }
    const name = double?.replaceAll('""', '"') ?? back?.replaceAll('``', '`') ?? bracket
    return name === undefined ? [] : [{ kind: 'name', text: name, ...at }]
  })
}

export function isKeyword(candidate: SqlToken | undefined, keyword: string): boolean {
  return candidate?.kind === 'word' && candidate.text.toUpperCase() === keyword
}

/** The tokens of each item between the outermost parentheses, split at commas. */
export function listItems(tokens: readonly SqlToken[]): readonly (readonly SqlToken[])[] {
  const items: SqlToken[][] = []
  let depth = 0
  for (const each of tokens) {
    const symbol = each.kind === 'symbol' ? each.text : ''
    if (symbol === '(') depth += 1
    if (symbol === ')') depth -= 1
    if (depth === 0 && symbol === ')') break
    if (depth === 1 && (symbol === '(' || symbol === ',')) items.push([])
    else if (depth > 0) items.at(-1)?.push(each)
  }
  return items
}
