/**
 * A compiled write with the values of one request in it: all of them are read before the first command
 * is sent, so that a request which is refused has touched nothing.
 */
import { type Document, ObjectId } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import type { CompiledWrite, WriteRules } from './compile-mongodb-write.ts'
import type { Stages } from './compiled-read.ts'
import { lacksId } from './missing-id.ts'
import { refuse } from './mongodb-refusal.ts'
import { newDocument, type PayloadRow } from './payload-row.ts'

/** A row and the document that it would be. Ids are given once, however often it is tried. */
export interface NewRow {
  readonly row: PayloadRow
  readonly id: unknown
  readonly document: Document
  /** Why it can only change a document that is there; null: it can be a new one. */
  readonly missingId: DatabaseFailure | null
}

export interface BoundWrite {
  /** Null: only `targets` finds the rows. */
  readonly filter: Document | null
  readonly targets: readonly Document[]
  readonly rows: readonly NewRow[]
  readonly rules: Readonly<Record<keyof WriteRules, readonly (readonly Document[])[]>>
  readonly shown: {
    readonly stages: readonly Document[]
    readonly shape: RowShape
    /** The row of an aggregate over nothing; null: nothing gives no row. */
    readonly ofNothing: Document | null
  } | null
}

/**
 * Operands are read before the payload, and a missing id is told last, as PostgreSQL reads the
 * parameters of a statement before it runs it.
 *
 * Throws  CompileRefusal: values that are none of their types, filters that cannot be lowered
 */
export function bindWrite(write: CompiledWrite, request: ApiRequest): BoundWrite {
  const { payload, conflict, missingId } = write
  const operands = bindOperands(write, request)
  const rows = payload(request).map((row) => newRow(row, missingId))
  const broken = conflict === null ? rows.find((row) => row.missingId !== null) : undefined
  if (broken !== undefined && broken.missingId !== null) refuse(broken.missingId)
  return { ...operands, rows }
}

function bindOperands(write: CompiledWrite, request: ApiRequest): Omit<BoundWrite, 'rows'> {
  const { filter, targets, rules, shown } = write
  const all = (stages: readonly Stages[]) => stages.map((each) => each(request))
  return {
    filter: filter === null ? null : filter(request),
    targets: targets(request),
    rules: {
      written: all(rules.written),
      proposed: all(rules.proposed),
      inTheWay: all(rules.inTheWay),
      merged: all(rules.merged),
    },
    shown:
      shown === null
        ? null
        : { stages: shown.stages(request), shape: shown.row, ofNothing: shown.ofNothing },
  }
}

function newRow(row: PayloadRow, failure: DatabaseFailure | null): NewRow {
  const given = row.values.has('_id') ? row.values : row.defaults
  const id = given.has('_id') ? given.get('_id') : new ObjectId()
  return { row, id, document: newDocument(row, id), missingId: lacksId(row) ? failure : null }
}
