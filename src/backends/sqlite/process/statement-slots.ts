/**
 * Which statement is in which slot of one SQLite process. The server decides it alone: it registers
 * a text in the same write that first uses it, over the one that was used longest ago.
 */
import { onceSlot, slotCount } from '../wire/request-frames.ts'

/** A statement this long is registered, run once and forgotten: many of them would be gigabytes. */
export const mostKeptChars = 16 * 1024

export class StatementSlots {
  /** Used longest ago first. */
  readonly #slots = new Map<string, number>()

  /** The slot to use for a text; it has to be registered there first where `isNew`. */
  take(sql: string): { readonly slot: number; readonly isNew: boolean } {
    if (sql.length > mostKeptChars) return { slot: onceSlot, isNew: true }
    const known = this.#slots.get(sql)
    if (known !== undefined) this.#slots.delete(sql)
    const slot = known ?? this.#freeSlot()
    this.#slots.set(sql, slot)
    return { slot, isNew: known === undefined }
  }

  #freeSlot(): number {
    if (this.#slots.size < slotCount) return this.#slots.size
    for (const [oldest, slot] of this.#slots) {
      this.#slots.delete(oldest)
      return slot
    }
    return 0
  }
}
