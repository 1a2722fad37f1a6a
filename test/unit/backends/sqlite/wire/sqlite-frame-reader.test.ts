import { describe, expect, test } from 'vitest'
import { createFrameReader } from '../../../../../src/backends/sqlite/wire/sqlite-frame-reader.ts'
import { FrameWriter } from '../../../../../src/backends/sqlite/wire/sqlite-frame-writer.ts'

function written(...frames: readonly (readonly number[])[]): Buffer {
  const writer = new FrameWriter()
  for (const bytes of frames) {
    writer.beginFrame()
    writer.bytes(Uint8Array.from(bytes))
    writer.endFrame()
  }
  return writer.take()
}

const frames = [
  [1, 0, 0, 0, 9],
  [2, 0, 0, 0, 9, ...Array(300).keys()].map((byte) => byte % 256),
  [3, 0, 0, 0, 9, 255],
]
const stream = written(...frames)

/** The reader may be handed the same memory again and again, as the child's is. */
function read(chunkBytes: number): readonly (readonly number[])[] {
  const reader = createFrameReader()
  const memory = Buffer.alloc(chunkBytes)
  const all: number[][] = []
  for (let at = 0; at < stream.length; at += chunkBytes) {
    const count = stream.copy(memory, 0, at, at + chunkBytes)
    for (const { head, rest } of reader.push(memory.subarray(0, count))) {
      expect(rest).toEqual([])
      all.push([...head])
    }
    memory.fill(0xee)
  }
  return all
}

describe('createFrameReader', () => {
  test('finds several frames in one chunk', () => {
    expect(read(stream.length)).toEqual(frames)
  })

  test.each([1, 2, 3, 4, 5, 7, 9, 11, 100, 299, 311])(
    'finds them in chunks of %d bytes whose memory is used again',
    (chunkBytes) => {
      expect(read(chunkBytes)).toEqual(frames)
    },
  )

  test('has nothing of an empty chunk', () => {
    expect(createFrameReader().push(Buffer.alloc(0))).toEqual([])
  })

  test.each([
    ['larger than any frame', [0xff, 0xff, 0xff, 0xff]],
    ['larger than the reader allows', [101, 0, 0, 0]],
    ['too small for a frame', [4, 0, 0, 0]],
  ])('takes no length that is %s, in one piece or in two', (_, length) => {
    const bytes = Buffer.from(length)
    expect(() => createFrameReader({ mostBytes: 100 }).push(bytes)).toThrow(/a frame of \d+ bytes/)
    const reader = createFrameReader({ mostBytes: 100 })
    reader.push(bytes.subarray(0, 3))
    expect(() => reader.push(bytes.subarray(3))).toThrow(/a frame of \d+ bytes/)
  })
})

describe('FrameWriter', () => {
  test('has nothing left once it was taken', () => {
    const writer = new FrameWriter()
    writer.beginFrame()
    writer.u32(7)
    writer.u8(1)
    writer.endFrame()
    expect([...writer.take()]).toEqual([5, 0, 0, 0, 7, 0, 0, 0, 1])
    expect(writer.take()).toHaveLength(0)
  })

  test('does not write into what was taken', () => {
    const writer = new FrameWriter()
    writer.bytes(Uint8Array.of(1, 2))
    const first = writer.take()
    writer.bytes(Uint8Array.of(3, 4))
    expect([...first]).toEqual([1, 2])
  })

  test('grows for what is larger than its buffer, and goes on after that', () => {
    const writer = new FrameWriter()
    const text = 'é'.repeat(2_000_000)
    writer.u8(1)
    writer.countedText(text)
    const bytes = writer.take()
    expect(bytes.readUInt32LE(1)).toBe(4_000_000)
    expect(bytes.toString('utf8', 5)).toBe(text)
    writer.u8(2)
    expect([...writer.take()]).toEqual([2])
  })
})
