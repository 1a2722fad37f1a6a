import { expect, test } from 'vitest'
import { compileOrder } from '../../../../../src/backends/postgres/compile/compile-order.ts'
import { postgresDialect } from '../../../../../src/backends/postgres/compile/postgres-dialect.ts'
import { ident, noSql, toStatement } from '../../../../../src/backends/sql/sql-text.ts'
import type { OrderBy } from '../../../../../src/plan/plan.ts'
import { orderBy } from '../../../../support/plan-builders.ts'

const nullsFirstEngine = { ...postgresDialect, nullsSortAsLargest: false }

test.each<[Partial<OrderBy>, string, string]>([
  [{}, '"a"', '"a" NULLS LAST'],
  [{ direction: 'asc' }, '"a" ASC', '"a" ASC NULLS LAST'],
  [{ direction: 'desc' }, '"a" DESC', '"a" DESC NULLS FIRST'],
  [{ direction: 'desc', nulls: 'last' }, '"a" DESC NULLS LAST', '"a" DESC NULLS LAST'],
  [{ nulls: 'first' }, '"a" NULLS FIRST', '"a" NULLS FIRST'],
])('%j sorts nulls the same on every engine', (term, postgres, other) => {
  const terms = [orderBy('a', term), orderBy('b', { direction: 'asc', nulls: 'last' })]
  const [first, second] = [postgresDialect, nullsFirstEngine].map((dialect) => {
    const order = compileOrder(terms, ({ field }) => ident(field.name), dialect)
    return toStatement(order, dialect.placeholder).text
  })
  expect(first).toBe(` ORDER BY ${postgres}, "b" ASC NULLS LAST`)
  expect(second).toBe(` ORDER BY ${other}, "b" ASC NULLS LAST`)
})

test('no terms, no clause', () => {
  expect(compileOrder([], () => ident('a'), postgresDialect)).toBe(noSql)
})
