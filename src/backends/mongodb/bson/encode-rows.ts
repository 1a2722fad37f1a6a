/**
 * The documents of a result → the body of an answer, led by the shape that the compiler made beside
 * the pipeline. Documents come as raw bytes, one for each row.
 */
import { BSON, type Document } from 'mongodb'
import { ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { BodyEncoder } from '../../../plan/plan.ts'
import type { RowShape, ShapeMember } from './answer-shape.ts'

export interface RowEncoder {
  /**
   * The body. No documents where the shape has a `whenEmpty`: its one row. `singular` writes the
   * first document, or `null`: how many there have to be is judged elsewhere.
   *
   * Errors  of casts, as PostgreSQL has them: 22P02, 22003 …
   */
  readonly encode: (documents: readonly Uint8Array[]) => Result<Uint8Array, DatabaseFailure>
}

export function createRowEncoder(shape: RowShape, encoder: BodyEncoder): RowEncoder {
  return {
    encode: (documents) => {
      if (encoder.kind === 'none') return ok(new Uint8Array())
      const read = documents.map((each) => BSON.deserialize(each))
      const rows = rowTexts(shape, read)
      const text = encoder.kind === 'singular' ? (rows[0] ?? 'null') : `[${rows.join(',')}]`
      return ok(Buffer.from(text))
    },
  }
}

function rowTexts(shape: RowShape, documents: readonly Document[]): readonly string[] {
  if (documents.length === 0 && shape.whenEmpty !== null) return [shape.whenEmpty]
  return documents.map((document) => {
    const members = shape.members.flatMap((member) => memberTexts(member, document))
    return `{${members.join(',')}}`
  })
}

function memberTexts(member: ShapeMember, document: Document): readonly string[] {
  const value: unknown = document[member.key]
  const list: readonly Document[] = Array.isArray(value) ? value : []
  const named = (name: string, json: string) => `${JSON.stringify(name)}:${json}`
  switch (member.kind) {
    case 'value':
      return [named(member.name, JSON.stringify(value ?? null))]
    case 'all':
      return member.columns.map(({ name, field }) =>
        named(name, JSON.stringify(Object(value)[field] ?? null)),
      )
    case 'object':
      return [named(member.name, rowTexts(member.row, list.slice(0, 1))[0] ?? 'null')]
    case 'array':
      return [named(member.name, `[${rowTexts(member.row, list).join(',')}]`)]
    case 'spread-one':
      return member.row.members.flatMap((each) => memberTexts(each, list[0] ?? {}))
    case 'spread-many':
      return member.row.members.flatMap((each) =>
        'name' in each
          ? [named(each.name, JSON.stringify(list.map((row) => row[each.key] ?? null)))]
          : [],
      )
  }
}
