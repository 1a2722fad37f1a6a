/**
 * One SQL statement of the function registry → its text in pieces around the places where values
 * go. Strings, quoted names and comments are known for what they are, so that a `:word` in them is
 * no placeholder; whether the rest is SQL is SQLite's to say.
 */
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { RepairedView } from '../wire/raw-catalog.ts'
import { isKeyword, type SqlToken, tokenizeSql } from '../wire/sqlite-tokens.ts'

export type SqlPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** `:who`, or `:"some one"` for a name that is no word. */
  | { readonly kind: 'placeholder'; readonly name: string }

export interface FunctionSql {
  readonly pieces: readonly SqlPiece[]
  /** `INSERT`, `UPDATE`, `DELETE` or, where it has none of them, `SELECT`. */
  readonly command: string
  /** It sorts its rows, can fail by itself, or has several parts: it runs as it is, and whole. */
  readonly isOpaque: boolean
}

const tokens =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|("(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*')|(::)|:(?:([\p{L}_][\p{L}\p{Nd}_]*)|"((?:[^"]|"")*)")|([?@$#][\p{L}\p{Nd}_:]*)|([\p{L}_][\p{L}\p{Nd}_$]*)|([\s\S])/gu

const writingKeywords = ['INSERT', 'UPDATE', 'DELETE']
const opaqueKeywords = ['ORDER', 'RAISE_ERROR', 'UNION', 'EXCEPT', 'INTERSECT']
const statementKeywords = ['SELECT', 'WITH', 'VALUES', ...writingKeywords]

/**
 * Shape   `select :a -- sum` → ['select ', a, ' ']
 * Errors  42601 for another way to write placeholders, and for several statements;
 *         0A000 for a statement of another kind
 */
export function readFunctionSql(sql: string): Result<FunctionSql, DatabaseFailure> {
  const pieces: SqlPiece[] = []
  const words: string[] = []
  let text = ''
  let hasEnded = false
  for (const match of sql.matchAll(tokens)) {
    const [whole, comment, , , placeholder, quotedPlaceholder, foreign, word] = match
    if (comment !== undefined || /^\s$/.test(whole)) {
      text += ' '
      continue
    }
    if (hasEnded) return refused('42601', 'several statements are given as a list of texts')
    if (whole === ';') {
      hasEnded = true
      continue
    }
    const name = placeholder ?? quotedPlaceholder?.replaceAll('""', '"')
    if (name !== undefined) {
      pieces.push({ kind: 'text', text }, { kind: 'placeholder', name })
      text = ''
      continue
    }
    if (foreign !== undefined) {
      return refused('42601', `placeholders are written :name, not ${foreign}`)
    }
    if (word !== undefined) words.push(word.toUpperCase())
    text += whole
  }
  pieces.push({ kind: 'text', text })
  const [first] = words
  if (first === undefined || !statementKeywords.includes(first)) {
    const allowed = statementKeywords.join(', ')
    return refused('0A000', `a function begins with ${allowed}, not ${first ?? 'nothing'}`)
  }
  return ok({
    pieces,
    command: words.find((each) => writingKeywords.includes(each)) ?? 'SELECT',
    isOpaque: opaqueKeywords.some((each) => words.includes(each)),
  })
}

/** With a `?` for each value, for SQLite to prepare. */
export function preparableText({ pieces }: FunctionSql): string {
  return pieces.map((piece) => (piece.kind === 'text' ? piece.text : '?')).join('')
}

/** A view that SQLite does not read by its name. */
export interface InlinedSource extends RepairedView {
  readonly columns: readonly string[]
}

/**
 * The statement with the views that it names and SQLite does not read as common tables in front of it,
 * those that they read from included.
 */
export function withViews(
  sql: FunctionSql,
  views: ReadonlyMap<string, InlinedSource>,
): FunctionSql {
  const text = sql.pieces.map((piece) => (piece.kind === 'text' ? piece.text : ' ? ')).join('')
  const used = new Set<string>()
  const use = (name: string): void => {
    for (const below of views.get(name)?.over ?? []) if (!used.has(below)) use(below)
    used.add(name)
  }
  const named = namesReadFrom(tokenizeSql(text))
  for (const name of views.keys()) if (named.has(name.toLowerCase())) use(name)
  const [first, ...others] = sql.pieces
  if (used.size === 0 || first?.kind !== 'text') return sql
  const definitions = [...used].flatMap((name) => {
    const view = views.get(name)
    if (view === undefined) return []
    // what it selects may end with a comment
    const columns = view.columns.map(quoteIdentifier).join(', ')
    return [`${quoteIdentifier(name)}(${columns}) AS (${view.select}\n)`]
  })
  const [own, recursive = ''] = /^\s*WITH(\s+RECURSIVE)?\b/i.exec(first.text) ?? []
  const rest = own === undefined ? first.text : `, ${first.text.slice(own.length)}`
  const begun = `WITH${recursive} ${definitions.join(', ')} ${rest}`
  return { ...sql, pieces: [{ kind: 'text', text: begun }, ...others] }
}

/** Names in small letters, without those that the statement gives to common tables of its own. */
function namesReadFrom(tokens: readonly SqlToken[]): ReadonlySet<string> {
  const names = tokens.filter(({ kind }) => kind === 'word' || kind === 'name')
  const named = new Set(names.map(({ text }) => text.toLowerCase()))
  for (const [at, { text }] of tokens.entries()) {
    const isOwn = isKeyword(tokens[at + 1], 'AS') && tokens[at + 2]?.text === '('
    if (isOwn) named.delete(text.toLowerCase())
  }
  return named
}

export const isPipeline = valueFailure(
  '0A000',
  'a function is written in SQL here, not as a pipeline',
)

function refused(sqlState: string, message: string): Result<never, DatabaseFailure> {
  return err(valueFailure(sqlState, message))
}
