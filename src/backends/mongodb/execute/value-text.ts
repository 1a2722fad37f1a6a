/**
 * One stored value as a text, as `->>` would give it: what filters and messages call it.
 */
import { BSON } from 'mongodb'
import type { RowShape } from '../bson/answer-shape.ts'
import { createRowEncoder } from '../bson/encode-rows.ts'

const asText: RowShape = {
  members: [{ kind: 'value', name: 'text', key: 'c0', rendering: { kind: 'text' } }],
}
const encoder = createRowEncoder(asText, { kind: 'singular', stripNulls: false })

/** Null: it is null, or has no text. */
export function valueText(value: unknown): string | null {
  const encoded = encoder.encode([BSON.serialize({ c0: value ?? null })])
  if (!encoded.ok) return null
  const row: unknown = JSON.parse(Buffer.from(encoded.value).toString())
  const text: unknown = Object(row).text
  return typeof text === 'string' ? text : null
}
