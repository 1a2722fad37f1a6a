import { describe, expect, test } from 'vitest'
import type { SlotValue } from '../../../src/api/api-request.ts'
import { conditionOrArgument, filterCondition } from '../../../src/api/parse-filter.ts'
import { parseText } from '../../../src/api/scanner.ts'

function parse(text: string): readonly [unknown, readonly SlotValue[]] {
  const values: SlotValue[] = []
  return [parseText(filterCondition, text, (it) => it, values).value, values]
}

describe('operators', () => {
  test.each(['eq', 'gte', 'gt', 'lte', 'lt', 'like', 'ilike', 'match', 'imatch'])(
    '%s compares, takes any and all, and can be negated',
    (operator) => {
      const operation = { kind: 'comparison', operator, value: 0 }
      expect(parse(`${operator}.a.b`)).toEqual([{ negated: false, operation }, ['a.b']])
      expect(parse(`not.${operator}(any).{1}`)).toEqual([
        { negated: true, operation: { ...operation, quantifier: 'any' } },
        ['{1}'],
      ])
      expect(parse(`${operator}(all).{1}`)[0]).toEqual({
        negated: false,
        operation: { ...operation, quantifier: 'all' },
      })
    },
  )

  test.each(['neq', 'cs', 'cd', 'ov', 'sl', 'sr', 'nxr', 'nxl', 'adj'])(
    '%s takes one value and no quantifier',
    (operator) => {
      const operation = { kind: 'simple', operator, value: 0 }
      expect(parse(`${operator}.(1,2)`)).toEqual([{ negated: false, operation }, ['(1,2)']])
      expect(() => parse(`${operator}(any).{1}`)).toThrow()
    },
  )

  test.each(['fts', 'plfts', 'phfts', 'wfts'])('%s takes a configuration', (operator) => {
    const operation = { kind: 'fts', operator, value: 0 }
    expect(parse(`${operator}.a b`)).toEqual([{ negated: false, operation }, ['a b']])
    expect(parse(`${operator}(french).a`)[0]).toEqual({
      negated: false,
      operation: { ...operation, language: 'french' },
    })
  })

  test.each([
    ['is.null', 'null'],
    ['is.NULL', 'null'],
    ['is.Not_Null', 'not_null'],
    ['is.true', 'true'],
    ['is.FaLse', 'false'],
    ['is.unknown', 'unknown'],
    ['is.nullable', 'null'],
  ])('%s', (text, value) => {
    expect(parse(text)).toEqual([{ negated: false, operation: { kind: 'is', value } }, []])
  })

  test('isdistinct takes one value', () => {
    const operation = { kind: 'isdistinct', value: 0 }
    expect(parse('isdistinct.3')).toEqual([{ negated: false, operation }, ['3']])
  })

  test('an empty value is a value', () => {
    expect(parse('eq.')[1]).toEqual([''])
  })
})

describe('in', () => {
  test.each<[string, readonly string[]]>([
    ['in.(1,2,3)', ['1', '2', '3']],
    ['in.()', ['']],
    ['in.(,)', ['', '']],
    ['in.("a,b","c)d",e)', ['a,b', 'c)d', 'e']],
    [String.raw`in.("q\"","b\\")`, ['q"', 'b\\']],
    ['in.( 1, 2 )', ['1', ' 2 ']],
    ['in.("a"b,c)', ['"a"b', 'c']],
    ['in.(a"b",c)', ['a"b"', 'c']],
    ['in.(موارد,😀)', ['موارد', '😀']],
  ])('%s', (text, members) => {
    expect(parse(text)).toEqual([
      { negated: false, operation: { kind: 'in', value: 0 } },
      [members],
    ])
  })
})

describe('pairs of a function read by GET', () => {
  test.each([
    ['eq.1', true],
    ['not.is.null', true],
    ['1', false],
    ['equal', false],
    ['eq', false],
    ['not', false],
    ['{"a":1}', false],
  ])('%s is a filter: %s', (text, isFilter) => {
    expect(parseText(conditionOrArgument, text, (it) => it).value !== null).toBe(isFilter)
  })

  test('an operator that was begun cannot be an argument', () => {
    expect(() => parseText(conditionOrArgument, 'in.1', (it) => it)).toThrow()
    expect(() => parseText(conditionOrArgument, 'is.what', (it) => it)).toThrow()
    expect(() => parseText(conditionOrArgument, 'not.x', (it) => it)).toThrow()
  })
})
