/**
 * Turns the value of `and=` and `or=`, with the operator in front, into a tree of filters. Values
 * end at commas and parentheses unless quoted.
 *
 * Rule  PostgREST docs: tables_views (Logical operators)
 */
import type { Filter, LogicExpression, LogicTree } from './api-request.ts'
import { attempt, attemptWord, countNode, either, named, nested, separated } from './combinators.ts'
import { delimiter, field, spacedComma } from './parse-field.ts'
import {
  closeList,
  condition,
  negation,
  openList,
  plainMember,
  tryQuotedMember,
} from './parse-filter.ts'
import { maxLogicLevels } from './request-limits.ts'
import { type Failed, failed, type Scanner, textUpTo, word } from './scanner.ts'

function arrayLiteral(s: Scanner): string | Failed {
  const start = s.at
  if (word(s, '{') === failed) return failed
  textUpTo(s, '{}')
  return word(s, '}') === failed ? failed : s.text.slice(start, s.at)
}

function arrayOrPlain(s: Scanner): string | Failed {
  const literal = attempt(s, arrayLiteral)
  return literal === failed ? plainMember(s) : literal
}

/** A value inside a logic tree, where commas and parentheses end it unless quoted. */
function treeValue(s: Scanner): string | Failed {
  return either(s, tryQuotedMember, arrayOrPlain)
}

function treeFilter(s: Scanner): Filter | Failed {
  const column = field(s)
  if (column === failed || delimiter(s) === failed) return failed
  const rest = condition(s, treeValue)
  return rest === failed ? failed : { kind: 'filter', field: column, ...rest }
}

function maybeNegation(s: Scanner): boolean {
  return negation(s) !== failed
}

function orWord(s: Scanner): 'and' | 'or' | Failed {
  if (attemptWord(s, 'and') !== failed) return 'and'
  return word(s, 'or') === failed ? failed : 'or'
}

function operandList(s: Scanner): readonly LogicTree[] | Failed {
  return separated(s, logicTree, spacedComma)
}

function expression(s: Scanner): LogicExpression | Failed {
  const negated = named(s, 'negation operator (not)', maybeNegation)
  if (negated === failed) return failed
  const operator = named(s, 'logic operator (and, or)', orWord)
  if (operator === failed || openList(s) === failed) return failed
  const operands = nested(s, maxLogicLevels, operandList)
  if (operands === failed || closeList(s) === failed) return failed
  return { kind: 'logic', operator, negated, operands }
}

function tryTreeFilter(s: Scanner): Filter | Failed {
  return attempt(s, treeFilter)
}

/** `and(a.eq.1,not.or(b.is.null,c.gt.2))`: the operator in front belongs to the text. */
export function logicTree(s: Scanner): LogicTree | Failed {
  countNode(s)
  return either<LogicTree, LogicTree>(s, tryTreeFilter, expression)
}
