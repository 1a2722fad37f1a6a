import { describe, expect, test } from 'vitest'
import { storedAs } from '../../../../src/backends/values/stored-as.ts'
import { storedInstant } from '../../../../src/backends/values/stored-moment.ts'

const moment = '2024-02-29 12:30:15.25'
const instant = 1709209815250000n

describe('a moment', () => {
  test.each([
    ['none', moment],
    ['mixed', moment],
    ['0000-00-00 00:00:00', moment],
    ['0000-00-00T00:00:00', '2024-02-29T12:30:15.25'],
    ['0000-00-00T00:00:00.000Z', '2024-02-29T12:30:15.250Z'],
    ['0000-00-00 00:00:00+02:00', '2024-02-29 14:30:15.25+02:00'],
    ['0000-00-00 00:00:00 -0330', '2024-02-29 09:00:15.25 -0330'],
    ['0000-00-00 00:00', moment],
    ['0000-00-00', moment],
    ['seconds', 1709209815.25],
    ['milliseconds', 1709209815250n],
    ['julian days', 2460370.0210098377],
  ])('as %s is %s', (form, stored) => {
    expect(storedAs('timestamp', form, moment)).toEqual(stored)
    // what is written is what was meant
    if (form !== 'julian days') expect(storedInstant(stored)).toBe(instant)
  })

  test.each([
    ['0000-00-00 00:00', '2024-02-29 12:30:00', '2024-02-29 12:30'],
    ['0000-00-00', '2024-02-29 00:00:00', '2024-02-29'],
    ['0000-00-00T00:00:00.000Z', '2024-02-29 12:30:00', '2024-02-29T12:30:00.000Z'],
    ['0000-00-00 00:00:00+02:00', '2024-02-29 23:30:00', '2024-03-01 01:30:00+02:00'],
    ['seconds', '2024-02-29 12:30:15', 1709209815n],
    ['seconds', '1969-12-31 23:59:59', -1n],
    ['milliseconds', 'infinity', 'infinity'],
  ])('as %s: %s is %s', (form, text, stored) => {
    expect(storedAs('timestamp', form, text)).toEqual(stored)
  })
})

test.each([
  ['none', '2024-02-29', '2024-02-29'],
  ['0000-00-00 00:00:00', '2024-02-29', '2024-02-29 00:00:00'],
  ['seconds', '2024-02-29', 1709164800n],
])('a day as %s: %s is %s', (form, text, stored) => {
  expect(storedAs('date', form, text)).toEqual(stored)
})

test.each([
  ['none', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['upper', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  ['bytes', Buffer.from('a0eebc999c0b4ef8bb6d6bb9bd380a11', 'hex')],
])('a uuid as %s', (form, stored) => {
  expect(storedAs('uuid', form, 'A0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')).toEqual(stored)
})

test('what is no date and no uuid stays what it is', () => {
  expect(storedAs('text', 'upper', 'a')).toBe('a')
  expect(storedAs('time', 'seconds', '12:30:00')).toBe('12:30:00')
})
