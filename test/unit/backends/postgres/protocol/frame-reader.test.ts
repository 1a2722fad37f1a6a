import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createFrameReader } from '../../../../../src/backends/postgres/protocol/frame-reader.ts'
import { BodyMemory, type LentBytes } from '../../../../../src/core/lent-bytes.ts'

function frame(code: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(code, 0)
  bytes.writeUInt32BE(4 + body.length, 1)
  bytes.write(body, 5)
  return bytes
}

const frames = [frame('1', ''), frame('D', 'x'.repeat(40)), frame('C', 'SELECT 1'), frame('Z', 'I')]
const large = frame('D', 'y'.repeat(300_000))

interface Seen {
  readonly frame: Buffer
  readonly lent: LentBytes | null
}

/** Reads a stream in chunks of a size, all of them in the same memory where it is used again. */
function readInChunks(stream: Buffer, size: number, reusesChunks: boolean): readonly Seen[] {
  const seen: Seen[] = []
  const reader = createFrameReader({
    memory: new BodyMemory(),
    reusesChunks,
    onFrame: (one, lent) => seen.push({ frame: one, lent }),
  })
  const shared = Buffer.alloc(size)
  for (let at = 0; at < stream.length; at += size) {
    const chunk = stream.subarray(at, at + size)
    if (reusesChunks) reader.push(shared.subarray(0, chunk.copy(shared)))
    else reader.push(Buffer.from(chunk))
  }
  shared.fill('?')
  return seen
}

test.each([true, false])('whole messages come out, however the bytes are cut: %s', (reuses) => {
  const stream = Buffer.concat(frames)
  for (let size = 1; size <= stream.length; size += 1) {
    const seen = readInChunks(stream, size, reuses)
    expect(seen.map((one) => one.frame.toString('latin1'))).toEqual(
      frames.map((one) => one.toString('latin1')),
    )
  }
})

test.each([true, false])('large ones among them too: %s', (reuses) => {
  const all = [...frames, large, ...frames, large, large]
  const stream = Buffer.concat(all)
  for (const size of [3, 1000, 65_536, 300_000, 300_010, stream.length]) {
    const seen = readInChunks(stream, size, reuses)
    expect(seen.map((one) => one.frame.length)).toEqual(all.map((one) => one.length))
    expect(seen.every((one, at) => one.frame.equals(all[at] ?? Buffer.alloc(0)))).toBe(true)
  }
})

test('a large one that comes in pieces lies in memory that is lent', () => {
  const seen = readInChunks(Buffer.concat([...frames, large, ...frames]), 65_536, true)
  const lent = seen.filter((one) => one.lent !== null)
  expect(lent.map((one) => one.frame.length)).toEqual([large.length])
  expect(lent[0]?.lent?.bytes.buffer).toBe(lent[0]?.frame.buffer)
})

test('a message in one chunk is not copied where the chunk is left alone', () => {
  const chunk = Buffer.concat(frames)
  const seen: Buffer[] = []
  createFrameReader({
    memory: new BodyMemory(),
    reusesChunks: false,
    onFrame: (one) => seen.push(one),
  }).push(chunk)
  expect(seen.map((one) => one.buffer)).toEqual(frames.map(() => chunk.buffer))
})

test('a large message is not kept for longer than it is used', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const taken: WeakRef<LentBytes>[] = []
  const reader = createFrameReader({
    memory: new BodyMemory(),
    reusesChunks: true,
    onFrame: (_, lent) => {
      if (lent !== null) taken.push(new WeakRef(lent))
    },
  })
  reader.push(large.subarray(0, 1000))
  reader.push(large.subarray(1000))
  expect(taken).toHaveLength(1)
  // a weak reference holds on until the end of the turn
  await new Promise(setImmediate)
  collect()
  expect(taken[0]?.deref()).toBeUndefined()
  for (const one of frames) reader.push(one)
})
