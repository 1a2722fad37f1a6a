import { describe, expect, test } from 'vitest'
import {
  type ExclusiveJob,
  fullestWithPlace,
  idleFor,
  type Place,
  toDrain,
} from '../../../../../src/backends/sqlite/process/placement.ts'

const idle: Place = { inFlight: 0, isIdle: true, isOpen: true, hasPlace: true, isOverdue: false }
const shared: Place = { ...idle, inFlight: 3, isIdle: false }
const full: Place = { ...shared, inFlight: 16, hasPlace: false }
const blocked: Place = { ...shared, inFlight: 1, isOpen: false, hasPlace: false }
const overdue: Place = { ...blocked, isOverdue: true }

const limits = { max: 4, isMoreComing: false }
const of = (cost: ExclusiveJob['cost']): ExclusiveJob => ({ cost, isControl: false })

describe('fullestWithPlace', () => {
  test('prefers the one with most in it, and skips those without a place', () => {
    expect(fullestWithPlace([idle, full, shared, blocked])).toBe(shared)
    expect(fullestWithPlace([idle, full])).toBe(idle)
    expect(fullestWithPlace([full, blocked])).toBeUndefined()
  })

  test('prefers the older of two', () => {
    const older = { ...shared }
    expect(fullestWithPlace([older, { ...shared }])).toBe(older)
  })
})

describe('idleFor', () => {
  test('takes the one started last', () => {
    const last = { ...idle }
    expect(idleFor(of('unknown'), [{ ...idle }, last], limits)).toBe(last)
  })

  test.each(['slow', 'long'] as const)('leaves one to those that are quick: %s', (cost) => {
    expect(idleFor(of(cost), [idle, blocked], limits)).toBeUndefined()
    expect(idleFor(of(cost), [idle, shared], limits)).toBe(idle)
  })

  test('lets what is unknown have the last one', () => {
    expect(idleFor(of('unknown'), [idle, blocked], limits)).toBe(idle)
  })

  test('lets a slow one have the last one when all others are gone for long, but no long one', () => {
    expect(idleFor(of('slow'), [idle, overdue], limits)).toBe(idle)
    expect(idleFor(of('long'), [idle, overdue], limits)).toBeUndefined()
    expect(idleFor(of('slow'), [idle, overdue], { ...limits, isMoreComing: true })).toBeUndefined()
  })

  test('lets everybody have the only one that there may be', () => {
    expect(idleFor(of('long'), [idle], { ...limits, max: 1 })).toBe(idle)
  })

  test('lets a reload have the last one', () => {
    const reload: ExclusiveJob = { cost: 'unknown', isControl: true }
    expect(idleFor(reload, [idle, overdue], limits)).toBe(idle)
  })
})

describe('toDrain', () => {
  test('empties the one that has the least', () => {
    expect(toDrain(of('slow'), [full, shared], limits)).toBe(shared)
  })

  test.each([
    ['while one is idle', [idle, shared], limits],
    ['while one is coming', [full, shared], { ...limits, isMoreComing: true }],
    ['where it would be the last one', [shared, blocked], limits],
  ])('empties none %s', (_, places, given) => {
    expect(toDrain(of('slow'), places, given)).toBeUndefined()
  })
})
