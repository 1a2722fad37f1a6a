/**
 * What writes the rows of a plan, made once: a shape belongs to what a plan was compiled to, and goes
 * with it.
 */
import { oncePerObject } from '../../../core/once-per-object.ts'
import type { BodyEncoder } from '../../../plan/plan.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import { createRowEncoder, type RowEncoder } from '../bson/encode-rows.ts'

export type EncoderCache = (shape: RowShape, encoder: BodyEncoder) => RowEncoder

/** A shape always comes with the same encoder: its plan's. */
export function createEncoderCache(): EncoderCache {
  return oncePerObject(createRowEncoder)
}
