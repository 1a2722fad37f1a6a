/**
 * One reload, told whole: what asked for it, what it did in which time, what it changed and how it
 * ended. The log's lines, the metrics, `GET /reloads` and the events of `GET /events` are all made
 * of this one record, so that they cannot disagree. `cache/fold-reload-record.ts` makes it.
 *
 * Names of relations, columns and options are in it, and values of options that are no secrets;
 * values of requests never are.
 */

/** The request that found the schema behind: its method, its path, and the name that it asked for. */
export interface AskingRequest {
  readonly method: string
  /** Without its query. Cut where it is long. */
  readonly path: string
  /** What it names, `api.films`, or the code of what the database said; null: neither. */
  readonly names: string | null
}

export interface ReloadTrigger {
  readonly origin: string
  readonly scope: string
  readonly depth: string
  /** How many asked for this one reload. */
  readonly asked: number
  /** Of a stale name or a stale hit, else null. */
  readonly request: AskingRequest | null
}

/** A published schema: its number in this process, and what the database calls it. */
export interface SchemaMark {
  readonly number: number
  readonly label: string
}

/** Milliseconds of each step; null: it was not taken. */
export interface ReloadTimings {
  /** The version was asked for. */
  readonly checkMs: number | null
  /** The catalog was read. */
  readonly queryMs: number | null
  /** What of that each group of queries took. */
  readonly queries: Readonly<Record<string, number>>
  readonly buildMs: number | null
  readonly diffMs: number | null
  readonly publishMs: number | null
}

export interface ReloadChange {
  readonly kind: 'added' | 'removed' | 'changed'
  /** `relation`, `column`, `relationship`, `function`, `setting` … */
  readonly subject: string
  /** `api.films`, `api.films.title` … */
  readonly name: string
  /** Of something changed: what of it, `type`. */
  readonly part: string | null
  readonly before: string | null
  readonly after: string | null
}

/** How many there are, and the first of them. */
export interface ReloadChanges {
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly list: readonly ReloadChange[]
  /** The list ends before the last of them. */
  readonly isCut: boolean
}

export interface ReloadRecord {
  /** 1, 2, 3 … in this process. */
  readonly id: number
  /** ISO times. */
  readonly startedAt: string
  readonly endedAt: string | null
  readonly trigger: ReloadTrigger
  readonly outcome: 'running' | 'published' | 'unchanged' | 'failed'
  /** Why it failed; null while it did not. */
  readonly cause: string | null
  /** Tries of this series that failed, and how long until the next one; null unless one is due. */
  readonly retry: { readonly attempt: number; readonly retryInMs: number } | null
  /** Milliseconds: the work alone, and what it waited for before. */
  readonly durationMs: number
  readonly queuedMs: number
  readonly timings: ReloadTimings
  /** In use before and after; null: there was none yet. */
  readonly before: SchemaMark | null
  readonly after: SchemaMark | null
  readonly changes: ReloadChanges
  /** Reloads before this one that ended in the very same, one after the other, and since when. */
  readonly repeats: { readonly count: number; readonly since: string } | null
}

export const noReloadChanges: ReloadChanges = {
  added: 0,
  removed: 0,
  changed: 0,
  list: [],
  isCut: false,
}
