/**
 * Cuts the bytes that arrive from the other end of the socket into frames, whatever chunks they
 * come in. Used on both sides; what is in a frame, `request-frames.ts` and `reply-frames.ts` know.
 *
 * Shape   [bytes after this number: u32, little-endian][these bytes]
 */

export const lengthBytes = 4

/** An answer of SQLite has at most 1,000,000,000 bytes. */
const mostFrameBytes = 1_100_000_000

/** Every frame has an id and one byte that says what it is. */
const fewestFrameBytes = 5

/** Its bytes, without their length. */
export interface Frame {
  /** All of it where `rest` is empty, else its first bytes: at least those of a reply's head. */
  readonly head: Buffer
  readonly rest: readonly Buffer[]
}

export interface FrameReader {
  /**
   * Frames completed by this chunk, oldest first. They may be views of the chunk: whoever uses its
   * memory again has to be done with them.
   *
   * Throws  an Error when the other end cannot be one of ours; nothing can be read after that
   */
  push(chunk: Buffer): readonly Frame[]
}

export interface FrameReaderOptions {
  readonly mostBytes?: number
  /**
   * The memory of chunks is not used again: a large frame is handed over in the pieces that it came
   * in, since putting them together would take its memory twice.
   */
  readonly keepsChunks?: boolean
}

/** Frames up to this size are put together all the same: a few bytes would hold a whole chunk. */
const joinedBytes = 64 * 1024
const headBytes = 64
const noRest: readonly Buffer[] = []

export function createFrameReader({
  mostBytes = mostFrameBytes,
  keepsChunks = false,
}: FrameReaderOptions = {}): FrameReader {
  const length = Buffer.alloc(lengthBytes)
  let lengthFilled = 0
  /** The frame under way. */
  let pending: PendingFrame | null = null

  function begin(bytes: number): PendingFrame {
    if (bytes < fewestFrameBytes || bytes > mostBytes) {
      throw new Error(`a frame of ${bytes} bytes between the server and its SQLite process`)
    }
    return keepsChunks && bytes > joinedBytes ? new FrameInPieces(bytes) : new JoinedFrame(bytes)
  }

  return {
    push(chunk) {
      const frames: Frame[] = []
      let at = 0
      while (at < chunk.length) {
        if (pending === null) {
          if (lengthFilled === 0 && chunk.length - at >= lengthBytes) {
            const bytes = chunk.readUInt32LE(at)
            at += lengthBytes
            if (chunk.length - at >= bytes && bytes >= fewestFrameBytes && bytes <= mostBytes) {
              frames.push({ head: chunk.subarray(at, at + bytes), rest: noRest })
              at += bytes
              continue
            }
            pending = begin(bytes)
          } else {
            const copied = chunk.copy(length, lengthFilled, at)
            lengthFilled += copied
            at += copied
            if (lengthFilled < lengthBytes) break
            pending = begin(length.readUInt32LE(0))
            lengthFilled = 0
          }
        }
        at += pending.take(chunk, at)
        if (pending.missing > 0) break
        frames.push(pending.frame())
        pending = null
      }
      return frames
    },
  }
}

interface PendingFrame {
  /** Bytes that have not come yet. */
  readonly missing: number
  /** Takes what is the frame's of a chunk, from `at` on. Gives the number of bytes taken. */
  take(chunk: Buffer, at: number): number
  frame(): Frame
}

class JoinedFrame implements PendingFrame {
  readonly #bytes: Buffer
  #filled = 0

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes)
  }

  get missing(): number {
    return this.#bytes.length - this.#filled
  }

  take(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#bytes, this.#filled, at)
    this.#filled += copied
    return copied
  }

  frame(): Frame {
    return { head: this.#bytes, rest: noRest }
  }
}

class FrameInPieces implements PendingFrame {
  missing: number
  #head: Buffer = Buffer.alloc(0)
  readonly #rest: Buffer[] = []

  constructor(bytes: number) {
    this.missing = bytes
  }

  take(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.missing)
    this.missing -= piece.length
    if (this.#head.length === 0) this.#head = piece
    else if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, piece])
    else this.#rest.push(piece)
    return piece.length
  }

  frame(): Frame {
    return { head: this.#head, rest: this.#rest }
  }
}
