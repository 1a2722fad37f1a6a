/**
 * PostgreSQL's four ways to write a full-text query, read into one tree that an engine writes in
 * the language of its own index.
 *
 * Differs  dictionaries and stop words are the index's own; weights are ignored
 */
import type { FtsOperator } from '../../api/api-request.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { valueFailure } from './value-failure.ts'

export type TextQuery =
  /** Words that follow each other; the last may be the beginning of one. */
  | { readonly kind: 'phrase'; readonly words: readonly string[]; readonly isPrefix: boolean }
  /** Words of which one comes `distance` places after the other. */
  | { readonly kind: 'near'; readonly words: readonly string[]; readonly distance: number }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly TextQuery[] }
  | { readonly kind: 'not'; readonly operand: TextQuery }

/**
 * Null: nothing to search for, which no row matches.
 *
 * Errors  42601 for `fts` that is no tsquery; the other forms take any text
 */
export function readTextQuery(
  operator: FtsOperator,
  text: string,
): Result<TextQuery | null, DatabaseFailure> {
  switch (operator) {
    case 'fts':
      return readTsquery(text)
    case 'plfts':
      return ok(allOf(wordsIn(text).map(word)))
    case 'phfts':
      return ok(phrase(wordsIn(text)))
    case 'wfts':
      return ok(readWebsearch(text))
  }
}

function wordsIn(text: string): readonly string[] {
  return [...text.matchAll(/[\p{L}\p{N}_]+/gu)].map(([found]) => found)
}

function word(text: string): TextQuery {
  return { kind: 'phrase', words: [text], isPrefix: false }
}

function phrase(words: readonly string[], isPrefix = false): TextQuery | null {
  return words.length === 0 ? null : { kind: 'phrase', words, isPrefix }
}

function allOf(operands: readonly (TextQuery | null)[]): TextQuery | null {
  return combined('and', operands)
}

function combined(kind: 'and' | 'or', operands: readonly (TextQuery | null)[]): TextQuery | null {
  const present = operands.filter((each) => each !== null)
  const [first] = present
  if (first === undefined) return null
  return present.length === 1 ? first : { kind, operands: present }
}

/** Quoted phrases, `or`, `-word`; everything else is words that all have to be there. */
function readWebsearch(text: string): TextQuery | null {
  const alternatives: (TextQuery | null)[][] = [[]]
  for (const [, minus, quoted, bare] of text.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/gu)) {
    if (minus === '' && bare?.toLowerCase() === 'or') {
      alternatives.push([])
      continue
    }
    const found = phrase(wordsIn(quoted ?? bare ?? ''))
    alternatives.at(-1)?.push(minus === '' || found === null ? found : negate(found))
  }
  return combined('or', alternatives.map(allOf))
}

function negate(operand: TextQuery): TextQuery {
  return { kind: 'not', operand }
}

function syntaxError(text: string) {
  return err(valueFailure('42601', `syntax error in tsquery: "${text}"`))
}

/** Rule  PostgreSQL manual: tsquery; `!` binds tightest, then `<->`, `&`, `|` */
function readTsquery(text: string): Result<TextQuery | null, DatabaseFailure> {
  const tokens = [
    ...text.matchAll(
      /\s*(?:'((?:[^']|'')*)'|([&|!()])|<(-|\d+)>|([^\s&|!()<':*][^\s&|!()<:*]*))(:[*a-d]*)?\s*/giuy,
    ),
  ]
  const length = tokens.reduce((sum, [whole]) => sum + whole.length, 0)
  if (text.trim() === '') return ok(null)
  if (length !== text.length) return syntaxError(text)
  let at = 0
  const symbol = () => tokens[at]?.[2]

  function binary(kind: 'and' | 'or', sign: string, next: () => TextQuery | null | undefined) {
    const operands = [next()]
    while (symbol() === sign) {
      at += 1
      operands.push(next())
    }
    return operands.includes(undefined)
      ? undefined
      : combined(
          kind,
          operands.filter((each) => each !== undefined),
        )
  }

  function followed(): TextQuery | null | undefined {
    let left = factor()
    while (tokens[at]?.[3] !== undefined) {
      const [, , , gap] = tokens[at] ?? []
      at += 1
      const right = factor()
      if (left === undefined || right === undefined) return undefined
      left = joinPhrases(left, right, gap === '-' ? 1 : Number(gap))
    }
    return left
  }

  /** Undefined: no operand where one must be. */
  function factor(): TextQuery | null | undefined {
    const [, quoted, sign, , bare, weight = ''] = tokens[at] ?? []
    at += 1
    if (sign === '!') {
      const operand = factor()
      return operand === undefined || operand === null ? operand : negate(operand)
    }
    if (sign === '(') {
      const inner = disjunction()
      const isClosed = symbol() === ')'
      at += 1
      return isClosed ? inner : undefined
    }
    const written = quoted ?? bare
    if (written === undefined) return undefined
    return phrase(wordsIn(written.replaceAll("''", "'")), weight.includes('*'))
  }

  const conjunction = () => binary('and', '&', followed)
  const disjunction = () => binary('or', '|', conjunction)
  const root = disjunction()
  return root === undefined || at < tokens.length ? syntaxError(text) : ok(root)
}

function joinPhrases(
  left: TextQuery | null,
  right: TextQuery | null,
  distance: number,
): TextQuery | null {
  if (left === null || right === null) return left ?? right
  if (left.kind !== 'phrase' || right.kind !== 'phrase') return allOf([left, right])
  const words = [...left.words, ...right.words]
  return distance === 1
    ? { kind: 'phrase', words, isPrefix: right.isPrefix }
    : { kind: 'near', words, distance }
}
