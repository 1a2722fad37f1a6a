import { expect, test } from 'vitest'
import { chooseStatement } from '../../../../../src/backends/postgres/compile/choose-statement.ts'
import { toPostgresStatement } from '../../../../../src/backends/postgres/compile/postgres-statement.ts'
import { param, sql } from '../../../../../src/backends/sql/sql-text.ts'
import type { PlanWindow } from '../../../../../src/plan/plan.ts'
import { request } from '../../../../support/plan-builders.ts'

const window: PlanWindow = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }
const text = sql`SELECT 1 LIMIT ${param({ kind: 'limit', window })} OFFSET ${param({ kind: 'offset', window })}`

function choice(from = text) {
  const general = toPostgresStatement(from)
  const choose = chooseStatement(from, general)
  const ask = (limit: number) => choose(request({ window: { offset: 0, limit } }))
  /** What the last of so many requests gets. */
  function askOften(limit: number, times = 3) {
    for (let time = 1; time < times; time += 1) ask(limit)
    return ask(limit)
  }
  return { general, ask, askOften }
}

test('the limits that requests ask for often stand in the text', () => {
  const { general, ask, askOften } = choice()
  expect(askOften(20, 2)).toBe(general)
  const statement = ask(20)
  expect(statement.text).toBe('SELECT 1 LIMIT 20 OFFSET $1')
  expect(statement.params.map(({ kind }) => kind)).toEqual(['offset'])
  expect(ask(20)).toBe(statement)
})

test.each([10_001, 1e20])('a limit of %s is bound', (limit) => {
  const { askOften, general } = choice()
  expect(askOften(limit)).toBe(general)
})

test('a bound of the configuration counts like a limit', () => {
  const bounded = sql`SELECT 1 LIMIT ${param({ kind: 'limit', window: { ...window, maxRows: 7 } })}`
  const { askOften } = choice(bounded)
  expect(askOften(20).text).toBe('SELECT 1 LIMIT 7')
  expect(askOften(5).text).toBe('SELECT 1 LIMIT 5')
})

test('a statement without a limit is one', () => {
  const { askOften, general } = choice(sql`SELECT 1`)
  expect(askOften(20)).toBe(general)
})

test('who goes through all limits leaves the texts of the common ones in place', () => {
  const { general, ask, askOften } = choice()
  askOften(20, 200)
  const texts = new Set<string>()
  for (let limit = 100; limit < 1000; limit += 1) texts.add(ask(limit).text)
  expect([...texts]).toEqual([general.text])
  expect(ask(20).text).toContain('LIMIT 20')
})

test('what becomes common comes in, and what no longer is goes', () => {
  const { general, ask, askOften } = choice()
  for (let limit = 1; limit <= 8; limit += 1) askOften(limit, 5)
  const old = ask(1)
  expect(old).not.toBe(general)
  expect(askOften(20, 12).text).toContain('LIMIT 20')
  for (let limit = 21; limit <= 28; limit += 1) askOften(limit, 20)
  expect(ask(1)).toBe(general)
})
