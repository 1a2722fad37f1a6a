/**
 * Strong entity tags: a hash over a representation, and the lists of them that requests name. Who
 * answers a read makes one, and who writes makes it again of the same representation, inside the
 * transaction, to see whether the client's is still true.
 *
 * Rule  RFC 9110: 8.8.3 (ETag), 13.1.1 (If-Match), 13.1.2 (If-None-Match)
 */
import { createHash } from 'node:crypto'
import { type Content, toBuffer } from './http-exchange.ts'

/** `any`: `*`. */
export type TagList = readonly string[] | 'any'

/** What a representation has to be for a write to go on. */
export interface ExpectedTags {
  readonly tags: TagList
  /** What stands before the body in the hash, in each way in which a read may have been answered. */
  readonly heads: readonly string[]
}

/** Shape  `"…"`; `head`: what the representation is beside its body */
export function entityTag(head: string, body: Content): string {
  const hash = createHash('sha256').update(head).update('\n')
  for (const piece of Array.isArray(body) ? body : [toBuffer(body)]) hash.update(piece)
  return `"${hash.digest('base64url')}"`
}

/** Null: no header. One that holds no tag names none: no representation is on its list. Weak ones keep their `W/`. */
export function readTags(header: string | undefined): TagList | null {
  if (header === undefined) return null
  if (header.trim() === '*') return 'any'
  return header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/g) ?? []
}

/** Weak comparison: what `If-None-Match` asks for. */
export function namesTag(list: TagList, tag: string): boolean {
  return list === 'any' || list.some((named) => named.replace(/^W\//, '') === tag)
}

/** Strong comparison: whether one row is there and as the client knows it. */
export function isAsExpected({ tags, heads }: ExpectedTags, rows: number, body: Content): boolean {
  if (rows !== 1) return false
  return tags === 'any' || heads.some((head) => tags.includes(entityTag(head, body)))
}
