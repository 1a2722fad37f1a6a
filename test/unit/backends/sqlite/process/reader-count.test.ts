import { describe, expect, test } from 'vitest'
import {
  type CountedReader,
  needsAnother,
} from '../../../../../src/backends/sqlite/process/reader-count.ts'

const open: CountedReader = { isReady: true, isOpen: true, isBlocked: false, isOverdue: false }
const starting: CountedReader = { ...open, isReady: false, isOpen: false }
const alone: CountedReader = { ...open, isOpen: false }
const blocked: CountedReader = { ...alone, isBlocked: true }
const overdue: CountedReader = { ...blocked, isOverdue: true }

const nobody = { forExclusive: false, forControl: false }
const limits = { max: 10, warm: 2, working: 3 }

describe('another process is started', () => {
  test.each([
    ['while there are fewer than are kept', [open], nobody, limits],
    ['for whoever needs one alone', [open, open], { ...nobody, forExclusive: true }, limits],
    ['in reserve, once all are held up', [blocked, blocked], nobody, limits],
    ['in place of those that are overdue', [overdue, overdue, overdue, blocked], nobody, limits],
    [
      'for a reload, beyond the most',
      [blocked, blocked],
      { forExclusive: true, forControl: true },
      { ...limits, max: 2 },
    ],
  ])('%s', (_, readers, demand, given) => {
    expect(needsAnother(readers, demand, given)).toBe(true)
  })
})

describe('no other process is started', () => {
  test.each([
    ['while one is starting', [starting], nobody, limits],
    ['without a need', [open, open], nobody, limits],
    ['while one has a place', [open, blocked], nobody, limits],
    ['while one may be done soon', [alone, blocked], nobody, limits],
    [
      'beyond the most',
      [blocked, blocked],
      { ...nobody, forExclusive: true },
      { ...limits, max: 2 },
    ],
    [
      'beyond what processors can do',
      [open, open, blocked],
      { ...nobody, forExclusive: true },
      limits,
    ],
    ['beyond the most, though more are kept', [open], nobody, { ...limits, max: 1 }],
    [
      'for a reload, where one can be emptied',
      [open, blocked],
      { forExclusive: true, forControl: true },
      { ...limits, max: 2 },
    ],
    [
      'twice for reloads',
      [blocked, blocked, blocked],
      { forExclusive: true, forControl: true },
      { ...limits, max: 2 },
    ],
  ])('%s', (_, readers, demand, given) => {
    expect(needsAnother(readers, demand, given)).toBe(false)
  })
})
