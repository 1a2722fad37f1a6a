import { describe, expect, test } from 'vitest'
import {
  booleanOf,
  type FileValue,
  fileValueText,
  integerOf,
} from '../../../../src/config/file/file-value.ts'

describe('fileValueText', () => {
  test.each<[FileValue, string]>([
    ['plain', 'plain'],
    ['', ''],
    [true, 'Bool True'],
    [false, 'Bool False'],
    [13, 'Number 13.0'],
    [1.5, 'Number 1.5'],
    [0, 'Number 0.0'],
    [0.05, 'Number 5.0e-2'],
    [12_345_678, 'Number 1.2345678e7'],
    [10_000_000, 'Number 1.0e7'],
    [-2, 'Number (-2.0)'],
    [[1, true, 'a'], 'List [Number 1.0,Bool True,String "a"]'],
    [[], 'List []'],
  ])('shows %j as %j', (value, shown) => {
    expect(fileValueText(value)).toBe(shown)
  })
})

describe('integerOf', () => {
  test.each<[FileValue, number | null]>([
    [13, 13],
    ['13', 13],
    [' 13 ', 13],
    ['-1', -1],
    [1.5, null],
    ['1.5', null],
    ['', null],
    ['x', null],
    [true, null],
    ['99999999999999999999', null],
  ])('reads %j as %j', (value, number) => {
    expect(integerOf(value)).toBe(number)
  })
})

describe('booleanOf', () => {
  test.each<[FileValue, boolean | null]>([
    [true, true],
    [false, false],
    ['true', true],
    ['TRUE', true],
    ['True', true],
    ['"true"', true],
    ['FALSE', false],
    ['"false"', false],
    ['1', true],
    ['2', true],
    ['0', false],
    ['-1', false],
    ['yes', null],
    ['', null],
    [13, null],
    [1, null],
    [[true], null],
  ])('reads %j as %j', (value, boolean) => {
    expect(booleanOf(value)).toBe(boolean)
  })
})
