/**
 * The keys of a database by their constraint's oid, and by the relations at their ends. Changed in
 * place by a load, with `schema-facts.ts`, which it is a part of.
 */
import { type CatalogKey, endsOf } from '../catalog-keys.ts'

const none: readonly CatalogKey[] = []

export class KeyIndex {
  readonly #byOid = new Map<number, CatalogKey>()
  readonly #byRelation = new Map<number, CatalogKey[]>()

  get(constraint: number): CatalogKey | undefined {
    return this.#byOid.get(constraint)
  }

  values(): Iterable<CatalogKey> {
    return this.#byOid.values()
  }

  /** Keys that have the relation at either end, in the order of their oids. */
  at(relation: number): readonly CatalogKey[] {
    return this.#byRelation.get(relation) ?? none
  }

  set(key: CatalogKey): void {
    this.delete(key.oid)
    this.#byOid.set(key.oid, key)
    for (const relation of endsOf(key)) {
      const keys = this.#byRelation.get(relation)
      if (keys === undefined) this.#byRelation.set(relation, [key])
      else {
        keys.push(key)
        if ((keys.at(-2)?.oid ?? 0) > key.oid) keys.sort((a, b) => a.oid - b.oid)
      }
    }
  }

  delete(constraint: number): void {
    const key = this.#byOid.get(constraint)
    if (key === undefined) return
    this.#byOid.delete(constraint)
    for (const relation of endsOf(key)) {
      const left = this.at(relation).filter(({ oid }) => oid !== constraint)
      if (left.length === 0) this.#byRelation.delete(relation)
      else this.#byRelation.set(relation, left)
    }
  }
}
