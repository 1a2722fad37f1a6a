/**
 * Cuts the bytes that a PostgreSQL server sends into whole protocol messages. A message is handed
 * on as one piece of memory, header included, without being decoded. What it lies in stays as it is,
 * so that its values may be views of it.
 *
 * Shape   one byte of type, four of length (which counts itself), the rest
 * Rule    PostgreSQL manual: Message Formats
 */
import { type BodyMemory, fewestLentBytes, type LentBytes } from '../../../core/lent-bytes.ts'

const headerBytes = 5

export interface FrameReader {
  push(chunk: Buffer): void
}

export interface FrameReaderOptions {
  readonly memory: BodyMemory
  /** The memory of chunks is used again: what is kept of one is copied. */
  readonly reusesChunks: boolean
  /** Called for each message as soon as its last byte is there. `lent`: the memory that it lies in. */
  readonly onFrame: (frame: Buffer, lent: LentBytes | null) => void
}

export function createFrameReader({
  memory,
  reusesChunks,
  onFrame,
}: FrameReaderOptions): FrameReader {
  // the first bytes of a message whose length is not known yet
  let head: Buffer | null = null
  // a message whose length is known, filled up to `filled`
  let partial: Buffer | null = null
  let partialLent: LentBytes | null = null
  let filled = 0

  function begin(bytes: number): Buffer {
    // of a message that is spread over several chunks
    partialLent = bytes >= fewestLentBytes ? memory.lend(bytes) : null
    partial = partialLent?.bytes ?? Buffer.allocUnsafeSlow(bytes)
    return partial
  }

  function push(chunk: Buffer): void {
    let bytes = chunk
    let isOurs = !reusesChunks
    let at = 0
    if (partial !== null) {
      const copied = bytes.copy(partial, filled)
      filled += copied
      if (filled < partial.length) return
      const frame = partial
      const lent = partialLent
      // both: a quiet connection would keep its last large message in memory
      partial = null
      partialLent = null
      at = copied
      onFrame(frame, lent)
    } else if (head !== null) {
      bytes = Buffer.concat([head, chunk])
      isOurs = true
      head = null
    }
    const end = endOfWhole(bytes, at)
    let whole = bytes.subarray(at, end)
    if (!isOurs && whole.length > 0) whole = Buffer.from(whole)
    for (let start = 0; start < whole.length; ) {
      const next = endOfFrame(whole, start)
      onFrame(whole.subarray(start, next), null)
      start = next
    }
    if (end + headerBytes <= bytes.length) {
      filled = bytes.copy(begin(endOfFrame(bytes, end) - end), 0, end)
    } else if (end < bytes.length) {
      head = isOurs ? bytes.subarray(end) : Buffer.from(bytes.subarray(end))
    }
  }

  return { push }
}

function endOfFrame(bytes: Buffer, start: number): number {
  return start + 1 + bytes.readUInt32BE(start + 1)
}

/** Where the last message ends that is there as a whole. */
function endOfWhole(bytes: Buffer, from: number): number {
  let end = from
  while (end + headerBytes <= bytes.length) {
    const next = endOfFrame(bytes, end)
    if (next > bytes.length) break
    end = next
  }
  return end
}
