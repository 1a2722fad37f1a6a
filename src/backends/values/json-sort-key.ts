/**
 * Bytes that sort as PostgreSQL's `jsonb` sorts documents, and are equal for equal ones: what `eq`,
 * `gt` and an order by a document compare.
 *
 * Rule  PostgreSQL manual: jsonb Indexing (order); an empty array at the top is the least of all
 */
const ranks = { null: 1, string: 2, number: 3, boolean: 4, array: 5, object: 6 } as const

/** Throws  SyntaxError for what is no JSON */
export function jsonSortKey(json: string): Buffer {
  const document: unknown = JSON.parse(json)
  if (Array.isArray(document) && document.length === 0) return Buffer.from([0])
  const parts: Buffer[] = []
  // a stack of its own: clients decide how deep documents nest
  const pending: unknown[] = [document]
  while (pending.length > 0) {
    const value = pending.pop()
    parts.push(headOf(value))
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at -= 1) pending.push(value[at])
    } else if (typeof value === 'object' && value !== null) {
      const pairs = Object.entries(value).sort(([a], [b]) => compareKeys(a, b))
      for (const [key, each] of pairs.reverse()) pending.push(each, key)
    }
  }
  return Buffer.concat(parts)
}

/** Keys are kept by their length in bytes, then by their bytes. */
function compareKeys(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length - right.length || left.compare(right)
}

function headOf(value: unknown): Buffer {
  switch (typeof value) {
    case 'string':
      return textKey(value)
    case 'number':
      return numberKey(value)
    case 'boolean':
      return Buffer.from([ranks.boolean, value ? 1 : 0])
    default: {
      if (value === null || typeof value !== 'object') return Buffer.from([ranks.null])
      const head = Buffer.alloc(5)
      head[0] = Array.isArray(value) ? ranks.array : ranks.object
      head.writeUInt32BE(Array.isArray(value) ? value.length : Object.keys(value).length, 1)
      return head
    }
  }
}

/** Ends with two zeros; a zero inside is followed by 255, so that shorter texts come first. */
function textKey(text: string): Buffer {
  const bytes: number[] = [ranks.string]
  for (const byte of Buffer.from(text)) bytes.push(...(byte === 0 ? [0, 255] : [byte]))
  return Buffer.from([...bytes, 0, 0])
}

/** The bits of a double in the order of the numbers. */
function numberKey(value: number): Buffer {
  const key = Buffer.alloc(9)
  key[0] = ranks.number
  key.writeDoubleBE(value === 0 ? 0 : value, 1)
  const isNegative = (key[1] ?? 0) >= 128
  for (let at = 1; at < 9; at += 1)
    key[at] = (key[at] ?? 0) ^ (isNegative ? 255 : at === 1 ? 128 : 0)
  return key
}
