import { describe, expect, test } from 'vitest'
import {
  type ChildReply,
  encodeReply,
  type ReplyFrame,
  readReply,
} from '../../../../../src/backends/sqlite/wire/reply-frames.ts'
import { createFrameReader } from '../../../../../src/backends/sqlite/wire/sqlite-frame-reader.ts'

function acrossTheWire(...frames: readonly ReplyFrame[]): readonly ReplyFrame[] {
  const bytes = Buffer.concat(frames.flatMap((frame) => [...encodeReply(frame)]))
  return createFrameReader().push(bytes).map(readReply)
}

const body = Buffer.from('[{"a":"é"}]')

describe('replies', () => {
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

  test('round what was taken, and hold what is more than an hour', () => {
    const micros = [1.6, 1e12].map(
      (taken) => acrossTheWire({ id: 1, micros: taken, reply: { kind: 'moved' } })[0]?.micros,
    )
    expect(micros).toEqual([2, 4_294_967_295])
  })

  test('of a status that there is not are refused', () => {
    expect(() => readReply(Buffer.alloc(21, 99))).toThrow(/with the status 99/)
  })
})
