/**
 * Turns the value of a filter pair (`not.eq.1`, `in.(1,2)`) into an operation, and the value of
 * `and=` and `or=` into a tree of them. Values go to the scanner's list, operations hold slots.
 * Pure syntax: whether the engine can do the operator is decided by plan/.
 *
 * Rule  PostgREST docs: tables_views (Operators, Logical operators)
 */
import {
  type ComparisonOperator,
  comparisonOperators,
  type Filter,
  type FtsOperator,
  ftsOperators,
  type IsValue,
  isValues,
  type LogicExpression,
  type LogicTree,
  type Operation,
  type SimpleOperator,
  type Slot,
  simpleOperators,
} from './api-request.ts'
import { delimiter, field, identifier, quotedValue, spacedComma } from './parse-field.ts'
import {
  advance,
  attempt,
  attemptWord,
  char,
  complain,
  cutValue,
  either,
  type Failed,
  failed,
  named,
  notNext,
  optional,
  type Rule,
  type Scanner,
  separated,
  spaced,
  textUpTo,
  word,
} from './scanner.ts'

export interface Condition {
  readonly negated: boolean
  readonly operation: Operation
}

// Values

/** A pair's value: everything to the end. */
function wholeValue(s: Scanner): string {
  const value = s.text.slice(s.at)
  if (value !== '') advance(s, value.length)
  complain(s)
  return value
}

const isValueCharacter = (character: string) => character !== ',' && character !== ')'

function quotedMember(s: Scanner): string | Failed {
  const value = quotedValue(s)
  return value === failed || notNext(s, isValueCharacter) === failed ? failed : value
}

function plainMember(s: Scanner): string {
  return textUpTo(s, ',)')
}

function tryQuotedMember(s: Scanner): string | Failed {
  return attempt(s, quotedMember)
}

function listMember(s: Scanner): string | Failed {
  return either(s, tryQuotedMember, plainMember)
}

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

function comma(s: Scanner): true | Failed {
  return char(s, ',')
}

function openList(s: Scanner): true | Failed {
  return spaced(s, (inner) => char(inner, '('))
}

function closeList(s: Scanner): true | Failed {
  return spaced(s, (inner) => char(inner, ')'))
}

/** `(a,"b,c",)`: at least one member, each possibly empty. */
function listSlot(s: Scanner): Slot | Failed {
  const start = s.at
  if (openList(s) === failed) return failed
  const members = separated(s, listMember, comma)
  if (members === failed || closeList(s) === failed) return failed
  return cutValue(s, start, members)
}

function valueSlot(s: Scanner, value: Rule<string>): Slot | Failed {
  const start = s.at
  const text = value(s)
  return text === failed ? failed : cutValue(s, start, text)
}

// Operators

/** The first of the words that the text goes on with. */
function oneOf<T extends string>(s: Scanner, words: readonly T[]): T | Failed {
  for (const each of words) {
    if (attemptWord(s, each) !== failed) return each
  }
  return failed
}

/** `in.`, `is.`, `isdistinct.`: once the full stop is read there is no way back. */
function committed(s: Scanner, operator: string): true | Failed {
  return attempt(s, (inner) => (word(inner, operator) === failed ? failed : delimiter(inner)))
}

function isNamed(s: Scanner): IsValue | Failed {
  for (const value of isValues) {
    if (attempt(s, (inner) => wordInAnyCase(inner, value)) !== failed) return value
  }
  return failed
}

/** Each letter as given or in upper case. */
function wordInAnyCase(s: Scanner, expected: string): true | Failed {
  for (const letter of expected) {
    const met = s.text[s.at]
    if (met !== letter && met !== letter.toUpperCase()) {
      complain(s, `"${letter}"`, `"${letter.toUpperCase()}"`)
      return failed
    }
    advance(s, 1)
  }
  return true
}

function isValue(s: Scanner): IsValue | Failed {
  return named(s, 'isVal: (null, not_null, true, false, unknown)', isNamed)
}

function languageText(s: Scanner): string | Failed {
  if (char(s, '(') === failed) return failed
  const language = identifier(s)
  return language === failed || char(s, ')') === failed ? failed : language
}

function language(s: Scanner): string | Failed {
  return attempt(s, languageText)
}

