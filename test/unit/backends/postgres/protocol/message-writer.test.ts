import { describe, expect, test } from 'vitest'
import { createMessageWriter } from '../../../../../src/backends/postgres/protocol/message-writer.ts'
import { BodyMemory, LentBytes } from '../../../../../src/core/lent-bytes.ts'

/** Bind of one text, then Sync. */
function write(memory: BodyMemory, text: string): Buffer | LentBytes {
  const writer = createMessageWriter(memory)
  writer.bind('', [text], [])
  writer.sync()
  return writer.finish()
}

/** What PostgreSQL's manual says that they are. */
function expected(text: string): Buffer {
  const bytes = Buffer.from(text)
  const bind = Buffer.alloc(1 + 4 + 1 + 1 + 2 + 2 + 2 + 4)
  bind.write('B')
  bind.writeUInt32BE(bind.length - 1 + bytes.length + 2, 1)
  bind.writeUInt16BE(1, 7)
  bind.writeUInt16BE(0, 9)
  bind.writeUInt16BE(1, 11)
  bind.writeUInt32BE(bytes.length, 13)
  return Buffer.concat([bind, bytes, Buffer.from([0, 0]), Buffer.from([0x53, 0, 0, 0, 4])])
}

function lentOf(messages: Buffer | LentBytes): LentBytes {
  if (messages instanceof LentBytes) return messages
  throw new Error('they lie in memory of their own')
}

describe('messages', () => {
  test.each([0, 100, 1023, 2000, 5000, 16_000, 20_000, 200_000, 5_000_000])(
    'of a text of %i characters are whole',
    (length) => {
      const memory = new BodyMemory()
      for (const letter of ['a', 'ü', '映']) {
        const text = letter.repeat(length)
        const messages = write(memory, text)
        const bytes = messages instanceof LentBytes ? messages.bytes : messages
        expect(bytes.equals(expected(text))).toBe(true)
        // the next ones are written over these
        if (messages instanceof LentBytes) messages.giveBack()
      }
    },
  )

  test('that are short have memory of their own', () => {
    expect(write(new BodyMemory(), 'a'.repeat(5000))).toBeInstanceOf(Buffer)
  })

  test('that are long share none while they are being sent', () => {
    const memory = new BodyMemory()
    const [one, two] = ['a', 'b'].map((letter) => lentOf(write(memory, letter.repeat(50_000))))
    if (one === undefined || two === undefined) throw new Error('there are two')
    expect(one.bytes.buffer).not.toBe(two.bytes.buffer)
    const { buffer } = one.bytes
    one.giveBack()
    expect(lentOf(write(memory, 'c'.repeat(60_000))).bytes.buffer).toBe(buffer)
    expect(two.bytes.equals(expected('b'.repeat(50_000)))).toBe(true)
  })

  test('that grow step by step give back what they have outgrown', () => {
    const memory = new BodyMemory()
    const writer = createMessageWriter(memory)
    for (let step = 0; step < 4; step += 1) writer.bind('', ['a'.repeat(100_000)], [])
    const written = lentOf(writer.finish()).bytes
    const one = expected('a'.repeat(100_000))
    const bind = one.subarray(0, one.length - 5)
    expect(written.equals(Buffer.concat([bind, bind, bind, bind]))).toBe(true)
    const outgrown = memory.lend(1).bytes.buffer
    expect(outgrown).not.toBe(written.buffer)
    expect(memory.lend(1).bytes.buffer).not.toBe(outgrown)
  })
})
