/**
 * Splits a raw query (or form body) into decoded pairs and prints the canonical form of one. Order
 * and repeats are kept: they mean something to filters and variadic arguments.
 *
 * `&` and `;` separate pairs, `+` is a blank, a `%` that no two hexadecimal digits follow stands
 * for itself.
 *
 * Rule  PostgREST docs: url_grammar
 */

import { runAtOnce, type Steps } from '../core/run-in-slices.ts'

export interface QueryPair {
  readonly key: string
  /** Null without an equals sign. */
  readonly value: string | null
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const plain = /^[\x20-\x24\x26-\x2a\x2c-\x7e]*$/

/** Null if the bytes are no UTF-8. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** Characters after which reading may pause. */
const pieceChars = 64 * 1024

/** Bytes that are decoded at once. */
const pieceBytes = 1024 * 1024

/** The same of a body, however large. */
export function* decodeBody(bytes: Uint8Array): Steps<string | null> {
  if (bytes.length <= pieceBytes) return decodeUtf8(bytes)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      text += decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true })
      yield
    }
    return text + decoder.decode()
  } catch {
    return null
  }
}

/**
 * The bytes of a text that came over the wire. Node hands over one unit per byte; a text with
 * larger units was decoded before it came here.
 */
function wireBytes(text: string): Uint8Array {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 255) return Buffer.from(text, 'utf8')
  }
  return Buffer.from(text, 'latin1')
}

/** The value of a hexadecimal digit; -1 where it is none. */
export function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}

function percentDecodedBytes(text: string, plusIsBlank: boolean): Uint8Array {
  const source = wireBytes(text)
  const bytes = new Uint8Array(source.length)
  let length = 0
  for (let at = 0; at < source.length; at += 1) {
    let byte = source[at] ?? 0
    if (byte === 0x25) {
      const high = hexDigit(source[at + 1])
      const low = hexDigit(source[at + 2])
      if (high !== -1 && low !== -1) {
        byte = high * 16 + low
        at += 2
      }
    } else if (byte === 0x2b && plusIsBlank) {
      byte = 0x20
    }
    bytes[length] = byte
    length += 1
  }
  return bytes.subarray(0, length)
}

/** A header's text, whose bytes beyond ASCII are UTF-8 as a rule. */
export function decodeHeader(value: string): string {
  for (let at = 0; at < value.length; at += 1) {
    if (value.charCodeAt(at) > 127) return decodeUtf8(wireBytes(value)) ?? value
  }
  return value
}

function decodeQueryPart(text: string): string | null {
  return plain.test(text) ? text : decodeUtf8(percentDecodedBytes(text, true))
}

/** The same of a part of a form, however long. */
function* decodeInPieces(text: string): Steps<string | null> {
  if (text.length <= pieceChars) return decodeQueryPart(text)
  const pieces: Uint8Array[] = []
  for (let start = 0; start < text.length; ) {
    const end = start + pieceChars
    // a percent sign stays with its digits
    const sign = text.slice(end - 2, end).indexOf('%')
    const stop = sign === -1 ? end : end - 2 + sign
    pieces.push(percentDecodedBytes(text.slice(start, stop), true))
    start = stop
    yield
  }
  return yield* decodeBody(Buffer.concat(pieces))
}

/** A path segment; what is no UTF-8 becomes U+FFFD, and so names nothing. */
export function decodeSegment(text: string): string {
  return plain.test(text) ? text : lenientUtf8.decode(percentDecodedBytes(text, false))
}

/**
 * Shape  `a=1&b&c=%20` → a pair each, the second one without a value; `` → none
 * Errors  null if a key or value is no UTF-8
 */
export function parseQueryPairs(raw: string): readonly QueryPair[] | null {
  return runAtOnce(queryPairs(raw.startsWith('?') ? raw.slice(1) : raw, Number.POSITIVE_INFINITY))
}

/** The first `most` pairs of a text without the question mark; else as `parseQueryPairs`. */
export function* queryPairs(text: string, most: number): Steps<readonly QueryPair[] | null> {
  const pairs: QueryPair[] = []
  let start = 0
  let pauseAt = pieceChars
  while (start < text.length && pairs.length < most) {
    if (start >= pauseAt) {
      yield
      pauseAt = start + pieceChars
    }
    let end = start
    let equals = -1
    for (; end < text.length; end += 1) {
      const code = text.charCodeAt(end)
      if (code === 0x26 || code === 0x3b) break
      if (code === 0x3d && equals < 0) equals = end
    }
    const key = yield* decodeInPieces(text.slice(start, equals < 0 ? end : equals))
    const value = equals < 0 ? null : yield* decodeInPieces(text.slice(equals + 1, end))
    if (key === null || (equals >= 0 && value === null)) return null
    pairs.push({ key, value })
    start = end + 1
  }
  return pairs
}

const unreserved = /^[A-Za-z0-9_.~-]*$/

function encode(text: string): string {
  if (unreserved.test(text)) return text
  return encodeURIComponent(text).replace(
    /[!*'()]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * Pairs sorted by key, encoded. It means what the pairs mean: a repeated key stays one, though the
 * release joins its values by commas.
 *
 * Shape  b, a=2, a=1 → `a=2&a=1&b`
 * Rule   v16.2 spec: QuerySpec (Content-Location)
 */
export function canonicalQuery(pairs: readonly QueryPair[]): string {
  if (pairs.length === 0) return ''
  const sorted = [...pairs].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const texts = sorted.map(({ key, value }) =>
    value === null ? encode(key) : `${encode(key)}=${encode(value)}`,
  )
  return texts.join('&')
}
