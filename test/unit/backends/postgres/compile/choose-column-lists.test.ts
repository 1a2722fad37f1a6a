import { describe, expect, test } from 'vitest'
import {
  type ColumnLists,
  chooseColumnLists,
} from '../../../../../src/backends/postgres/compile/choose-column-lists.ts'
import { describeSnapshot } from '../../../../support/snapshot.ts'

const tasks = { schema: 'api', name: 'tasks' }
const snapshot = describeSnapshot({ relations: { tasks: 'id:integer!, name:text' } })
const statement = { text: 'select 1', params: [], types: [], resultFormats: [] }

function choice() {
  let compiled = 0
  const listed = ['id', 'name'].map((name) => ({ name, isStoredJson: false }))
  const lists: ColumnLists = { statementFor: () => statement, listed, star: null }
  const chosen = chooseColumnLists(tasks, () => {
    compiled += 1
    return lists
  })
  return {
    ...chosen,
    compiled: () => compiled,
    isByLists: () => chosen.listsFor(snapshot) === lists,
  }
}

describe('which reads have their rows by columns', () => {
  test('none before its first answer is known', () => {
    const { isByLists, compiled } = choice()
    expect(isByLists()).toBe(false)
    expect(compiled()).toBe(0)
  })

  test.each([
    [500, 25_000, true],
    [499, 25_000, false],
    [0, 2, false],
    [500, 500 * 2 * 96, true],
    [500, 500 * 2 * 96 + 1, false],
    [1_000_000, 16 * 1024 * 1024, true],
    [1_000_000, 16 * 1024 * 1024 + 1, false],
  ])('%i rows of %i bytes: %s', (rows, bytes, expected) => {
    const { saw, isByLists } = choice()
    saw(rows, bytes)
    expect(isByLists()).toBe(expected)
  })

  test('the last answer decides', () => {
    const { saw, isByLists, compiled } = choice()
    saw(600, 24_000)
    expect(isByLists()).toBe(true)
    saw(2, 80)
    expect(isByLists()).toBe(false)
    saw(600, 24_000)
    expect(isByLists()).toBe(true)
    expect(compiled()).toBe(1)
  })

  test('one that the database has refused waits for another relation', () => {
    const { saw, listsFor, refuse, isByLists, compiled } = choice()
    saw(600, 24_000)
    expect(isByLists()).toBe(true)
    refuse()
    expect(isByLists()).toBe(false)
    expect(compiled()).toBe(1)
    const next = describeSnapshot({ relations: { tasks: 'id:integer!, name:text, done:boolean' } })
    expect(listsFor(next)).not.toBeNull()
    expect(compiled()).toBe(2)
  })
})
