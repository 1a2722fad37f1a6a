import { describe, expect, test } from 'vitest'
import {
  createSqliteFrameReader,
  encodeFrame,
  type Frame,
} from '../../../../../src/backends/sqlite/wire/sqlite-frames.ts'
import { fromWire, toWire } from '../../../../../src/backends/sqlite/wire/sqlite-messages.ts'

const body = Buffer.from([0, 1, 2, 255])
const stream = Buffer.concat([
  encodeFrame({ kind: 'ready' }),
  encodeFrame({ kind: 'rows', name: 'é' }, body.length),
  body,
  encodeFrame({ kind: 'moved' }),
])
const frames = [
  { head: { kind: 'ready' }, body: [] },
  { head: { kind: 'rows', name: 'é' }, body: [0, 1, 2, 255] },
  { head: { kind: 'moved' }, body: [] },
]

function plain(read: readonly Frame[]): unknown {
  return read.map((frame) => ({ head: frame.head, body: [...frame.body] }))
}

describe('createSqliteFrameReader', () => {
  test('reads several frames from one chunk', () => {
    expect(plain(createSqliteFrameReader().push(stream))).toEqual(frames)
  })

  test.each([1, 3, 7, 8, 11, 40])('reads frames from chunks of %d bytes', (size) => {
    const reader = createSqliteFrameReader()
    const read: Frame[] = []
    for (let at = 0; at < stream.length; at += size) {
      read.push(...reader.push(stream.subarray(at, at + size)))
    }
    expect(plain(read)).toEqual(frames)
  })
})

describe('values on the wire', () => {
  test.each([null, 'text', 1.5, Infinity, -Infinity, 9223372036854775807n, Buffer.from([0, 255])])(
    'come back as they were: %s',
    (value) => {
      const json: unknown = JSON.parse(JSON.stringify(toWire(value)))
      expect(fromWire(json as ReturnType<typeof toWire>)).toEqual(value)
    },
  )
})
