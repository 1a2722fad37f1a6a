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

export interface FrameReader {
  /**
   * Frames completed by this chunk, without their length, oldest first. They may be views of the
   * chunk: whoever uses its memory again has to be done with them.
   *
   * Throws  an Error when the other end cannot be one of ours; nothing can be read after that
   */
  push(chunk: Buffer): readonly Buffer[]
}

export function createFrameReader(mostBytes: number = mostFrameBytes): FrameReader {
  const length = Buffer.alloc(lengthBytes)
  let lengthFilled = 0
  /** The frame under way, as long as it will be: a large body is copied once. */
  let frame: Buffer | null = null
  let filled = 0

  function checked(bytes: number): number {
    if (bytes >= fewestFrameBytes && bytes <= mostBytes) return bytes
    throw new Error(`a frame of ${bytes} bytes between the server and its SQLite process`)
  }

  return {
    push(chunk) {
      const frames: Buffer[] = []
      let at = 0
      while (at < chunk.length) {
        if (frame === null) {
          if (lengthFilled === 0 && chunk.length - at >= lengthBytes) {
            const bytes = checked(chunk.readUInt32LE(at))
            at += lengthBytes
            if (chunk.length - at >= bytes) {
              frames.push(chunk.subarray(at, at + bytes))
              at += bytes
              continue
            }
            frame = Buffer.allocUnsafeSlow(bytes)
          } else {
            const copied = chunk.copy(length, lengthFilled, at)
            lengthFilled += copied
            at += copied
            if (lengthFilled < lengthBytes) break
            frame = Buffer.allocUnsafeSlow(checked(length.readUInt32LE(0)))
            lengthFilled = 0
          }
          filled = 0
        }
        const copied = chunk.copy(frame, filled, at)
        filled += copied
        at += copied
        if (filled < frame.length) break
        frames.push(frame)
        frame = null
      }
      return frames
    },
  }
}
