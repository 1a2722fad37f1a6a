/**
 * Error texts of the grammar, to the letter: position, what was met, what would have been taken.
 * Rows are of v16.2's docs and specs unless they say otherwise.
 */
import { describe, expect, test } from 'vitest'
import { fieldName, jsonPath, treePath } from '../../../src/api/parse-field.ts'
import { filterCondition } from '../../../src/api/parse-filter.ts'
import { logicTree } from '../../../src/api/parse-logic.ts'
import { orderTerms } from '../../../src/api/parse-order.ts'
import { selectItems } from '../../../src/api/parse-select.ts'
import { parseText, type Rule } from '../../../src/api/scanner.ts'
import { SyntaxFailure } from '../../../src/api/syntax-failure.ts'

function failureOf(rule: Rule<unknown>, text: string): readonly [column: number, string] {
  try {
    parseText(rule, text, (it) => it)
  } catch (failure) {
    if (!(failure instanceof SyntaxFailure)) throw failure
    const column = /\(line 1, column (\d+)\)$/.exec(failure.message)?.[1]
    return [Number(column), failure.details]
  }
  return [0, 'no failure']
}

const nothingRecognised = 'unexpected "%" expecting operator (eq, gt, ...)'

type Row = readonly [text: string, column: number, details: string]

function failsAt(rule: Rule<unknown>, rows: readonly Row[]): void {
  test.each(rows)('%s fails at column %i: %s', (text, column, details) => {
    expect(failureOf(rule, text)).toEqual([column, details])
  })
}

describe('a name', () => {
  failsAt(fieldName, [
    [':', 1, 'unexpected ":" expecting field name (* or [a..z0..9_$])'],
    ['', 1, 'unexpected end of input expecting field name (* or [a..z0..9_$])'],
    ['"open', 6, String.raw`unexpected end of input expecting "\\" or "\""`],
    ['"open\\', 7, 'unexpected end of input'],
  ])
})

describe('a JSON path', () => {
  failsAt(jsonPath, [
    ['->>-78xy', 7, `unexpected 'x' expecting digit, "->", "::", ".", "," or end of input`],
    ['->>--34', 5, 'unexpected "-" expecting digit'],
    ['->>-xy-4', 5, 'unexpected "x" expecting digit'],
    [
      '->(a',
      3,
      'unexpected "(" expecting "-", digit or any non reserved character different from: .,>()',
    ],
  ])
})

describe('a key', () => {
  failsAt(treePath, [['.a', 1, 'unexpected "." expecting field name (* or [a..z0..9_$])']])
})

describe('select', () => {
  failsAt(selectItems, [
    [
      'id,clients(name[])',
      16,
      `unexpected '[' expecting letter, digit, "-", "->>", "->", "::", ".", ")", "," or end of input`,
    ],
    ['data->>-78xy', 11, `unexpected 'x' expecting digit, "->", "::", ".", "," or end of input`],
    ['data->>--34', 9, 'unexpected "-" expecting digit'],
    [
      'data->(!@#$%^&*_d->>!@#$%^&*_e::integer',
      7,
      'unexpected "(" expecting "-", digit or any non reserved character different from: .,>()',
    ],
    [
      'name!hint',
      5,
      `unexpected '!' expecting letter, digit, "-", "->>", "->", "::", ".", ")", "," or end of input`,
    ],
    ['name::', 7, 'unexpected end of input expecting letter or digit'],
  ])
})

describe('order', () => {
  const suffix = 'expecting "asc", "desc", "nullsfirst" or "nullslast"'
  failsAt(orderTerms, [
    ['id.asc.nullslasttt', 17, `unexpected 't' expecting "," or end of input`],
    ['id.ac', 4, `unexpected "c" ${suffix}`],
    ['id.descc', 8, `unexpected 'c' expecting delimiter (.), "," or end of input`],
    ['id.nulsfist', 4, `unexpected "n" ${suffix}`],
    ['id.nullslasttt', 13, `unexpected 't' expecting "," or end of input`],
    ['id.smth34', 4, `unexpected "s" ${suffix}`],
    ['id.asc.nlsfst', 8, 'unexpected "l" expecting "nullsfirst" or "nullslast"'],
    ['id.asc.smth34', 8, 'unexpected "s" expecting "nullsfirst" or "nullslast"'],
    [
      'clients(name,id)',
      8,
      `unexpected '(' expecting letter, digit, "-", "->>", "->", delimiter (.), "," or end of input`,
    ],
  ])
})

describe('a filter', () => {
  failsAt(filterCondition, [
    ['0', 1, 'unexpected "0" expecting "not" or operator (eq, gt, ...)'],
    ['val', 1, 'unexpected "v" expecting "not" or operator (eq, gt, ...)'],
    ['noop.0', 1, 'unexpected "o" expecting "not" or operator (eq, gt, ...)'],
    ['fts().value', 5, 'unexpected ")" expecting operator (eq, gt, ...)'],
    ['eq().value', 4, 'unexpected ")" expecting operator (eq, gt, ...)'],
    ['is().value', 3, 'unexpected "(" expecting operator (eq, gt, ...)'],
    ['in().value', 3, 'unexpected "(" expecting operator (eq, gt, ...)'],
    ['not.%', 5, nothingRecognised],
    ['in.1', 4, 'unexpected "1" expecting "("'],
    ['is.yes', 4, 'unexpected "y" expecting isVal: (null, not_null, true, false, unknown)'],
    ['é', 1, String.raw`unexpected "\233" expecting "not" or operator (eq, gt, ...)`],
  ])
})

describe('a logic tree', () => {
  failsAt(logicTree, [
    [
      'or()',
      4,
      'unexpected ")" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)',
    ],
    ['or(id.in.1,2,id.eq.3)', 10, 'unexpected "1" expecting "("'],
    ['or)(', 3, 'unexpected ")" expecting "("'],
    ['and(ord(id.eq.1,id.eq.1),id.eq.2)', 7, 'unexpected "d" expecting "("'],
    [
      'or(id.eq.1,not.xor(id.eq.2,id.eq.3))',
      16,
      'unexpected "x" expecting logic operator (and, or)',
    ],
  ])
})

test('lines and tabs count in positions', () => {
  const messageOf = (text: string) => {
    try {
      parseText(fieldName, text, () => 'it')
    } catch (failure) {
      return failure instanceof Error ? failure.message : ''
    }
    return ''
  }
  expect(messageOf('"a\nb')).toBe('"it" (line 2, column 2)')
  expect(messageOf('"\tb')).toBe('"it" (line 1, column 10)')
  expect(messageOf('"😀')).toBe('"it" (line 1, column 3)')
})
