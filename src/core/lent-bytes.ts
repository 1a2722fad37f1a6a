/**
 * Memory for large bodies that is used again and again: memory that is new for each of them is the
 * garbage collector's work, which is more than reading and sending them. A backend takes it, whoever
 * has sent the bytes gives it back. What is never given back, because nobody sends it, is collected
 * like any other memory.
 */

/** One system call reads or writes many blocks. */
const blockBytes = 256 * 1024
/** Blocks that wait for the next body, at the most; what is above is collected. */
const mostKeptBlocks = 32

export class LentBytes {
  readonly byteLength: number
  readonly #memory: BodyMemory
  #blocks: readonly Buffer[]

  constructor(memory: BodyMemory, blocks: readonly Buffer[], byteLength: number) {
    this.#memory = memory
    this.#blocks = blocks
    this.byteLength = byteLength
  }

  /** Not to be looked at any more once they are given back. */
  get pieces(): readonly Uint8Array[] {
    const rest = this.byteLength % blockBytes
    const last = this.#blocks.length - 1
    if (rest === 0) return this.#blocks
    return this.#blocks.map((block, at) => (at === last ? block.subarray(0, rest) : block))
  }

  /** Whoever calls it is the last that holds the bytes. A second call does nothing. */
  giveBack(): void {
    const blocks = this.#blocks
    this.#blocks = []
    this.#memory.keep(blocks)
  }
}

export class BodyMemory {
  readonly #kept: Buffer[] = []

  /** Bytes of any content, to be filled. */
  lend(byteLength: number): LentBytes {
    const blocks: Buffer[] = []
    for (let at = 0; at < byteLength; at += blockBytes) {
      blocks.push(this.#kept.pop() ?? Buffer.allocUnsafeSlow(blockBytes))
    }
    return new LentBytes(this, blocks, byteLength)
  }

  keep(blocks: readonly Buffer[]): void {
    for (const block of blocks) {
      if (this.#kept.length < mostKeptBlocks) this.#kept.push(block)
    }
  }
}
