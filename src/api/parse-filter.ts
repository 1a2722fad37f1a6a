/**
 * Turns the value of a filter pair (`not.eq.1`, `in.(1,2)`) into an operation. Values go to the
 * scanner's list, operations hold slots. Pure syntax: whether the engine can do the operator is
 * decided by plan/.
 *
 * Rule  PostgREST docs: tables_views (Operators)
 */
import {
  type ComparisonOperator,
  comparisonOperators,
  type FtsOperator,
  ftsOperators,
  type IsValue,
  isValues,
  type Operation,
  type SimpleOperator,
  type Slot,
  simpleOperators,
} from './api-request.ts'
import { attempt, attemptWord, either, named, optional, separated, spaced } from './combinators.ts'
import { delimiter, identifier, quotedValue } from './parse-field.ts'
import {
  advance,
  char,
  complain,
  cutValue,
  type Failed,
  failed,
  notNext,
  type Rule,
  type Scanner,
  textUpTo,
  word,
} from './scanner.ts'

export interface FilterCondition {
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

export function plainMember(s: Scanner): string {
  return textUpTo(s, ',)')
}

export function tryQuotedMember(s: Scanner): string | Failed {
  return attempt(s, quotedMember)
}

function listMember(s: Scanner): string | Failed {
  return either(s, tryQuotedMember, plainMember)
}

function comma(s: Scanner): true | Failed {
  return char(s, ',')
}

export function openList(s: Scanner): true | Failed {
  return spaced(s, (inner) => char(inner, '('))
}

export function closeList(s: Scanner): true | Failed {
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

export function negation(s: Scanner): true | Failed {
  return committed(s, 'not')
}

/** `not.` and an operation; `value` reads what the operator is given. */
export function condition(s: Scanner, value: Rule<string>): FilterCondition | Failed {
  const negated = negation(s) !== failed
  const operation = named(s, 'operator (eq, gt, ...)', (inner) => anyOperation(inner, value))
  return operation === failed ? failed : { negated, operation }
}

/** The value of a filter pair. */
export function filterCondition(s: Scanner): FilterCondition | Failed {
  return condition(s, wholeValue)
}

function noCondition(): null {
  return null
}

/** The value of a pair of a function call: a filter, or null for what can only be an argument. */
export function conditionOrArgument(s: Scanner): FilterCondition | null | Failed {
  return either(s, filterCondition, noCondition)
}
