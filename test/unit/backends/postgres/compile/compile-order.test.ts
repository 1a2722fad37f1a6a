import { expect, test } from 'vitest'
import { compileOrder } from '../../../../../src/backends/postgres/compile/compile-order.ts'
import { toPostgresStatement } from '../../../../../src/backends/postgres/compile/postgres-statement.ts'
import { ident, noSql } from '../../../../../src/backends/sql/sql-text.ts'
import type { OrderBy } from '../../../../../src/plan/plan.ts'
import { orderBy } from '../../../../support/plan-builders.ts'

test.each<[Partial<OrderBy>, string]>([
  [{}, '"a"'],
  [{ direction: 'asc' }, '"a" ASC'],
  [{ direction: 'desc' }, '"a" DESC'],
  [{ direction: 'desc', nulls: 'last' }, '"a" DESC NULLS LAST'],
  [{ nulls: 'first' }, '"a" NULLS FIRST'],
])('%j is %s', (term, text) => {
  const terms = [orderBy('a', term), orderBy('b', { direction: 'asc', nulls: 'last' })]
  const order = compileOrder(terms, ({ field }) => ident(field.name))
  expect(toPostgresStatement(order).text).toBe(` ORDER BY ${text}, "b" ASC NULLS LAST`)
})

test('no terms, no clause', () => {
  expect(compileOrder([], () => ident('a'))).toBe(noSql)
})
