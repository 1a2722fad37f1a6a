/**
 * Walks through the JSON text of a payload, a piece at a time: whether it is JSON, and whether it is
 * what can be written, an object or a list of objects with equal keys. Nothing is built of its
 * values, which the engine reads; `JSON.parse` would hold the event loop until a large body is read.
 * It is the bytes that are walked through: reaching into them costs a third of reaching into a string.
 *
 * Rule  RFC 8259; the same texts are JSON as for `JSON.parse`
 */
import type { Steps } from '../core/run-in-slices.ts'
import { hexDigit } from './query-string.ts'
import { hasBytesAt, RowKeys } from './row-keys.ts'

export interface JsonOutline {
  /** `other` is text, a number, true, false or null. */
  readonly kind: 'object' | 'list' | 'other'
  readonly isEmptyList: boolean
  /** Of the object, or of the objects of the list. */
  readonly keys: Pick<RowKeys, 'names' | 'areTooMany' | 'areEqual'>
}

/**
 * Null where the text is no JSON. `bytes` are UTF-8, as the caller has found out.
 *
 * `mostKeys`: of one object, beyond which they are no longer collected nor compared
 * Units       a piece is read in about a millisecond
 */
export function* outlineJson(
  bytes: Uint8Array,
  mostKeys: number,
  pieceBytes = 128 * 1024,
): Steps<JsonOutline | null> {
  const walk = new JsonWalk(bytes, mostKeys)
  while (walk.go(pieceBytes)) yield
  return walk.outline()
}

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const quote = 0x22
const plus = 0x2b
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const letterE = 0x65
const letterU = 0x75
const openBrace = 0x7b
const closeBrace = 0x7d

/** What may come next; `first-…` right behind an opening bracket, which may close as well. */
type Wanted = 'value' | 'first-item' | 'first-key' | 'key' | 'colon' | 'comma' | 'nothing'

const inList = 0
const inObject = 1

class JsonWalk {
  readonly #bytes: Uint8Array
  readonly #keys: RowKeys
  #at = 0
  #wanted: Wanted = 'value'
  #isBroken = false
  #kind: JsonOutline['kind'] = 'other'
  #hasItems = false
  /** Where the string began that is being read; -1 outside of strings. */
  #stringStart = -1
  /** What is open, from the outermost on: `inList` or `inObject`. */
  #open = new Uint8Array(64)
  #depth = 0

  constructor(bytes: Uint8Array, mostKeys: number) {
    this.#bytes = bytes
    this.#keys = new RowKeys(mostKeys)
  }

