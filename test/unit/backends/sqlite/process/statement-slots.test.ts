import { expect, test } from 'vitest'
import {
  mostKeptChars,
  StatementSlots,
} from '../../../../../src/backends/sqlite/process/statement-slots.ts'
import { onceSlot, slotCount } from '../../../../../src/backends/sqlite/wire/request-frames.ts'

test('a statement is registered once and keeps its slot', () => {
  const slots = new StatementSlots()
  expect(slots.take('a')).toEqual({ slot: 0, isNew: true })
  expect(slots.take('b')).toEqual({ slot: 1, isNew: true })
  expect(slots.take('a')).toEqual({ slot: 0, isNew: false })
})

test('a new statement takes the slot of the one that was used longest ago', () => {
  const slots = new StatementSlots()
  const taken = Array.from({ length: slotCount }, (_, index) => slots.take(`s${index}`).slot)
  expect(new Set(taken).size).toBe(slotCount)
  slots.take('s0')
  expect(slots.take('new')).toEqual({ slot: 1, isNew: true })
  expect(slots.take('s0')).toEqual({ slot: 0, isNew: false })
  expect(slots.take('s1')).toEqual({ slot: 2, isNew: true })
})

test('a statement too long to be kept is registered each time, in a slot of its own', () => {
  const slots = new StatementSlots()
  const long = 'x'.repeat(mostKeptChars + 1)
  expect(slots.take(long)).toEqual({ slot: onceSlot, isNew: true })
  expect(slots.take(long)).toEqual({ slot: onceSlot, isNew: true })
  expect(slots.take('x'.repeat(mostKeptChars))).toEqual({ slot: 0, isNew: true })
})
