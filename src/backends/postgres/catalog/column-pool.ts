/**
 * Columns of one load, each kept once: large schemas have many that are alike, and tables alike in all.
 * `describe-columns.ts` asks it for columns by what their rows say.
 */
import type { Column } from '../../../schema/catalog.ts'

interface PooledColumn {
  /** In the order in which they came. */
  readonly number: number
  readonly column: Column | null
}

export class ColumnPool {
  readonly #columns = new Map<string, PooledColumn>()
  /** By the numbers of their columns. */
  readonly #lists = new Map<string, readonly Column[]>()

  /**
   * @param texts all that the column rests on beside what is the same for the whole load
   * @param make called where the pool has none like it; null: it is left out of lists
   */
  column(texts: string, make: () => Column | null): PooledColumn {
    const known = this.#columns.get(texts)
    if (known !== undefined) return known
    const pooled = { number: this.#columns.size, column: Object.freeze(make()) }
    this.#columns.set(texts, pooled)
    return pooled
  }

  list(columns: readonly PooledColumn[]): readonly Column[] {
    const numbers = columns.map(({ number }) => number).join()
    const known = this.#lists.get(numbers)
    if (known !== undefined) return known
    const list = Object.freeze(columns.flatMap(({ column }) => column ?? []))
    this.#lists.set(numbers, list)
    return list
  }
}
