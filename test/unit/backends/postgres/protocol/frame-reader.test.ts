import { expect, test } from 'vitest'
import { createFrameReader } from '../../../../../src/backends/postgres/protocol/frame-reader.ts'

function frame(code: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(code, 0)
  bytes.writeUInt32BE(4 + body.length, 1)
  bytes.write(body, 5)
  return bytes
}

const frames = [frame('1', ''), frame('D', 'x'.repeat(40)), frame('C', 'SELECT 1'), frame('Z', 'I')]

test('whole messages come out, however the bytes are cut', () => {
  const stream = Buffer.concat(frames)
  for (let size = 1; size <= stream.length; size += 1) {
    const seen: string[] = []
    const reader = createFrameReader((one) => seen.push(one.toString('latin1')))
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size))
    expect(seen).toEqual(frames.map((one) => one.toString('latin1')))
  }
})

test('a message in one chunk is not copied', () => {
  const chunk = Buffer.concat(frames)
  const seen: Buffer[] = []
  createFrameReader((one) => seen.push(one)).push(chunk)
  expect(seen.map((one) => one.buffer)).toEqual(frames.map(() => chunk.buffer))
})
