/**
 * Cuts the bytes that a PostgreSQL server sends into whole protocol messages. A message is handed
 * on as one piece of memory, header included, without being decoded; only one that is spread over
 * several chunks is copied, once.
 *
 * Shape   one byte of type, four of length (which counts itself), the rest
 * Rule    PostgreSQL manual: Message Formats
 */
const headerBytes = 5

export interface FrameReader {
  push(chunk: Buffer): void
}

/** `onFrame` is called for each message as soon as its last byte is there. */
export function createFrameReader(onFrame: (frame: Buffer) => void): FrameReader {
  // the first bytes of a message whose length is not known yet
  let head: Buffer | null = null
  // a message whose length is known, filled up to `filled`
  let partial: Buffer | null = null
  let filled = 0

  function push(chunk: Buffer): void {
    let bytes = chunk
    let at = 0
    if (partial !== null) {
      const copied = bytes.copy(partial, filled)
      filled += copied
      if (filled < partial.length) return
      const frame = partial
      partial = null
      at = copied
      onFrame(frame)
    } else if (head !== null) {
      bytes = Buffer.concat([head, chunk])
      head = null
    }
    while (at + headerBytes <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1)
      if (end > bytes.length) {
        partial = Buffer.allocUnsafeSlow(end - at)
        filled = bytes.copy(partial, 0, at)
        return
      }
      const start = at
      at = end
      onFrame(bytes.subarray(start, end))
    }
    if (at < bytes.length) head = bytes.subarray(at)
  }

  return { push }
}
