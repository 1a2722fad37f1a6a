/**
 * Turns the text of `order=` into terms: columns with JSON paths, or columns of a to-one embed.
 * Pure syntax; called once per embed level.
 *
 * Rule  PostgREST docs: tables_views (Ordering), resource_embedding (Top-level Ordering)
 */
import type { FieldPath, OrderTerm } from './api-request.ts'
import {
  attempt,
  countNode,
  either,
  lookAheadWord,
  optional,
  separated,
  spaced,
} from './combinators.ts'
import { delimiter, field, fieldName } from './parse-field.ts'
import { char, endOfText, type Failed, failed, type Scanner, word } from './scanner.ts'

type Direction = NonNullable<OrderTerm['direction']>
type Nulls = NonNullable<OrderTerm['nulls']>

function suffix(s: Scanner, expected: string): true | Failed {
  return delimiter(s) === failed ? failed : word(s, expected)
}

function ascending(s: Scanner): Direction | Failed {
  return attempt(s, (inner) => suffix(inner, 'asc')) === failed ? failed : 'asc'
}

function descending(s: Scanner): Direction | Failed {
  return attempt(s, (inner) => suffix(inner, 'desc')) === failed ? failed : 'desc'
}

function direction(s: Scanner): Direction | Failed {
  return either(s, ascending, descending)
}

function nullsFirst(s: Scanner): Nulls | Failed {
  return attempt(s, (inner) => suffix(inner, 'nullsfirst')) === failed ? failed : 'first'
}

function nullsLast(s: Scanner): Nulls | Failed {
  return attempt(s, (inner) => suffix(inner, 'nullslast')) === failed ? failed : 'last'
}

function nulls(s: Scanner): Nulls | Failed {
  return either(s, nullsFirst, nullsLast)
}

function termEnd(s: Scanner): true | Failed {
  const isEnd = lookAheadWord(s, ',') !== failed || endOfText(s) !== failed
  return isEnd ? true : failed
}

function termSuffix(s: Scanner): Omit<OrderTerm, 'field' | 'relation'> | Failed {
  const way = optional(s, direction)
  if (way === failed) return failed
  const place = optional(s, nulls)
  if (place === failed || termEnd(s) === failed) return failed
  return {
    ...(way === undefined ? {} : { direction: way }),
    ...(place === undefined ? {} : { nulls: place }),
  }
}

function relatedField(s: Scanner): { relation: string; field: FieldPath } | Failed {
  const relation = fieldName(s)
  if (relation === failed || char(s, '(') === failed) return failed
  const column = field(s)
  if (column === failed || char(s, ')') === failed) return failed
  return { relation, field: column }
}

function relatedTerm(s: Scanner): OrderTerm | Failed {
  const target = relatedField(s)
  if (target === failed) return failed
  const rest = termSuffix(s)
  return rest === failed ? failed : { ...target, ...rest }
}

function tryRelatedTerm(s: Scanner): OrderTerm | Failed {
  return attempt(s, relatedTerm)
}

function ownTerm(s: Scanner): OrderTerm | Failed {
  const column = field(s)
  if (column === failed) return failed
  const rest = termSuffix(s)
  return rest === failed ? failed : { field: column, ...rest }
}

function term(s: Scanner): OrderTerm | Failed {
  return either(s, tryRelatedTerm, ownTerm)
}

function spacedTerm(s: Scanner): OrderTerm | Failed {
  countNode(s)
  return spaced(s, term)
}

function comma(s: Scanner): true | Failed {
  return char(s, ',')
}

/**
 * Shape  `a.desc,b->>c.nullsfirst,director(name)` → three terms
 */
export function orderTerms(s: Scanner): readonly OrderTerm[] | Failed {
  return separated(s, spacedTerm, comma)
}
