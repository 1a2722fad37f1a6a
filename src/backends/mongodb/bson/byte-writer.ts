/**
 * One buffer that grows while an answer is written into it. Everything is bytes: what is copied from
 * a document is never made a JavaScript string on its way.
 */

const quote = 0x22
const backslash = 0x5c
const hexDigits = Buffer.from('0123456789abcdef')

/** How each byte stands in a JSON string: 0 as itself, `u` as `\u00XX`, else behind a backslash. */
const escapes = escapeTable()

function escapeTable(): Uint8Array {
  const table = new Uint8Array(256).fill('u'.charCodeAt(0), 0, 0x20)
  const short: Readonly<Record<string, string>> = {
    '"': '"',
    '\\': '\\',
    '\b': 'b',
    '\f': 'f',
    '\n': 'n',
    '\r': 'r',
    '\t': 't',
  }
  for (const [character, letter] of Object.entries(short)) {
    table[character.charCodeAt(0)] = letter.charCodeAt(0)
  }
  return table
}

/** From here on a copy by the runtime is quicker than one byte by byte. */
const longRun = 32

export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(size, 64))
  }

  get length(): number {
    return this.#length
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  byteAt(at: number): number {
    return this.#bytes[at] ?? 0
  }

  setByte(at: number, value: number): void {
    this.#bytes[at] = value
  }

  /** Forgets what was written from there on. */
  truncate(length: number): void {
    this.#length = length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  /** `text` has no characters but those of ASCII. */
  ascii(text: string): void {
    const count = text.length
    this.#reserve(count)
    const out = this.#bytes
    const start = this.#length
    for (let index = 0; index < count; index += 1) out[start + index] = text.charCodeAt(index)
    this.#length = start + count
  }

  text(text: string): void {
    this.copy(Buffer.from(text), 0)
  }

  copy(source: Uint8Array, start: number, end: number = source.length): void {
    this.#reserve(end - start)
    const out = this.#bytes
    let at = this.#length
    if (end - start >= longRun) {
      out.set(source.subarray(start, end), at)
      this.#length = at + end - start
      return
    }
    for (let index = start; index < end; index += 1) {
      out[at] = source[index] ?? 0
      at += 1
    }
    this.#length = at
  }

  /** Digits of a whole number below 2^53. */
  integer(value: number): void {
    if ((value | 0) !== value || value === -0x80000000) {
      this.ascii(String(value))
      return
    }
    let rest = value | 0
    if (rest < 0) {
      this.byte(0x2d)
      rest = -rest
    }
    if (rest < 10) {
      this.byte(0x30 + rest)
      return
    }
    let count = 2
    for (let limit = 100; limit <= rest; limit *= 10) count += 1
    this.#reserve(count)
    const out = this.#bytes
    for (let at = this.#length + count - 1; at >= this.#length; at -= 1) {
      const next = (rest / 10) | 0
      out[at] = 0x30 + rest - next * 10
      rest = next
    }
    this.#length += count
  }

  /** Two digits of a number below 100. */
  twoDigits(value: number): void {
    this.#reserve(2)
    const tens = (value / 10) | 0
    this.#bytes[this.#length] = 0x30 + tens
    this.#bytes[this.#length + 1] = 0x30 + value - tens * 10
    this.#length += 2
  }

  /** Digits, with zeros before them where there are fewer. */
  padded(value: number, width: number): void {
    for (let limit = 10 ** (width - 1); limit > 1 && value < limit; limit /= 10) this.byte(0x30)
    this.integer(value)
  }

  hex(source: Uint8Array, start: number, end: number): void {
    this.#reserve(2 * (end - start))
    const out = this.#bytes
    let at = this.#length
    for (let index = start; index < end; index += 1) {
      const value = source[index] ?? 0
      out[at] = hexDigits[value >> 4] ?? 0
      out[at + 1] = hexDigits[value & 15] ?? 0
      at += 2
    }
    this.#length = at
  }

  /** UTF-8 as a JSON string. */
  jsonString(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + 2)
    let out = this.#bytes
    let at = this.#length
    out[at] = quote
    at += 1
    let index = start
    if (end - start >= longRun) {
      while (index < end && escapes[source[index] ?? 0] === 0) index += 1
      out.set(source.subarray(start, index), at)
      at += index - start
    }
    for (; index < end; index += 1) {
      const value = source[index] ?? 0
      const letter = escapes[value] ?? 0
      if (letter === 0) {
        out[at] = value
        at += 1
        continue
      }
      this.#length = at
      this.#reserve(end - index + 7)
      out = this.#bytes
      out[at] = backslash
      out[at + 1] = letter
      at += 2
      if (letter === 0x75) {
        out.write('00', at, 'latin1')
        out[at + 2] = hexDigits[value >> 4] ?? 0
        out[at + 3] = hexDigits[value & 15] ?? 0
        at += 4
      }
    }
    out[at] = quote
    this.#length = at + 1
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
