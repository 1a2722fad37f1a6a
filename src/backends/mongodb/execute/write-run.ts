/**
 * What one attempt of a write is given, and what it hands on to the answer.
 */
import type { Document } from 'mongodb'
import type { MutatePlan } from '../../../plan/plan.ts'
import type { BoundWrite, NewRow } from '../compile/bound-write.ts'
import type { ConflictTarget } from '../compile/conflict-target.ts'
import type { CompanyEnd } from './insert-company.ts'
import type { WriteCommands } from './write-commands.ts'

/** What a write did. */
export interface Touched {
  readonly count: number
  /** In the order of the payload's rows; null: nobody asked for them. */
  readonly ids: readonly unknown[] | null
  /** New rows; null: not a matter of this write. */
  readonly inserted: number | null
  /** What is to be shown, where it was read before it was gone. */
  readonly before: readonly Uint8Array[] | null
}

export interface WriteRun {
  readonly plan: MutatePlan
  readonly bound: BoundWrite
  readonly conflict: ConflictTarget | null
  readonly commands: WriteCommands
  /** No two rows can be meant. */
  readonly isPinned: boolean
  /** The rows have to be known, not only how many they are. */
  readonly needsIds: boolean
  /** Looks at how many rows are meant, before they are touched. Throws to refuse them. */
  readonly judgeMeant: (rows: number) => void
  /** Stores a new row together with rows of other requests. Null: it is not one that may be. */
  readonly storeTogether: ((row: NewRow) => Promise<CompanyEnd>) | null
}

/** The plan's tree over these rows. */
export function readShown(
  commands: WriteCommands,
  { stages }: { readonly stages: readonly Document[] },
  ids: readonly unknown[],
): Promise<readonly Uint8Array[]> {
  return commands.readRaw([{ $match: { _id: { $in: ids } } }, ...stages])
}
