import { describe, expect, test } from 'vitest'
import { csvRow } from '../../../../src/backends/values/csv-row.ts'

describe('csvRow', () => {
  test.each([
    [['a', 'b'], 'a,b'],
    [[null, ''], ',""'],
    [['a b', 'c,d', 'e"f', 'g\\h', '(i)', 'j\n'], '"a b","c,d","e""f","g\\\\h","(i)","j\n"'],
    [[1, 2.5], '1,2.5'],
    [[], ''],
  ])('writes %j as %s', (fields, row) => {
    expect(csvRow(fields)).toBe(row)
  })
})
