/**
 * What goes over the pipes between the server and its SQLite processes: a length, the length of a
 * JSON head, the head, and a body of raw bytes that nobody parses. Used on both sides.
 */

const prefixBytes = 8

export interface Frame {
  readonly head: unknown
  readonly body: Uint8Array
}

/**
 * Shape   [bytes after this number: u32][bytes of head: u32][head: JSON][body]
 */
export function encodeFrame(head: unknown, bodyBytes = 0): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const frame = Buffer.allocUnsafe(prefixBytes + json.length)
  frame.writeUInt32BE(4 + json.length + bodyBytes, 0)
  frame.writeUInt32BE(json.length, 4)
  json.copy(frame, prefixBytes)
  return frame
}

/** Collects chunks until a whole frame is there. One per pipe. */
export interface SqliteFrameReader {
  /** Frames completed by this chunk, oldest first. */
  push(chunk: Buffer): readonly Frame[]
}

export function createSqliteFrameReader(): SqliteFrameReader {
  let chunks: Buffer[] = []
  let available = 0
  // of the frame at the front, its prefix included; unknown until that is there
  let wanted: number | null = null

  function take(): Frame | null {
    if (wanted === null && available >= prefixBytes) {
      chunks = [Buffer.concat(chunks)]
      wanted = 4 + (chunks[0]?.readUInt32BE(0) ?? 0)
    }
    if (wanted === null || available < wanted) return null
    const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    if (all === undefined) return null
    const headEnd = prefixBytes + all.readUInt32BE(4)
    const head: unknown = JSON.parse(all.toString('utf8', prefixBytes, headEnd))
    const body = all.subarray(headEnd, wanted)
    const rest = all.subarray(wanted)
    chunks = rest.length === 0 ? [] : [rest]
    available = rest.length
    wanted = null
    return { head, body }
  }

  return {
    push(chunk) {
      chunks.push(chunk)
      available += chunk.length
      const frames: Frame[] = []
      for (let frame = take(); frame !== null; frame = take()) frames.push(frame)
      return frames
    },
  }
}
