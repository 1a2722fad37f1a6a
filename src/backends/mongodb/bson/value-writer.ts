/**
 * How the value of one member is written, by its rendering: as JSON, and as the text that a PostgreSQL
 * row shows it with.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { Rendering } from './answer-shape.ts'
import { elementType, isNull } from './bson-element.ts'
import { ByteWriter } from './byte-writer.ts'
import { averageOf, type CastResult, castBsonValue } from './cast-bson-value.ts'
import { ElementSlots } from './element-slots.ts'
import { type JsonStyle, writeJsonValue } from './write-json-value.ts'
import { writeJsonText, writeOutput } from './write-text-value.ts'

export interface ValueWriter {
  readonly json: (
    out: ByteWriter,
    source: Uint8Array,
    type: number,
    at: number,
    style: JsonStyle,
  ) => void
  /** False: the value is null, and nothing is written. */
  readonly text: (out: ByteWriter, source: Uint8Array, type: number, at: number) => boolean
}

/** A cast failed: it ends the encoding, whose caller gets the failure as a value. */
export class CastFailure extends Error {
  readonly failure: DatabaseFailure

  constructor(failure: DatabaseFailure) {
    super(failure.message)
    this.failure = failure
  }
}

/** Throws  CastFailure, when a value is written whose cast fails */
export function valueWriter(rendering: Rendering): ValueWriter {
  switch (rendering.kind) {
    case 'plain':
      return plainWriter(rendering.type ?? '')
    case 'text':
      return textWriter()
    case 'cast': {
      const { target, type: columnType } = rendering
      return resultWriter((source, type, at) => castBsonValue(target, columnType, source, type, at))
    }
    case 'average':
      return averageWriter(rendering.cast)
    default:
      return assertNever(rendering)
  }
}

/** `columnType`: empty where it is not known. */
export function plainWriter(columnType: string): ValueWriter {
  return {
    json: writeJsonValue,
    text: (out, source, type, at) => {
      if (isNull(type)) return false
      writeOutput(out, source, type, at, columnType)
      return true
    },
  }
}

function textWriter(): ValueWriter {
  const scratch = new ByteWriter(256)
  return {
    json: (out, source, type, at) => {
      if (isNull(type)) {
        out.ascii('null')
        return
      }
      scratch.truncate(0)
      writeJsonText(scratch, source, type, at)
      out.jsonString(scratch.written(), 0, scratch.length)
    },
    text: (out, source, type, at) => {
      if (isNull(type)) return false
      writeJsonText(out, source, type, at)
      return true
    },
  }
}

function resultWriter(
  resultAt: (source: Uint8Array, type: number, at: number) => Result<CastResult, DatabaseFailure>,
): ValueWriter {
  const valueAt = (source: Uint8Array, type: number, at: number) => {
    const result = resultAt(source, type, at)
    if (!result.ok) throw new CastFailure(result.error)
    return result.value
  }
  return {
    json: (out, source, type, at) => out.text(valueAt(source, type, at)?.json ?? 'null'),
    text: (out, source, type, at) => {
      const value = valueAt(source, type, at)
      if (value !== null) out.text(value.text)
      return value !== null
    },
  }
}

function averageWriter(cast: Extract<Rendering, { kind: 'average' }>['cast']): ValueWriter {
  const parts = new ElementSlots(['s', 'n'])
  return resultWriter((source, type, at) => {
    if (type === elementType.document) parts.scan(source, at, null)
    else parts.clear()
    return averageOf(cast, source, elementOf(parts, 's'), elementOf(parts, 'n'))
  })
}

function elementOf(parts: ElementSlots, name: string) {
  const slot = parts.slotOf(name)
  return { type: parts.typeOf(slot), at: parts.valueAt(slot) }
}
