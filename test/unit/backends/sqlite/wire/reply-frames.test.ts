import { describe, expect, test } from 'vitest'
import {
  type ChildReply,
  encodeLaidDown,
  encodeReply,
  type ReplyFrame,
  readReply,
} from '../../../../../src/backends/sqlite/wire/reply-frames.ts'
import {
  createFrameReader,
  type Frame,
} from '../../../../../src/backends/sqlite/wire/sqlite-frame-reader.ts'
import { toBuffer } from '../../../../../src/core/http-exchange.ts'

function acrossTheWire(...frames: readonly ReplyFrame[]): readonly ReplyFrame[] {
  const bytes = Buffer.concat(frames.flatMap((frame) => [...encodeReply(frame)]))
  return createFrameReader().push(bytes).map(read)
}

function read(frame: Frame): ReplyFrame {
  return readReply(frame, () => {
    throw new Error('nothing was laid down')
  })
}

const body = Buffer.from('[{"a":"é"}]')

describe('replies', () => {
  test('of large bodies arrive in the pieces that they were read in', () => {
    const large = Buffer.alloc(200_000, '[{"a":"é"}]')
    const reply = { kind: 'rows', rows: 7, total: 9, body: large } as const
    const stream = Buffer.concat(encodeReply({ id: 5, micros: 3, reply }))
    for (const chunkBytes of [10, 30_000, 65_536, stream.length - 1]) {
      const reader = createFrameReader({ keepsChunks: true })
      const frames: Frame[] = []
      for (let at = 0; at < stream.length; at += chunkBytes) {
        frames.push(...reader.push(stream.subarray(at, at + chunkBytes)))
      }
      const [arrived, ...others] = frames.map(read)
      if (arrived?.reply.kind !== 'rows') throw new Error('no rows arrived')
      expect(others).toEqual([])
      expect(arrived).toMatchObject({ id: 5, micros: 3, reply: { rows: 7, total: 9 } })
      expect(Array.isArray(arrived.reply.body)).toBe(true)
      expect(toBuffer(arrived.reply.body).equals(large)).toBe(true)
    }
  })

  test('of large bodies with something said before them arrive in one piece', () => {
    const large = Buffer.alloc(200_000, 'x')
    const controls = { headers: '[]', status: '201' }
    const reply: ChildReply = { kind: 'called', rows: 1, total: null, controls, body: large }
    const stream = Buffer.concat(encodeReply({ id: 5, micros: 3, reply }))
    const reader = createFrameReader({ keepsChunks: true })
    expect(reader.push(stream.subarray(0, 100_000))).toEqual([])
    expect(reader.push(stream.subarray(100_000)).map(read)).toEqual([{ id: 5, micros: 3, reply }])
  })

  test.each<ChildReply>([
    { kind: 'ready' },
    { kind: 'rows', rows: 4_294_967_295, total: 2 ** 53, body },
    { kind: 'rows', rows: 0, total: 0, body: Buffer.alloc(0) },
    { kind: 'rows', rows: 2, total: null, body },
    { kind: 'called', rows: 1, total: null, controls: { headers: 'é', status: null }, body },
    { kind: 'called', rows: 0, total: 2, controls: { headers: null, status: '418' }, body },
    {
      kind: 'written',
      rows: 1,
      inserted: 1,
      location: [['id', 'eq.1']],
      controls: { headers: '[]', status: '201' },
      body,
    },
    { kind: 'moved' },
    { kind: 'current' },
    { kind: 'version', schemaVersion: '1:2:3:é', sqliteVersion: '3.53.2' },
    {
      kind: 'catalog',
      schemaVersion: '1:2:3:4',
      catalog: {
        sqliteVersion: '3.53.2',
        relations: [],
        unreadable: [],
        hasForeignIndex: false,
        isFileWritable: true,
        storedForms: [],
        statements: [],
      },
    },
    { kind: 'written', rows: 2, inserted: 1, location: [['id', 'eq.é']], body: Buffer.from('[]') },
    { kind: 'written', rows: 0, inserted: null, location: [], body: Buffer.from('') },
    { kind: 'committing', ids: [1, 7] },
    {
      kind: 'failed',
      failure: { kind: 'value', sqlState: '22P02', message: 'é', details: null, hint: 'h' },
    },
  ])('arrive as they were sent: %o', (reply) => {
    expect(acrossTheWire({ id: 7, micros: 250, reply })).toEqual([{ id: 7, micros: 250, reply }])
  })

  test('follow each other', () => {
    const replies: readonly ReplyFrame[] = [
      { id: 1, micros: 10, reply: { kind: 'rows', rows: 1, total: null, body } },
      { id: 2, micros: 11, reply: { kind: 'moved' } },
      { id: 3, micros: 12, reply: { kind: 'rows', rows: 1, total: 5, body } },
    ]
    expect(acrossTheWire(...replies)).toEqual(replies)
  })

  test('name how many bytes were laid down, and nothing of the body', () => {
    const laidDown = Buffer.alloc(200_000, 'x')
    const reply = { kind: 'rows', rows: 7, total: 9, body: laidDown } as const
    const bytes = encodeLaidDown({ id: 5, micros: 3, reply })
    expect(bytes).toHaveLength(29)
    const [frame] = createFrameReader().push(bytes)
    const asked: number[] = []
    const fetched = frame && readReply(frame, (length) => [laidDown.subarray(asked.push(length))])
    expect(asked).toEqual([200_000])
    expect(fetched).toEqual({
      id: 5,
      micros: 3,
      reply: { ...reply, body: [laidDown.subarray(1)] },
    })
  })

  test('round what was taken, and hold what is more than an hour', () => {
    const micros = [1.6, 1e12].map(
      (taken) => acrossTheWire({ id: 1, micros: taken, reply: { kind: 'moved' } })[0]?.micros,
    )
    expect(micros).toEqual([2, 4_294_967_295])
  })

  test('of a status that there is not are refused', () => {
    expect(() => read({ head: Buffer.alloc(21, 99), rest: [] })).toThrow(/with the status 99/)
  })
})