  /** Reads on; false once there is nothing more to read. */
  go(count: number): boolean {
    const stop = Math.min(this.#bytes.length, this.#at + count)
    while (this.#at < stop && !this.#isBroken) {
      if (this.#stringStart === -1) this.#readToken(stop)
      else this.#readString(stop)
    }
    return !this.#isBroken && this.#at < this.#bytes.length
  }

  outline(): JsonOutline | null {
    if (this.#isBroken || this.#wanted !== 'nothing') return null
    const isEmptyList = this.#kind === 'list' && !this.#hasItems
    return { kind: this.#kind, isEmptyList, keys: this.#keys }
  }

  #readToken(stop: number): void {
    const code = this.#bytes[this.#at] ?? 0
    switch (code) {
      case space:
      case lineFeed:
      case carriageReturn:
      case tab:
        this.#at += 1
        break
      case quote:
        if (this.#wanted !== 'key' && this.#wanted !== 'first-key') this.#beginValue('other')
        this.#stringStart = this.#at
        this.#at += 1
        break
      case openBrace:
        this.#beginValue('object')
        this.#push(inObject)
        break
      case openBracket:
        this.#beginValue('list')
        this.#push(inList)
        break
      case closeBrace:
        if (this.#depth === this.#rowDepth()) this.#keys.endRow()
        this.#pop(inObject, 'first-key')
        if (this.#depth === 1 && this.#kind === 'list') this.#readAlikeRows(stop)
        break
      case closeBracket:
        this.#pop(inList, 'first-item')
        break
      case comma:
        this.#take('comma', this.#innermost() === inObject ? 'key' : 'value')
        break
      case colon:
        this.#take('colon', 'value')
        break
      default:
        this.#beginValue('other')
        this.#readWord(code)
    }
  }

  /** A sign of one character. */
  #take(wanted: Wanted, next: Wanted): void {
    if (this.#wanted !== wanted) this.#isBroken = true
    this.#wanted = next
    this.#at += 1
  }

  /**
   * Most rows are written just as the first one, and are read without a look at what may come next. The
   * first other one, and what is too long for the piece, is left to the rest of the walk.
   */
  #readAlikeRows(stop: number): void {
    const keys = this.#keys.written
    let at = this.#at
    while (keys !== null && !this.#isBroken && at < stop && this.#bytes[at] === comma) {
      this.#at = at
      at = endOfAlikeRow(this.#bytes, behindBlank(this.#bytes, at + 1), keys, stop)
    }
    if (at !== -1) this.#at = at
  }

  #beginValue(kind: JsonOutline['kind']): void {
    if (this.#wanted !== 'value' && this.#wanted !== 'first-item') this.#isBroken = true
    if (this.#depth === 0) this.#kind = kind
    if (this.#depth === 1 && this.#kind === 'list') {
      this.#hasItems = true
      if (kind !== 'object') this.#keys.addOther()
    }
  }

  #endValue(): void {
    this.#wanted = this.#depth === 0 ? 'nothing' : 'comma'
  }

  /** How deep the members of rows are. */
  #rowDepth(): number {
    return this.#kind === 'list' ? 2 : 1
  }

  #innermost(): number | undefined {
    return this.#open[this.#depth - 1]
  }

  #push(what: number): void {
    if (this.#depth === this.#open.length) {
      const longer = new Uint8Array(this.#open.length * 2)
      longer.set(this.#open)
      this.#open = longer
    }
    this.#open[this.#depth] = what
    this.#depth += 1
    this.#wanted = what === inObject ? 'first-key' : 'first-item'
    this.#at += 1
  }

  #pop(what: number, orWanted: Wanted): void {
    const mayClose = this.#wanted === 'comma' || this.#wanted === orWanted
    if (!mayClose || this.#innermost() !== what) this.#isBroken = true
    this.#depth -= 1
    this.#at += 1
    this.#endValue()
  }

  #readString(stop: number): void {
    const at = closingQuote(this.#bytes, this.#at, stop)
    if (at === -1) {
      this.#isBroken = true
    } else if (at < stop) {
      this.#at = at + 1
      this.#endString()
    } else {
      this.#at = at
    }
  }

  #endString(): void {
    const start = this.#stringStart
    this.#stringStart = -1
    if (this.#wanted !== 'key' && this.#wanted !== 'first-key') {
      this.#endValue()
      return
    }
    if (this.#depth === this.#rowDepth()) this.#keys.add(this.#bytes, start, this.#at)
    this.#wanted = 'colon'
  }

  /** A number, or one of the three words. */
  #readWord(code: number): void {
    const bytes = this.#bytes
    const at = this.#at
    const end = startsNumber(code) ? endOfNumber(bytes, at) : endOfWord(bytes, at)
    if (end === -1) this.#isBroken = true
    else this.#at = end
    this.#endValue()
  }
}

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const escapable: ReadonlySet<number | undefined> = new Set(Buffer.from('"\\/bfnrt'))

/**
 * Behind the row that begins at `start`, if it has these keys in this order, no value that has parts, and ends
 * before `stop`; else -1.
 */
function endOfAlikeRow(
  bytes: Uint8Array,
  start: number,
  keys: readonly Uint8Array[],
  stop: number,
): number {
  if (bytes[start] !== openBrace) return -1
  let at = start
  for (const key of keys) {
    // behind the brace, or the comma
    if (at > start && bytes[at] !== comma) return -1
    at = behindBlank(bytes, at + 1)
    if (!hasBytesAt(bytes, at, key)) return -1
    at += key.length
    if (bytes[at] !== colon) return -1
    at = endOfPlainValue(bytes, behindBlank(bytes, at + 1), stop)
    if (at === -1) return -1
  }
  return bytes[at] === closeBrace ? at + 1 : -1
}

/** Python writes one, and most others none. */
function behindBlank(bytes: Uint8Array, at: number): number {
  return bytes[at] === space ? at + 1 : at
}

/** Behind the text, number or word that begins at `at`; -1 where there is none, or none that ends before `stop`. */
function endOfPlainValue(bytes: Uint8Array, at: number, stop: number): number {
  const code = bytes[at] ?? 0
  if (code === quote) {
    const end = closingQuote(bytes, at + 1, stop)
    return end === -1 || end >= stop ? -1 : end + 1
  }
  return startsNumber(code) ? endOfNumber(bytes, at) : endOfWord(bytes, at)
}

function startsNumber(code: number): boolean {
  return code === minus || (code >= zero && code <= nine)
}

/** Where the text ends that goes on at `start`; -1 where it is broken; `stop` or more where it goes on. */
function closingQuote(bytes: Uint8Array, start: number, stop: number): number {
  let at = start
  while (at < stop) {
    const code = bytes[at] ?? 0
    if (code === quote) return at
    if (code < space) return -1
    if (code === backslash) {
      at = endOfEscape(bytes, at)
      if (at === -1) return -1
    } else {
      at += 1
    }
  }
  return at
}

/** Behind the word that begins at `at`; -1 where there is none. */
function endOfWord(bytes: Uint8Array, at: number): number {
  const word = words.find((candidate) => hasBytesAt(bytes, at, candidate))
  return word === undefined ? -1 : at + word.length
}

/** Behind the escape that begins at `at`; -1 where there is none. */
function endOfEscape(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== letterU) return escapable.has(bytes[at + 1]) ? at + 2 : -1
  for (let i = 2; i < 6; i += 1) {
    if (hexDigit(bytes[at + i]) === -1) return -1
  }
  return at + 6
}

/** Behind the number that begins at `start`; -1 where there is none. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === minus ? start + 1 : start
  const whole = at
  at = endOfDigits(bytes, at)
  if (at === whole || (bytes[whole] === zero && at > whole + 1)) return -1
  if (bytes[at] === point) {
    const fraction = at + 1
    at = endOfDigits(bytes, fraction)
    if (at === fraction) return -1
  }
  // of either case
  if (((bytes[at] ?? 0) | 0x20) === letterE) {
    const sign = bytes[at + 1]
    const exponent = sign === plus || sign === minus ? at + 2 : at + 1
    at = endOfDigits(bytes, exponent)
    if (at === exponent) return -1
  }
  return at
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start
  for (; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0
    if (code < zero || code > nine) break
  }
  return at
}
