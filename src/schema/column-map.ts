/**
 * Columns of a relation by name, in declared order: the catalog's own list, which a large schema could
 * not afford twice. Most relations have so few that looking through them is as quick as an index; of
 * wide ones an index is made when a name is first asked for.
 */
import type { Column } from './catalog.ts'

/** Up to this many columns are looked through. */
const fewColumns = 12

export class ColumnMap implements ReadonlyMap<string, Column> {
  readonly list: readonly Column[]
  #index: ReadonlyMap<string, Column> | null = null

  /** Of no two columns with one name. */
  constructor(list: readonly Column[]) {
    this.list = list
    Object.freeze(this)
  }

  get size(): number {
    return this.list.length
  }

  get(name: string): Column | undefined {
    if (this.list.length <= fewColumns) return this.list.find((column) => column.name === name)
    this.#index ??= new Map(this.list.map((column) => [column.name, column]))
    return this.#index.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  keys(): MapIterator<string> {
    return this.list.map(({ name }) => name).values()
  }

  values(): MapIterator<Column> {
    return this.list.values()
  }

  entries(): MapIterator<[string, Column]> {
    return this.list.map((column): [string, Column] => [column.name, column]).values()
  }

  [Symbol.iterator](): MapIterator<[string, Column]> {
    return this.entries()
  }

  forEach(
    callback: (column: Column, name: string, columns: ReadonlyMap<string, Column>) => void,
  ): void {
    for (const column of this.list) callback(column, column.name, this)
  }
}
