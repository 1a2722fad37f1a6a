import { describe, expect, test } from 'vitest'
import {
  type SqliteParam,
  toSqliteParam,
} from '../../../../../src/backends/sqlite/wire/bound-values.ts'
import {
  type ChildRequest,
  type RequestFrame,
  readRequest,
  writeFetched,
  writeRegister,
  writeRequest,
} from '../../../../../src/backends/sqlite/wire/request-frames.ts'
import {
  restamp,
  stampOf,
  stampOfVersion,
  versionText,
} from '../../../../../src/backends/sqlite/wire/schema-stamp.ts'
import { createFrameReader } from '../../../../../src/backends/sqlite/wire/sqlite-frame-reader.ts'
import { FrameWriter } from '../../../../../src/backends/sqlite/wire/sqlite-frame-writer.ts'

function acrossTheWire(write: (writer: FrameWriter) => void): readonly RequestFrame[] {
  const writer = new FrameWriter()
  write(writer)
  return createFrameReader()
    .push(writer.take())
    .map(({ head }) => readRequest(head))
}

const stamp = stampOfVersion('2049:131074:17:abc')

function bound(params: readonly SqliteParam[]): readonly SqliteParam[] {
  const request: ChildRequest = { op: 'read', slot: 3, params, before: [], epoch: 7, stamp }
  const [frame] = acrossTheWire((writer) => writeRequest(writer, 1, request))
  if (frame?.op !== 'ask' || frame.request.op !== 'read') throw new Error('no read arrived')
  return frame.request.params
}

describe('requests', () => {
  test.each<ChildRequest>([
    { op: 'read', slot: 199, params: [1n, 'a', null], before: [], epoch: 4_000_000_000, stamp },
    { op: 'read', slot: 0, params: [], before: [], epoch: 0, stamp },
    {
      op: 'read',
      slot: 0,
      params: ['a'],
      before: [
        { slot: 7, params: [] },
        { slot: 201, params: [1n, 'é'] },
      ],
      epoch: 0,
      stamp,
    },
    { op: 'check', epoch: 1, stamp },
    {
      op: 'write',
      slot: 9,
      commits: true,
      bounds: { fewest: 1, most: 1 },
      payload: Buffer.from('[{"é":1}]'),
      params: ['a', 2n],
      epoch: 3,
      stamp,
    },
    {
      op: 'write',
      slot: 200,
      commits: false,
      bounds: { fewest: 0, most: 4_294_967_295 },
      payload: Buffer.from(''),
      params: [],
      epoch: 0,
      stamp,
    },
    { op: 'commit' },
    { op: 'version' },
    { op: 'catalog', foreignKeys: false, statements: [] },
    { op: 'catalog', foreignKeys: true, statements: ['SELECT ?', "SELECT 'é'"] },
  ])('arrive as they were sent: %o', (request) => {
    expect(acrossTheWire((writer) => writeRequest(writer, 4_294_967_295, request))).toEqual([
      { op: 'ask', id: 4_294_967_295, request },
    ])
  })

  test('stand behind what is said before them', () => {
    const request: ChildRequest = { op: 'read', slot: 5, params: [], before: [], epoch: 1, stamp }
    const frames = acrossTheWire((writer) => {
      writeFetched(writer)
      writeRegister(writer, 5, `SELECT 'é'`)
      writeRequest(writer, 2, request)
    })
    expect(frames).toEqual([
      { op: 'fetched' },
      { op: 'register', slot: 5, sql: `SELECT 'é'` },
      { op: 'ask', id: 2, request },
    ])
  })

  test('of a kind that there is not are refused', () => {
    expect(() => readRequest(Buffer.from([1, 0, 0, 0, 99]))).toThrow(/was asked for 99/)
  })
})

describe('values', () => {
  test.each<[string, SqliteParam]>([
    ['null', null],
    ['an integer', 5n],
    ['the smallest integer', -(2n ** 63n)],
    ['the largest integer', 2n ** 63n - 1n],
    ['a real', 1.5],
    ['a whole real', 1],
    ['minus zero', -0],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['a text', 'text'],
    ['an empty text', ''],
    ['a text beyond ASCII', 'é 漢 😀'],
    ['a text with a NUL', 'a\0b'],
    ['a long text', 'é'.repeat(100_000)],
    ['bytes', Buffer.from([0, 255])],
    ['no bytes', Buffer.alloc(0)],
  ])('come back as they were: %s', (_, value) => {
    expect(bound([value])).toEqual([value])
  })

  test('keep their order', () => {
    const values = Array.from({ length: 1000 }, (_, index) =>
      index % 2 === 0 ? BigInt(index) : `text ${index}`,
    )
    expect(bound(values)).toEqual(values)
  })

  test.each([
    [true, 1n],
    [false, 0n],
    [Number.NaN, null],
    [2, 2],
    [2n, 2n],
    ['a', 'a'],
  ])('are what SQLite stores: %s is %s', (value, stored) => {
    expect(toSqliteParam(value)).toBe(stored)
  })
})

describe('schema stamps', () => {
  const file = { device: 2049n, inode: 2n ** 63n + 5n }

  test('are equal for versions that differ in the fingerprint only', () => {
    const stamps = ['one', 'two'].map((text) => stampOfVersion(versionText(file, 17, text)))
    expect(stamps[0]).toEqual(stamps[1])
    expect(stamps[0]).toEqual(stampOf(file, 17))
  })

  test.each([
    ['another schema', file, 18],
    ['another file', { ...file, inode: 5n }, 17],
    ['another device', { ...file, device: 1n }, 17],
  ])('differ for %s', (_, other, counter) => {
    expect(stampOf(other, counter)).not.toEqual(stampOf(file, 17))
  })

  test('follow the schema of a file', () => {
    const followed = stampOf(file, 17)
    restamp(followed, -1)
    expect(followed).toEqual(stampOf(file, -1))
  })
})
