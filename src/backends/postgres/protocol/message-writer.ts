/**
 * Writes the client's messages of the extended protocol into one piece of memory, so that a whole
 * batch leaves in one write. For long ones the memory is lent: new memory for each would have the
 * garbage collector look through everything again and again.
 *
 * Rule    PostgreSQL manual: Message Formats
 */
import type { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'
import type { StatementParameter } from './postgres-connection.ts'

export interface MessageWriter {
  /** An empty name is the unnamed statement. */
  parse(name: string, text: string, types: readonly number[]): void
  /** Binds to the unnamed portal. `resultFormats` per column, 1 for binary; none: all in text. */
  bind(
    statement: string,
    params: readonly StatementParameter[],
    resultFormats: readonly (0 | 1)[],
  ): void
  describePortal(): void
  execute(): void
  closeStatement(name: string): void
  sync(): void
  /** What was written. The writer is not used after it. Lent bytes are given back once they are sent. */
  finish(): Buffer | LentBytes
}

/** From here on memory is lent. */
const longBytes = 16 * 1024

export function createMessageWriter(memory: BodyMemory): MessageWriter {
  // enough for most reads, and small enough to come from Node's shared slab
  let bytes: Buffer = Buffer.allocUnsafe(2048)
  let lent: LentBytes | null = null
  let at = 0
  let lengthAt = 0

  function reserve(size: number): void {
    if (at + size <= bytes.length) return
    const wanted = Math.max(bytes.length * 2, at + size + 1024)
    const outgrown = lent
    lent = wanted < longBytes ? null : memory.lend(wanted)
    const grown = lent?.bytes ?? Buffer.allocUnsafe(wanted)
    bytes.copy(grown, 0, 0, at)
    bytes = grown
    outgrown?.giveBack()
  }

  function begin(code: string): void {
    reserve(5)
    bytes[at] = code.charCodeAt(0)
    lengthAt = at + 1
    at += 5
  }

  function end(): void {
    bytes.writeUInt32BE(at - lengthAt, lengthAt)
  }

  function int16(value: number): void {
    reserve(2)
    at = bytes.writeUInt16BE(value, at)
  }

  function uint32(value: number): void {
    reserve(4)
    at = bytes.writeUInt32BE(value, at)
  }

  function utf8(text: string): void {
    // a UTF-16 unit needs three bytes at most; long texts are measured, so that they fit exactly
    reserve(text.length < 1024 ? text.length * 3 : Buffer.byteLength(text))
    at += bytes.write(text, at, 'utf8')
  }

  function terminated(text: string): void {
    utf8(text)
    reserve(1)
    bytes[at] = 0
    at += 1
  }

  function parameter(value: StatementParameter): void {
    if (value === null) {
      uint32(0xffffffff)
    } else if (typeof value === 'string') {
      reserve(4)
      const sizeAt = at
      at += 4
      utf8(value)
      bytes.writeUInt32BE(at - sizeAt - 4, sizeAt)
    } else {
      uint32(value.length)
      reserve(value.length)
      bytes.set(value, at)
      at += value.length
    }
  }

  return {
    parse(name, text, types) {
      begin('P')
      terminated(name)
      terminated(text)
      int16(types.length)
      for (const type of types) uint32(type)
      end()
    },
    bind(statement, params, resultFormats) {
      begin('B')
      terminated('')
      terminated(statement)
      int16(params.length)
      for (const value of params) int16(value === null || typeof value === 'string' ? 0 : 1)
      int16(params.length)
      for (const value of params) parameter(value)
      int16(resultFormats.length)
      for (const format of resultFormats) int16(format)
      end()
    },
    describePortal() {
      begin('D')
      terminated('P')
      end()
    },
    execute() {
      begin('E')
      terminated('')
      uint32(0)
      end()
    },
    closeStatement(name) {
      begin('C')
      terminated(`S${name}`)
      end()
    },
    sync() {
      begin('S')
      end()
    },
    finish() {
      const written = bytes.subarray(0, at)
      return lent?.narrowedTo(written) ?? written
    },
  }
}
