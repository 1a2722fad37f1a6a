/**
 * What the campaign knows of an engine that PostgreSQL judges.
 */
import type { Reply } from '../support/in-process-api.ts'
import type { Asked } from './generate-read.ts'
import type { KnownDifference } from './known-differences.ts'
import type { Table } from './table.ts'

export interface JudgedEngine {
  readonly name: string
  readonly tables: readonly Table[]
  /** What PostgreSQL judges it by, and the rows of each round. */
  readonly judgeSchema: string
  readonly judgeRows: string
  /** Called in PostgreSQL before each write, if there is something to make comparable. */
  readonly resync: string | null
  readonly knownDifferences: readonly KnownDifference[]
  /** Makes what is asked a question that both can be asked. */
  readonly adapt: (asked: Asked) => Asked
  readonly serve: () => Promise<ServedEngine>
}

export interface ServedEngine {
  /** As answers tell it. */
  readonly schema: string
  ask(asked: Asked): Promise<Pick<Reply, 'status' | 'headers' | 'text'>>
  /** The rows of a round are there, and no others. */
  startRound(): Promise<void>
  stop(): Promise<void>
}
