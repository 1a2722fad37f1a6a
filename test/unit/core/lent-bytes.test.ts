import { describe, expect, test } from 'vitest'
import { BodyMemory, type LentBytes } from '../../../src/core/lent-bytes.ts'

const kilobytes = 1024
const megabytes = 1024 * 1024

function memoryOf({ bytes }: LentBytes): ArrayBufferLike {
  return bytes.buffer
}

describe('lent bytes', () => {
  test.each([
    [0, 128 * kilobytes],
    [1, 128 * kilobytes],
    [128 * kilobytes, 128 * kilobytes],
    [128 * kilobytes + 1, 256 * kilobytes],
    [4 * megabytes, 4 * megabytes],
    [4 * megabytes + 1, 4 * megabytes + 1],
  ])('%i of them lie in a block of %i', (byteLength, blockBytes) => {
    const lent = new BodyMemory().lend(byteLength)
    expect(lent.byteLength).toBe(byteLength)
    expect(lent.bytes).toHaveLength(byteLength)
    expect(memoryOf(lent).byteLength).toBe(blockBytes)
  })

  test('share no memory while nobody gives them back', () => {
    const memory = new BodyMemory()
    const buffers = [1, 2, 1].map((bytes) => memoryOf(memory.lend(bytes)))
    expect(new Set(buffers).size).toBe(3)
  })

  test('are lent again once they are given back, where as many are wanted', () => {
    const memory = new BodyMemory()
    const first = memory.lend(200 * kilobytes)
    first.giveBack()
    expect(memoryOf(memory.lend(100 * kilobytes))).not.toBe(memoryOf(first))
    expect(memoryOf(memory.lend(300 * kilobytes))).not.toBe(memoryOf(first))
    expect(memoryOf(memory.lend(250 * kilobytes))).toBe(memoryOf(first))
    expect(memoryOf(memory.lend(250 * kilobytes))).not.toBe(memoryOf(first))
  })

  test('are lent to one alone, however often they are given back', () => {
    const memory = new BodyMemory()
    const lent = memory.lend(1)
    lent.giveBack()
    lent.giveBack()
    const buffers = [1, 1, 1].map((bytes) => memoryOf(memory.lend(bytes)))
    expect(new Set(buffers).size).toBe(3)
  })

  test('are given back as a whole by whoever has a part of them, and by nobody else', () => {
    const memory = new BodyMemory()
    const whole = memory.lend(10)
    const part = whole.narrowedTo(whole.bytes.subarray(2, 5))
    expect(part.byteLength).toBe(3)
    whole.giveBack()
    expect(memoryOf(memory.lend(1))).not.toBe(memoryOf(whole))
    part.giveBack()
    expect(memoryOf(memory.lend(10))).toBe(memoryOf(whole))
    expect(memoryOf(memory.lend(10))).not.toBe(memoryOf(whole))
  })

  test('leave the memory of a few large bodies behind at the most', () => {
    const memory = new BodyMemory()
    const lent = Array.from({ length: 5 }, () => memory.lend(4 * megabytes))
    const buffers = lent.map(memoryOf)
    for (const each of lent) each.giveBack()
    memory.lend(4 * megabytes + 1).giveBack()
    const again = Array.from({ length: 5 }, () => memoryOf(memory.lend(4 * megabytes)))
    expect(again.slice(0, 2)).toEqual([buffers[4], buffers[3]])
    expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(2)
  })
})