function fullText(s: Scanner, value: Rule<string>): Operation | Failed {
  const operator = oneOf<FtsOperator>(s, ftsOperators)
  if (operator === failed) return failed
  const configuration = optional(s, language)
  if (configuration === failed || delimiter(s) === failed) return failed
  const slot = valueSlot(s, value)
  if (slot === failed) return failed
  return configuration === undefined
    ? { kind: 'fts', operator, value: slot }
    : { kind: 'fts', operator, language: configuration, value: slot }
}

const unknownOperator = 'unknown single value operator'

function simple(s: Scanner, value: Rule<string>): Operation | Failed {
  const operator = named<SimpleOperator>(s, unknownOperator, (inner) =>
    oneOf(inner, simpleOperators),
  )
  if (operator === failed || delimiter(s) === failed) return failed
  const slot = valueSlot(s, value)
  return slot === failed ? failed : { kind: 'simple', operator, value: slot }
}

function quantifierText(s: Scanner): 'any' | 'all' | Failed {
  if (char(s, '(') === failed) return failed
  let quantifier: 'any' | 'all' = 'any'
  if (attemptWord(s, 'any') === failed) {
    if (word(s, 'all') === failed) return failed
    quantifier = 'all'
  }
  return char(s, ')') === failed ? failed : quantifier
}

function tryQuantifier(s: Scanner): 'any' | 'all' | Failed {
  return attempt(s, quantifierText)
}

function comparison(s: Scanner, value: Rule<string>): Operation | Failed {
  const operator = named<ComparisonOperator>(s, unknownOperator, (inner) =>
    oneOf(inner, comparisonOperators),
  )
  if (operator === failed) return failed
  const quantifier = optional(s, tryQuantifier)
  if (quantifier === failed || delimiter(s) === failed) return failed
  const slot = valueSlot(s, value)
  if (slot === failed) return failed
  return quantifier === undefined
    ? { kind: 'comparison', operator, value: slot }
    : { kind: 'comparison', operator, quantifier, value: slot }
}

function anyOperation(s: Scanner, value: Rule<string>): Operation | Failed {
  if (committed(s, 'in') !== failed) {
    const slot = listSlot(s)
    return slot === failed ? failed : { kind: 'in', value: slot }
  }
  if (committed(s, 'is') !== failed) {
    const named = isValue(s)
    return named === failed ? failed : { kind: 'is', value: named }
  }
  if (committed(s, 'isdistinct') !== failed) {
    const slot = valueSlot(s, value)
    return slot === failed ? failed : { kind: 'isdistinct', value: slot }
  }
  for (const rule of [fullText, simple, comparison]) {
    const operation = attempt(s, (inner) => rule(inner, value))
    if (operation !== failed) return operation
  }
  return failed
}

function negation(s: Scanner): true | Failed {
  return committed(s, 'not')
}

function condition(s: Scanner, value: Rule<string>): Condition | Failed {
  const negated = negation(s) !== failed
  const operation = named(s, 'operator (eq, gt, ...)', (inner) => anyOperation(inner, value))
  return operation === failed ? failed : { negated, operation }
}

/** The value of a filter pair. */
export function filterCondition(s: Scanner): Condition | Failed {
  return condition(s, wholeValue)
}

function noCondition(): null {
  return null
}

/** The value of a pair of a function call: a filter, or null for what can only be an argument. */
export function conditionOrArgument(s: Scanner): Condition | null | Failed {
  return either(s, filterCondition, noCondition)
}

// Trees

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

function expression(s: Scanner): LogicExpression | Failed {
  const negated = named(s, 'negation operator (not)', maybeNegation)
  if (negated === failed) return failed
  const operator = named(s, 'logic operator (and, or)', orWord)
  if (operator === failed || openList(s) === failed) return failed
  const operands = separated(s, logicTree, spacedComma)
  if (operands === failed || closeList(s) === failed) return failed
  return { kind: 'logic', operator, negated, operands }
}

function tryTreeFilter(s: Scanner): Filter | Failed {
  return attempt(s, treeFilter)
}

/** `and(a.eq.1,not.or(b.is.null,c.gt.2))`: the operator in front belongs to the text. */
export function logicTree(s: Scanner): LogicTree | Failed {
  return either<LogicTree, LogicTree>(s, tryTreeFilter, expression)
}
