/**
 * The file through which a SQLite process hands over its large answers: one write there and one read
 * here, where a socket takes a dozen of each, and has one side wait for the other. It lies in memory
 * and has no name, so that nobody else opens it and nothing is left behind, however a process ends.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'

/** Linux: a file system in memory. */
const memoryFolder = '/dev/shm'
/** Linux: O_TMPFILE, a file that is in no folder. Node has no name for it. */
const unnamed = 0o20000000 | constants.O_DIRECTORY

export class AnswerFile {
  readonly descriptor: number
  readonly #memory: BodyMemory

  private constructor(descriptor: number, memory: BodyMemory) {
    this.descriptor = descriptor
    this.#memory = memory
  }

  /** Null where the system has no such files: answers go through the socket. */
  static open(memory: BodyMemory): AnswerFile | null {
    if (process.platform !== 'linux') return null
    try {
      return new AnswerFile(openSync(memoryFolder, unnamed | constants.O_RDWR, 0o600), memory)
    } catch {
      return null
    }
  }

  /**
   * What was laid down, copied.
   *
   * Throws  an Error where the file is shorter
   */
  fetch(byteLength: number): LentBytes {
    const lent = this.#memory.lend(byteLength)
    const read = readSync(this.descriptor, lent.bytes, 0, byteLength, 0)
    if (read !== byteLength) throw new Error(`${read} bytes of an answer of ${byteLength}`)
    return lent
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
