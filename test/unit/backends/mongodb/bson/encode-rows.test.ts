import { BSON, type Document } from 'mongodb'
import { expect, test } from 'vitest'
import type { RowShape } from '../../../../../src/backends/mongodb/bson/answer-shape.ts'
import { createRowEncoder } from '../../../../../src/backends/mongodb/bson/encode-rows.ts'

/** The body of these documents as text. */
function json(shape: RowShape, documents: readonly Document[]): string {
  const encoded = createRowEncoder(shape, { kind: 'json', stripNulls: false }).encode(
    documents.map((document) => BSON.serialize(document)),
  )
  if (!encoded.ok) throw new Error(encoded.error.message)
  return Buffer.from(encoded.value).toString()
}

test('members come in the order of the shape, absent ones as null', () => {
  const shape: RowShape = {
    members: [
      { kind: 'value', name: 'b', key: 'c0', rendering: { kind: 'plain' } },
      { kind: 'value', name: 'a', key: 'c1', rendering: { kind: 'plain' } },
    ],
    whenEmpty: null,
  }
  expect(json(shape, [{ c1: 1, c0: 'x' }, { c0: true }])).toBe(
    '[{"b":"x","a":1},{"b":true,"a":null}]',
  )
})
