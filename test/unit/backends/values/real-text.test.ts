import { expect, test } from 'vitest'
import { realText } from '../../../../src/backends/values/real-text.ts'

// PostgreSQL 15: select x::text, of type double precision
test.each([
  [0, '0'],
  [-0, '-0'],
  [0.1, '0.1'],
  [1e-4, '0.0001'],
  [1e-5, '1e-05'],
  [-1.5e-7, '-1.5e-07'],
  [999999999999999.9, '999999999999999.9'],
  [1e15, '1e+15'],
  [-Number('1384731961879879.25'), '-1.3847319618798792e+15'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e300, '1e+300'],
  [5e-324, '5e-324'],
  [Number.NaN, 'NaN'],
  [-Infinity, '-Infinity'],
])('%d', (value, expected) => {
  expect(realText(value)).toBe(expected)
})
