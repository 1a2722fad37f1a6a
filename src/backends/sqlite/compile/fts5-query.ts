/**
 * A full-text query in FTS5's language. FTS5 knows NOT only between two operands; a query that is
 * negative as a whole (`!cat`) is told apart, for the statement to negate.
 *
 * Differs  `<2>` is NEAR, which also finds what is closer, and in either order
 */
import type { TextQuery } from '../../values/text-query.ts'

export interface Fts5Query {
  /** For MATCH. */
  readonly expression: string
  /** The rows wanted are those that do not match it. */
  readonly isNegated: boolean
}

/** Matches no row: FTS5 takes an empty phrase, not an empty query. */
const nothing: Fts5Query = { expression: '""', isNegated: false }

export function toFts5Query(query: TextQuery | null): Fts5Query {
  return query === null ? nothing : rewrite(query)
}

/** Gathers what is wanted and what is not, and writes one negation at most, on the right. */
function rewrite(query: TextQuery): Fts5Query {
  switch (query.kind) {
    case 'phrase': {
      const quoted = `"${query.words.join(' ')}"`
      return { expression: query.isPrefix ? `${quoted} *` : quoted, isNegated: false }
    }
    case 'near': {
      const words = query.words.map((each) => `"${each}"`).join(' ')
      return { expression: `NEAR(${words}, ${query.distance - 1})`, isNegated: false }
    }
    case 'not': {
      const { expression, isNegated } = rewrite(query.operand)
      return { expression, isNegated: !isNegated }
    }
    case 'and':
    case 'or': {
      const operands = query.operands.map(rewrite)
      const plain = operands.filter((each) => !each.isNegated).map((each) => each.expression)
      const negated = operands.filter((each) => each.isNegated).map((each) => each.expression)
      return query.kind === 'and' ? conjunctionOf(plain, negated) : disjunctionOf(plain, negated)
    }
  }
}

/** a AND b AND NOT c AND NOT d = (a AND b) NOT (c OR d) */
function conjunctionOf(plain: readonly string[], negated: readonly string[]): Fts5Query {
  if (negated.length === 0) return { expression: grouped(plain, 'AND'), isNegated: false }
  const unwanted = grouped(negated, 'OR')
  if (plain.length === 0) return { expression: unwanted, isNegated: true }
  return { expression: `(${grouped(plain, 'AND')} NOT ${unwanted})`, isNegated: false }
}

/** a OR NOT c OR NOT d = NOT ((c AND d) NOT a) */
function disjunctionOf(plain: readonly string[], negated: readonly string[]): Fts5Query {
  if (negated.length === 0) return { expression: grouped(plain, 'OR'), isNegated: false }
  const unwanted = grouped(negated, 'AND')
  if (plain.length === 0) return { expression: unwanted, isNegated: true }
  return { expression: `(${unwanted} NOT ${grouped(plain, 'OR')})`, isNegated: true }
}

function grouped(expressions: readonly string[], operator: 'AND' | 'OR'): string {
  return `(${expressions.join(` ${operator} `)})`
}
