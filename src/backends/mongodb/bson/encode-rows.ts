/**
 * The documents of a result → the body of an answer, led by the shape that the compiler made beside
 * the pipeline. Documents come as raw bytes, one for each row, and their values are written from
 * there: no JavaScript object is made of them.
 */
import { isUtf8 } from 'node:buffer'
import { assertNever } from '../../../core/assert-never.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { BodyEncoder } from '../../../plan/plan.ts'
import { type AnswerRow, createAnswerRow } from './answer-row.ts'
import type { RowShape } from './answer-shape.ts'
import { ByteWriter } from './byte-writer.ts'
import { CastFailure } from './value-writer.ts'
import { compactJson } from './write-json-value.ts'
import { writeCsvField } from './write-text-value.ts'

export interface RowEncoder {
  /**
   * The body. `singular` writes the first row, or `null`: how many there have to be is judged
   * elsewhere.
   *
   * Errors  of casts, as PostgreSQL has them: 22P02, 22003 …
   */
  readonly encode: (documents: readonly Uint8Array[]) => Result<Uint8Array, DatabaseFailure>
}

type Documents = readonly Uint8Array[]

/**
 * Compiled once for a plan. Throws  for media that are functions of PostgreSQL, which no plan for
 * this engine has
 */
export function createRowEncoder(shape: RowShape, encoder: BodyEncoder): RowEncoder {
  const write = bodyWriter(shape, encoder)
  return {
    encode: (documents) => {
      const size = documents.reduce((sum, document) => sum + document.length, 64)
      const out = new ByteWriter(size + (size >> 2))
      try {
        write(out, documents)
      } catch (thrown) {
        if (thrown instanceof CastFailure) return err(thrown.failure)
        throw thrown
      }
      return ok(repaired(out.written()))
    },
  }
}

/** What is no UTF-8 in a text becomes U+FFFD; all that is put around texts is ASCII. */
function repaired(body: Buffer): Uint8Array {
  return isUtf8(body) ? body : Buffer.from(body.toString())
}

function bodyWriter(
  shape: RowShape,
  encoder: BodyEncoder,
): (out: ByteWriter, documents: Documents) => void {
  switch (encoder.kind) {
    case 'none':
      return () => {}
    case 'json': {
      const row = createAnswerRow(shape, { ...compactJson, stripNulls: encoder.stripNulls })
      return (out, documents) => writeRows(out, row, documents)
    }
    case 'singular': {
      const row = createAnswerRow(shape, { ...compactJson, stripNulls: encoder.stripNulls })
      return (out, documents) => {
        if (documents.length === 0) out.ascii('null')
        else eachRow(row, documents.slice(0, 1), () => row.writeJson(out))
      }
    }
    case 'csv': {
      const row = createAnswerRow(shape, compactJson)
      return (out, documents) => writeCsv(out, row, documents)
    }
    case 'geojson':
    case 'custom':
      throw new Error(`MongoDB answers no media of kind ${encoder.kind}`)
    default:
      return assertNever(encoder)
  }
}

/** Each is loaded, and taken then. */
function eachRow(row: AnswerRow, documents: Documents, take: () => void): void {
  for (const document of documents) {
    row.load(document, 0)
    take()
  }
}

function writeRows(out: ByteWriter, row: AnswerRow, documents: Documents): void {
  const start = out.length
  eachRow(row, documents, () => {
    out.byte(0x2c)
    row.writeJson(out)
  })
  // each row has a comma before it
  if (out.length === start) out.byte(0x5b)
  else out.setByte(start, 0x5b)
  out.byte(0x5d)
}

/**
 * The header is sent when there is a row. It has the fields that any row of the page has.
 *
 * Rule  PostgREST: the names as they are, then the text form of each row without its parentheses
 */
function writeCsv(out: ByteWriter, row: AnswerRow, documents: Documents): void {
  const found = row.outputs.map(() => new Set<string>())
  eachRow(row, documents, () => {
    row.outputs.forEach((output, index) => {
      if (output.kind === 'named') return
      for (const name of output.names()) found[index]?.add(name)
    })
  })
  const fields = row.outputs.flatMap((output, index) =>
    output.kind === 'named'
      ? [{ name: output.name, text: output.text }]
      : [...(found[index] ?? [])].map((name) => ({
          name,
          text: (to: ByteWriter) => output.text(to, name),
        })),
  )
  if (documents.length === 0) out.byte(0x0a)
  else out.text(fields.map(({ name }) => name).join(','))
  const field = new ByteWriter(256)
  eachRow(row, documents, () => {
    out.byte(0x0a)
    fields.forEach(({ text }, index) => {
      if (index > 0) out.byte(0x2c)
      field.truncate(0)
      if (text(field)) writeCsvField(out, field.written())
    })
  })
}
