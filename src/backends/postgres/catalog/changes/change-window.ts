/**
 * What was last seen of the system catalogs: keys of their rows, which rows were fresh, and since
 * when. A look at them (`read-changes.ts`) held against it → the rows that came, changed and went
 * since, each told once. Looks move the window on; what they found is the caller's to keep.
 */
import type { KeySet } from './key-set.ts'
import type { LookPlace } from './look-place.ts'
import {
  type CatalogChanges,
  type CountedKind,
  countedKinds,
  type FreshRow,
  type UncountedKind,
} from './read-changes.ts'

/** A row that came, changed or went. */
export interface RowChange {
  readonly kind: CountedKind | UncountedKind
  readonly key: number
  /** The object that the row belongs to; 0: it is one itself, or a digest was kept in its place. */
  readonly owner: number
  /** Of a relation: its schema. Of a foreign key: the relation that it points to. 0: not known. */
  readonly extra: number
  readonly change: 'came' | 'changed' | 'went'
}

export type KeySets = ReadonlyMap<CountedKind, KeySet>

/** Kinds whose marks are digests: an equal one is no change. */
const digestKinds: ReadonlySet<string> = new Set(['relation', 'type', 'schema'])

/** 2^31 transactions on, ages are negative. */
const farthest = 2n ** 31n

/** What a look found, before anything is made of it. */
export interface Look {
  readonly changes: CatalogChanges
  /** Rows that are fresh and were not when the window was last moved. */
  readonly news: readonly (readonly [CountedKind | UncountedKind, FreshRow])[]
  readonly keys: KeySets
  /** Catalogs that have more or fewer rows than is known: their keys have to be asked for. */
  readonly miscounted: readonly CountedKind[]
}

export class ChangeWindow {
  #last: LookPlace
  #keys: KeySets
  #fresh: ReadonlySet<string>

  /**
   * @param first where the window begins
   * @param keys of that snapshot; of a catalog that is left out, see `supply`
   * @param fresh rows of that snapshot that are not older than its xmin; they are no news
   */
  constructor(first: LookPlace, keys: KeySets, fresh: CatalogChanges['fresh']) {
    this.#last = first
    this.#keys = keys
    this.#fresh = identities(fresh)
  }

  /**
   * The keys of a catalog that the window began without, of the snapshot of the last look. Until they
   * come each look finds the catalog miscounted, asks for its keys, and cannot tell which rows are gone.
   * Nothing is lost by that: without them no load has ended yet, and the next one reads everything.
   */
  supply(kind: CountedKind, keys: () => KeySet): void {
    if (!this.#keys.has(kind)) this.#keys = new Map([...this.#keys, [kind, keys()]])
  }

  /** The database that was looked at last. */
  get identity(): string {
    return this.#last.identity
  }

  get since(): bigint {
    return this.#last.xmin
  }

  has(kind: CountedKind, key: number): boolean {
    return this.#keys.get(kind)?.markOf(key) !== undefined
  }

  /** Whether nothing can be told from the look: another server answered, or too long ago. */
  isLostOn(changes: CatalogChanges): boolean {
    const { incarnation, xmin, xmax } = this.#last
    return (
      changes.incarnation !== incarnation || changes.xmax < xmax || changes.xmax - xmin > farthest
    )
  }

  /** Holds a look against the window; nothing is moved yet. */
  compare(changes: CatalogChanges): Look {
    const news = [...changes.fresh].flatMap(([kind, rows]) =>
      rows
        .filter(({ identity }) => !this.#fresh.has(identity))
        .map((row): readonly [CountedKind | UncountedKind, FreshRow] => [kind, row]),
    )
    const keys = new Map(
      [...this.#keys].map(([kind, set]) => [
        kind,
        set.with(news.filter(([of]) => of === kind).map(([, row]) => row)),
      ]),
    )
    const miscounted = countedKinds.filter(
      (kind) => changes.held.get(kind) !== keys.get(kind)?.size,
    )
    return { changes, news, keys, miscounted }
  }

  /**
   * Moves the window to the look, and tells what changed.
   *
   * @param counted the keys of the catalogs that were miscounted, of the look's snapshot
   */
  advance({ changes, news, keys }: Look, counted: KeySets): readonly RowChange[] {
    const found = news.flatMap(([kind, { key, mark, extra }]): readonly RowChange[] => {
      const hasDigest = digestKinds.has(kind)
      const before = isCounted(kind) ? this.#keys.get(kind)?.markOf(key) : mark
      if (hasDigest && before === mark) return []
      const change = before === undefined ? 'came' : 'changed'
      return [{ kind, key, owner: hasDigest ? 0 : mark, extra, change }]
    })
    for (const [kind, set] of counted) {
      const known = keys.get(kind)
      const owner = (mark: number) => (digestKinds.has(kind) ? 0 : mark)
      for (const { key, mark } of known?.without(set) ?? []) {
        found.push({ kind, key, owner: owner(mark), extra: 0, change: 'went' })
      }
      // there are none, unless the window had missed a change
      for (const { key, mark } of known === undefined ? [] : set.without(known)) {
        found.push({ kind, key, owner: owner(mark), extra: 0, change: 'came' })
      }
    }
    this.#last = changes
    this.#keys = new Map([...keys, ...counted])
    this.#fresh = identities(changes.fresh)
    return found
  }

  /** Whether roles or their settings are others since the window was last moved. */
  hasOtherSettings({ settings }: CatalogChanges): boolean {
    return settings !== this.#last.settings
  }
}

function isCounted(kind: CountedKind | UncountedKind): kind is CountedKind {
  return kind !== 'column' && kind !== 'default'
}

function identities(fresh: CatalogChanges['fresh']): ReadonlySet<string> {
  return new Set([...fresh.values()].flatMap((rows) => rows.map(({ identity }) => identity)))
}
