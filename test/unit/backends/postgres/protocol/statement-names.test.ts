import { expect, test } from 'vitest'
import {
  createStatementNames,
  type StatementNames,
} from '../../../../../src/backends/postgres/protocol/statement-names.ts'

/** A batch that goes well: everything sent is confirmed. */
function run(names: StatementNames, ...statements: readonly string[]) {
  return runIn('', names, ...statements)
}

function runIn(epoch: string, names: StatementNames, ...statements: readonly string[]) {
  const plan = names.plan(
    statements.map((text) => ({ text, types: [] })),
    epoch,
  )
  for (const name of plan.closes) names.confirmClosed(name)
  for (const use of plan.uses) if (!use.isKnown) names.confirmParsed(use.name)
  return { parsed: plan.uses.map((use) => !use.isKnown), closed: plan.closes.length }
}

test('a statement is parsed once, by text and parameter types', () => {
  const names = createStatementNames(10)
  expect(run(names, 'a', 'b', 'a').parsed).toEqual([true, true, false])
  expect(run(names, 'b', 'a').parsed).toEqual([false, false])
  const typed = names.plan(
    [
      { text: 'a', types: [25] },
      { text: 'a', types: [] },
    ],
    '',
  )
  expect(typed.uses.map((use) => use.isKnown)).toEqual([false, true])
  expect(typed.uses[0]?.name).not.toBe(typed.uses[1]?.name)
  expect(typed.uses[0]?.name).toMatch(/^dbrest_[0-9a-f]{32}$/)
})

test('beyond the bound the least recently used is closed', () => {
  const names = createStatementNames(2)
  expect(run(names, 'a', 'b')).toEqual({ parsed: [true, true], closed: 0 })
  run(names, 'a')
  expect(run(names, 'c')).toEqual({ parsed: [true], closed: 1 })
  expect(run(names, 'a').parsed).toEqual([false])
  expect(run(names, 'b')).toEqual({ parsed: [true], closed: 1 })
})

test('what a batch uses is not closed before it, even beyond the bound', () => {
  const names = createStatementNames(1)
  expect(run(names, 'a', 'b', 'c')).toEqual({ parsed: [true, true, true], closed: 0 })
  expect(run(names, 'c')).toEqual({ parsed: [false], closed: 2 })
})

test('what was not confirmed is not there', () => {
  const names = createStatementNames(10)
  const failed = names.plan(
    [
      { text: 'a', types: [] },
      { text: 'b', types: [] },
    ],
    '',
  )
  names.confirmParsed(failed.uses[0]?.name ?? '')
  expect(run(names, 'a', 'b').parsed).toEqual([false, true])
})

test('a close that was not confirmed is asked for again', () => {
  const names = createStatementNames(1)
  run(names, 'a')
  const first = names.plan([{ text: 'b', types: [] }], '')
  expect(first.closes).toHaveLength(1)
  const second = names.plan([{ text: 'b', types: [] }], '')
  expect(second.closes).toEqual(first.closes)
  for (const name of second.closes) names.confirmClosed(name)
  expect(names.plan([], '').closes).toEqual([])
})

test('in another epoch everything is parsed anew, under other names, and what was there is closed', () => {
  const names = createStatementNames(10)
  const first = names.plan([{ text: 'a', types: [] }], '1')
  names.confirmParsed(first.uses[0]?.name ?? '')
  runIn('1', names, 'b')
  const second = names.plan([{ text: 'a', types: [] }], '2')
  expect(second.uses[0]?.isKnown).toBe(false)
  expect(second.uses[0]?.name).not.toBe(first.uses[0]?.name)
  expect(second.closes).toHaveLength(2)
  expect(second.closes).toContain(first.uses[0]?.name)
  for (const name of second.closes) names.confirmClosed(name)
  expect(runIn('2', names, 'a', 'b')).toEqual({ parsed: [true, true], closed: 0 })
  expect(runIn('2', names, 'a', 'b')).toEqual({ parsed: [false, false], closed: 0 })
})
