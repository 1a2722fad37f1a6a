/**
 * A compiled write with the values of one request in it: all of them are read before the first command
 * is sent, so that a request which is refused has touched nothing.
 */
import { type Document, ObjectId } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import type { CompiledWrite, WriteRules } from './compile-mongodb-write.ts'
import type { Stages } from './compiled-read.ts'
import { newDocument, type PayloadRow } from './payload-row.ts'

/** A row and the document that it would be. Ids are given once, however often it is tried. */
export interface NewRow {
  readonly row: PayloadRow
  readonly id: unknown
  readonly document: Document
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

/** Throws  CompileRefusal: values that are none of their types, filters that cannot be lowered */
export function bindWrite(write: CompiledWrite, request: ApiRequest): BoundWrite {
  const { filter, targets, payload, rules, shown } = write
  const all = (stages: readonly Stages[]) => stages.map((each) => each(request))
  return {
    filter: filter === null ? null : filter(request),
    targets: targets(request),
    rows: payload(request).map(newRow),
    rules: {
      written: all(rules.written),
      proposed: all(rules.proposed),
      inTheWay: all(rules.inTheWay),
      merged: all(rules.merged),
    },
    shown:
      shown === null
        ? null
        : {
            stages: shown.stages(request),
            shape: shown.row,
            ofNothing: shown.ofNothing,
          },
  }
}

function newRow(row: PayloadRow): NewRow {
  const id = row.values.has('_id') ? row.values.get('_id') : new ObjectId()
  return { row, id, document: newDocument(row, id) }
}
