import { expect, test } from 'vitest'
import { realText, singleText } from '../../../../src/backends/values/real-text.ts'

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
])('double precision %d', (value, expected) => {
  expect(realText(value)).toBe(expected)
})

// PostgreSQL 15: select x::real
test.each([
  [0.1, '0.1'],
  [1 / 3, '0.33333334'],
  [1e6, '1e+06'],
  [123456.7, '123456.7'],
  [1234567, '1.234567e+06'],
  [999999, '999999'],
  [16777217, '1.6777216e+07'],
  [1e-4, '0.0001'],
  [1e-5, '1e-05'],
  [1e-45, '1e-45'],
  [3.4e38, '3.4e+38'],
  [-0, '-0'],
  [Number.NaN, 'NaN'],
])('real %d', (value, expected) => {
  expect(singleText(Math.fround(value))).toBe(expected)
})
