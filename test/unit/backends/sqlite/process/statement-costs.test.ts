import { describe, expect, test } from 'vitest'
import { StatementCosts } from '../../../../../src/backends/sqlite/process/statement-costs.ts'

function learned(...micros: readonly number[]): StatementCosts {
  const costs = new StatementCosts()
  for (const taken of micros) costs.learn('s', taken)
  return costs
}

describe('the class of a statement', () => {
  test.each([
    [[], 'unknown'],
    [[50], 'quick'],
    [[2000], 'quick'],
    [[2001], 'slow'],
    [[49_999], 'slow'],
    [[50_000], 'long'],
    // a greater cost counts at once, a smaller one little by little
    [[50, 3000], 'slow'],
    [[3000, 50], 'slow'],
    [[3000, ...Array(9).fill(50)], 'quick'],
  ])('after %j microseconds is %s', (micros, expected) => {
    expect(learned(...micros).classOf('s')).toBe(expected)
  })

  test('counts what a running one has taken so far, until there is an answer', () => {
    const costs = learned(50)
    costs.hasTaken('s', 10_000)
    expect(costs.classOf('s')).toBe('slow')
    costs.hasTaken('s', 60_000)
    expect(costs.classOf('s')).toBe('long')
    // the server was slow, not the statement
    costs.learn('s', 40)
    expect(costs.classOf('s')).toBe('quick')
  })

  test('is what it had taken when it was given up', () => {
    const costs = new StatementCosts()
    costs.hasTaken('s', 60_000)
    costs.gaveUp('s')
    costs.learn('s', 50)
    expect(costs.classOf('s')).toBe('long')
  })

  test('stays unknown when it ended at once without an answer', () => {
    const costs = new StatementCosts()
    costs.gaveUp('s')
    expect(costs.classOf('s')).toBe('unknown')
  })

  test('is not learned of what has no name', () => {
    const costs = new StatementCosts()
    costs.learn(null, 50)
    costs.hasTaken(null, 50)
    costs.gaveUp(null)
    expect(costs.classOf(null)).toBe('unknown')
  })

  test('is forgotten of those learned longest ago, beyond a thousand', () => {
    const costs = new StatementCosts()
    for (let index = 0; index <= 1000; index += 1) costs.learn(`s${index}`, 50)
    expect(costs.classOf('s0')).toBe('unknown')
    expect(costs.classOf('s1')).toBe('quick')
  })
})
