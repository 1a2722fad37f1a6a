/**
 * Writes frames one behind the other into one buffer, so that many go out with one system call.
 * `sqlite-frame-reader.ts` says what a frame is; all numbers are little-endian.
 */
import { lengthBytes } from './sqlite-frame-reader.ts'

const initialBytes = 16 * 1024
/** A buffer that one large frame has made larger than this is not kept. */
const mostKeptBytes = 1024 * 1024
/** UTF-8 takes three bytes at most for one unit of UTF-16. */
const bytesPerUnit = 3

export class FrameWriter {
  #bytes = Buffer.allocUnsafe(initialBytes)
  #at = 0
  #frameAt = 0

  beginFrame(): void {
    this.#reserve(lengthBytes)
    this.#frameAt = this.#at
    this.#at += lengthBytes
  }

  endFrame(): void {
    this.#bytes.writeUInt32LE(this.#at - this.#frameAt - lengthBytes, this.#frameAt)
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#at = this.#bytes.writeUInt8(value, this.#at)
  }

  u16(value: number): void {
    this.#reserve(2)
    this.#at = this.#bytes.writeUInt16LE(value, this.#at)
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#at = this.#bytes.writeUInt32LE(value, this.#at)
  }

  i64(value: bigint): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeBigInt64LE(value, this.#at)
  }

  f64(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Without a length: whoever reads it has to know where it ends. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** As UTF-8, without a length. */
  text(value: string): void {
    this.#reserve(value.length * bytesPerUnit)
    this.#at += this.#bytes.write(value, this.#at)
  }

  /** As UTF-8, its number of bytes first: u32. */
  countedText(value: string): void {
    this.#reserve(4)
    const countAt = this.#at
    this.#at += 4
    this.text(value)
    this.#bytes.writeUInt32LE(this.#at - countAt - 4, countAt)
  }

  /** What was written since the last call; the memory is the caller's. */
  take(): Buffer {
    const isLarge = this.#bytes.length > mostKeptBytes
    const written = this.#bytes.subarray(0, this.#at)
    this.#at = 0
    if (!isLarge) return Buffer.from(written)
    this.#bytes = Buffer.allocUnsafe(initialBytes)
    return written
  }

  #reserve(bytes: number): void {
    const wanted = this.#at + bytes
    if (wanted <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
