/**
 * PostgreSQL's four ways to write a full-text query, as FTS5's one. FTS5 knows NOT only between two
 * operands; a query that is negative as a whole (`!cat`) is told apart, for the statement to negate.
 *
 * Differs  dictionaries and stop words are the index's own; weights are ignored; `<2>` is NEAR
 */
import { ok, type Result } from '../../core/result.ts'
import { failure, type ValueFailure } from './parse-typed-text.ts'

export type TextQueryOperator = 'fts' | 'plfts' | 'phfts' | 'wfts'

export interface TextQuery {
  /** For MATCH. */
  readonly expression: string
  /** The rows wanted are those that do not match it. */
  readonly isNegated: boolean
}

type Node =
  | { readonly kind: 'phrase'; readonly words: readonly string[]; readonly isPrefix: boolean }
  | { readonly kind: 'near'; readonly words: readonly string[]; readonly distance: number }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Node[] }
  | { readonly kind: 'not'; readonly operand: Node }

/** Matches no row: FTS5 takes an empty phrase, not an empty query. */
const nothing: TextQuery = { expression: '""', isNegated: false }

/** Errors  42601 for `fts` that is no tsquery; the other forms take any text */
export function readTextQuery(
  operator: TextQueryOperator,
  text: string,
): Result<TextQuery, ValueFailure> {
  switch (operator) {
    case 'fts':
      return readTsquery(text)
    case 'plfts':
      return ok(toQuery(allOf(wordsIn(text).map(word))))
    case 'phfts':
      return ok(toQuery(phrase(wordsIn(text))))
    case 'wfts':
      return ok(toQuery(readWebsearch(text)))
  }
}

function wordsIn(text: string): readonly string[] {
  return [...text.matchAll(/[\p{L}\p{N}_]+/gu)].map(([found]) => found)
}

function word(text: string): Node {
  return { kind: 'phrase', words: [text], isPrefix: false }
}

/** Null: nothing to search for. */
function phrase(words: readonly string[], isPrefix = false): Node | null {
  return words.length === 0 ? null : { kind: 'phrase', words, isPrefix }
}

function allOf(operands: readonly (Node | null)[]): Node | null {
  return combined('and', operands)
}

function combined(kind: 'and' | 'or', operands: readonly (Node | null)[]): Node | null {
  const present = operands.filter((each) => each !== null)
  const [first] = present
  if (first === undefined) return null
  return present.length === 1 ? first : { kind, operands: present }
}

/** Quoted phrases, `or`, `-word`; everything else is words that all have to be there. */
function readWebsearch(text: string): Node | null {
  const alternatives: (Node | null)[][] = [[]]
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

function negate(operand: Node): Node {
  return { kind: 'not', operand }
}

function syntaxError(text: string) {
  return failure('42601', `syntax error in tsquery: "${text}"`)
}

/** Rule  PostgreSQL manual: tsquery; `!` binds tightest, then `<->`, `&`, `|` */
function readTsquery(text: string): Result<TextQuery, ValueFailure> {
  const tokens = [
    ...text.matchAll(
      /\s*(?:'((?:[^']|'')*)'|([&|!()])|<(-|\d+)>|([^\s&|!()<':*][^\s&|!()<:*]*))(:[*a-d]*)?\s*/giuy,
    ),
  ]
  const length = tokens.reduce((sum, [whole]) => sum + whole.length, 0)
  if (text.trim() === '') return ok(nothing)
  if (length !== text.length) return syntaxError(text)
  let at = 0
  const symbol = () => tokens[at]?.[2]

  function binary(kind: 'and' | 'or', sign: string, next: () => Node | null | undefined) {
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

  function followed(): Node | null | undefined {
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
  function factor(): Node | null | undefined {
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
  return root === undefined || at < tokens.length ? syntaxError(text) : ok(toQuery(root))
}

function joinPhrases(left: Node | null, right: Node | null, distance: number): Node | null {
  if (left === null || right === null) return left ?? right
  if (left.kind !== 'phrase' || right.kind !== 'phrase') return allOf([left, right])
  const words = [...left.words, ...right.words]
  return distance === 1
    ? { kind: 'phrase', words, isPrefix: right.isPrefix }
    : { kind: 'near', words, distance: distance - 1 }
}

function toQuery(node: Node | null): TextQuery {
  return node === null ? nothing : rewrite(node)
}

/** Gathers what is wanted and what is not, and writes one negation at most, on the right. */
function rewrite(node: Node): TextQuery {
  switch (node.kind) {
    case 'phrase': {
      const quoted = `"${node.words.join(' ')}"`
      return { expression: node.isPrefix ? `${quoted} *` : quoted, isNegated: false }
    }
    case 'near': {
      const words = node.words.map((each) => `"${each}"`).join(' ')
      return { expression: `NEAR(${words}, ${node.distance})`, isNegated: false }
    }
    case 'not': {
      const { expression, isNegated } = rewrite(node.operand)
      return { expression, isNegated: !isNegated }
    }
    case 'and':
    case 'or': {
      const operands = node.operands.map(rewrite)
      const plain = operands.filter((each) => !each.isNegated).map((each) => each.expression)
      const negated = operands.filter((each) => each.isNegated).map((each) => each.expression)
      return node.kind === 'and' ? conjunctionOf(plain, negated) : disjunctionOf(plain, negated)
    }
  }
}

/** a AND b AND NOT c AND NOT d = (a AND b) NOT (c OR d) */
function conjunctionOf(plain: readonly string[], negated: readonly string[]): TextQuery {
  if (negated.length === 0) return { expression: grouped(plain, 'AND'), isNegated: false }
  const unwanted = grouped(negated, 'OR')
  if (plain.length === 0) return { expression: unwanted, isNegated: true }
  return { expression: `(${grouped(plain, 'AND')} NOT ${unwanted})`, isNegated: false }
}

/** a OR NOT c OR NOT d = NOT ((c AND d) NOT a) */
function disjunctionOf(plain: readonly string[], negated: readonly string[]): TextQuery {
  if (negated.length === 0) return { expression: grouped(plain, 'OR'), isNegated: false }
  const unwanted = grouped(negated, 'AND')
  if (plain.length === 0) return { expression: unwanted, isNegated: true }
  return { expression: `(${unwanted} NOT ${grouped(plain, 'OR')})`, isNegated: true }
}

function grouped(expressions: readonly string[], operator: 'AND' | 'OR'): string {
  return `(${expressions.join(` ${operator} `)})`
}
