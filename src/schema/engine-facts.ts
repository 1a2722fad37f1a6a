/**
 * What a backend finds out about its database that other engines have no notion of: a part of the
 * catalog and of the snapshot that goes back to the backend with every request. Each backend has a
 * class of its own for it, by which it knows its own facts again; to everybody else they are opaque.
 */
export interface EngineFacts {
  /** What the facts are about, for the list of what changed between two snapshots. */
  readonly title: string
}
