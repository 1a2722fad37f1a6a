/**
 * What a backend finds out about its database that other engines have no notion of: a part of the
 * catalog and of the snapshot that goes back to the backend with every request. Each backend has a
 * class of its own for it, by which it knows its own facts again; to everybody else they are opaque.
 */
export interface EngineFacts {
  /** All of it, in parts named as the list of what changed between two snapshots names them. */
  readonly parts: readonly FactsPart[]
}

export type FactsPart =
  | { readonly title: string; readonly kind: 'whole'; readonly facts: unknown }
  /** Of a relation that came or went, nothing more than that is told. */
  | {
      readonly title: string
      readonly kind: 'by-relation'
      readonly facts: ReadonlyMap<string, unknown> | ReadonlySet<string>
    }
