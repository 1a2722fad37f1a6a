/**
 * Reads the notifications of a storm in bunches: when they follow each other, the connection is left
 * alone for a moment and what has come meanwhile is read as one piece, so that thousands in a second wake
 * the process as often as some dozens would.
 */

/**
 * Options of a socket that is read so. A stream that is paused goes on reading until it holds this many
 * bytes; where the option does not count, more is read piece by piece.
 */
export const bunchedSocket = { allowHalfOpen: false, readableHighWaterMark: 1 }

/** Milliseconds. A storm is told of far more seldom. */
const restMs = 20

/** Bytes. After a bunch of this size the next is read at once, so that no backlog can grow. */
const fullBunch = 16_384

/** What it needs of a socket. */
interface BunchedStream {
  readonly bytesRead: number
  pause(): unknown
  resume(): unknown
}

export interface BunchReader {
  /** To be called at each notification that `stream` has brought. */
  onNotification(stream: BunchedStream): void
}

export function createBunchReader(): BunchReader {
  let readAt = Number.NEGATIVE_INFINITY
  let bytesAt = 0
  let isTaken = false

  return {
    onNotification(stream) {
      // the others of the same piece
      if (isTaken) return
      isTaken = true
      const now = performance.now()
      const isStorm = now - readAt < 2 * restMs
      readAt = now
      // when all of the piece has been told: a stream that is paused before gives a message at a time
      setImmediate(() => {
        const isFull = stream.bytesRead - bytesAt >= fullBunch
        bytesAt = stream.bytesRead
        isTaken = false
        if (!isStorm || isFull) return
        stream.pause()
        setTimeout(() => stream.resume(), restMs)
      })
    },
  }
}
