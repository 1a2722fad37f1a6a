/**
 * What writes the rows of a plan, made once: a shape belongs to what a plan was compiled to, and goes
 * with it.
 */
import type { BodyEncoder } from '../../../plan/plan.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import { createRowEncoder, type RowEncoder } from '../bson/encode-rows.ts'

export type EncoderCache = (shape: RowShape, encoder: BodyEncoder) => RowEncoder

/** A shape always comes with the same encoder: its plan's. */
export function createEncoderCache(): EncoderCache {
  const encoders = new WeakMap<RowShape, RowEncoder>()
  return (shape, encoder) => {
    const known = encoders.get(shape)
    if (known !== undefined) return known
    const made = createRowEncoder(shape, encoder)
    encoders.set(shape, made)
    return made
  }
}
