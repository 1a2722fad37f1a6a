import { describe, expect, test } from 'vitest'
import { BodyMemory, type LentBytes } from '../../../src/core/lent-bytes.ts'

const block = 256 * 1024

function memoryOf(lent: LentBytes): readonly ArrayBufferLike[] {
  return lent.pieces.map(({ buffer }) => buffer)
}

describe('lent bytes', () => {
  test.each([
    [1, [1]],
    [block - 1, [block - 1]],
    [block, [block]],
    [block + 1, [block, 1]],
    [3 * block, [block, block, block]],
    [0, []],
  ])('%i of them have pieces of %j', (byteLength, lengths) => {
    const lent = new BodyMemory().lend(byteLength)
    expect(lent.byteLength).toBe(byteLength)
    expect(lent.pieces.map(({ length }) => length)).toEqual(lengths)
  })

  test('share no memory while nobody gives them back', () => {
    const memory = new BodyMemory()
    const buffers = [1, block + 1, 1].flatMap((bytes) => memoryOf(memory.lend(bytes)))
    expect(new Set(buffers).size).toBe(4)
  })

  test('are lent again once they are given back', () => {
    const memory = new BodyMemory()
    const first = memory.lend(block + 1)
    const buffers = memoryOf(first)
    first.giveBack()
    const again = [memory.lend(1), memory.lend(2)].flatMap(memoryOf)
    expect(new Set(again)).toEqual(new Set(buffers))
    expect(buffers).not.toContain(memoryOf(memory.lend(1))[0])
  })

  test('are lent to one alone, however often they are given back', () => {
    const memory = new BodyMemory()
    const lent = memory.lend(1)
    lent.giveBack()
    lent.giveBack()
    const buffers = [1, 1, 1].flatMap((bytes) => memoryOf(memory.lend(bytes)))
    expect(new Set(buffers).size).toBe(3)
  })

  test('leave the memory of a few large bodies behind at the most', () => {
    const memory = new BodyMemory()
    const lent = Array.from({ length: 40 }, () => memory.lend(1))
    const buffers = new Set(lent.flatMap(memoryOf))
    for (const each of lent) each.giveBack()
    const again = Array.from({ length: 40 }, () => memory.lend(1)).flatMap(memoryOf)
    expect(again.filter((buffer) => buffers.has(buffer))).toHaveLength(32)
  })
})
