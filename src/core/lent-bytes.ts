/**
 * Memory for large bodies that is used again and again: memory that is new for each of them is the
 * garbage collector's work, which is more than reading and sending them. A backend takes it, whoever
 * has sent the bytes gives it back. What is never given back, because nobody sends it, is collected
 * like any other memory.
 */

/** For smaller bodies memory of their own is cheaper. */
export const fewestLentBytes = 64 * 1024

/** Blocks have sizes that double, so that one serves bodies that differ a little. */
const fewestBlockBytes = 128 * 1024
/** What is larger has memory of its own. */
const mostBlockBytes = 4 * 1024 * 1024
/** What waits for the next bodies, at the most; of what is above, the oldest is collected. */
const mostKeptBytes = 8 * 1024 * 1024

export class LentBytes {
  /** Not to be looked at any more once they are given back. */
  readonly bytes: Buffer
  readonly #memory: BodyMemory
  #block: Buffer | null

  constructor(memory: BodyMemory, block: Buffer | null, bytes: Buffer) {
    this.#memory = memory
    this.#block = block
    this.bytes = bytes
  }

  get byteLength(): number {
    return this.bytes.length
  }

  /** Only these of them are wanted any more: who gives them back gives back all. */
  narrowedTo(part: Buffer): LentBytes {
    const block = this.#block
    this.#block = null
    return new LentBytes(this.#memory, block, part)
  }

  /** Whoever calls it is the last that holds the bytes. A second call does nothing. */
  giveBack(): void {
    const block = this.#block
    this.#block = null
    if (block !== null) this.#memory.keep(block)
  }
}

export class BodyMemory {
  /** Given back last, last. */
  readonly #kept: Buffer[] = []
  #keptBytes = 0

  /** Bytes of any content, to be filled. */
  lend(byteLength: number): LentBytes {
    if (byteLength > mostBlockBytes) {
      return new LentBytes(this, null, Buffer.allocUnsafeSlow(byteLength))
    }
    let blockBytes = fewestBlockBytes
    while (blockBytes < byteLength) blockBytes *= 2
    const block = this.#take(blockBytes) ?? Buffer.allocUnsafeSlow(blockBytes)
    return new LentBytes(this, block, block.subarray(0, byteLength))
  }

  keep(block: Buffer): void {
    this.#kept.push(block)
    this.#keptBytes += block.length
    while (this.#keptBytes > mostKeptBytes) this.#keptBytes -= this.#kept.shift()?.length ?? 0
  }

  #take(blockBytes: number): Buffer | undefined {
    const at = this.#kept.findLastIndex(({ length }) => length === blockBytes)
    if (at === -1) return undefined
    this.#keptBytes -= blockBytes
    return this.#kept.splice(at, 1)[0]
  }
}
