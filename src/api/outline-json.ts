/**
 * Walks through the JSON text of a payload, a piece at a time: whether it is JSON, and whether it is
 * what can be written, an object or a list of objects with equal keys. Nothing is built of its
 * values, which the engine reads; `JSON.parse` would hold the event loop until a large body is read.
 *
 * Rule  RFC 8259; the same texts are JSON as for `JSON.parse`
 */
import type { Steps } from '../core/run-in-slices.ts'
import { RowKeys } from './row-keys.ts'

export interface JsonOutline {
  /** `other` is text, a number, true, false or null. */
  readonly kind: 'object' | 'list' | 'other'
  readonly isEmptyList: boolean
  /** Of the object, or of the objects of the list. */
  readonly keys: Pick<RowKeys, 'names' | 'areTooMany' | 'areEqual'>
}

/**
 * Null where the text is no JSON.
 *
 * `mostKeys`: of one object, beyond which they are no longer collected nor compared
 * Units       a piece is read in about a millisecond
 */
export function* outlineJson(
  text: string,
  mostKeys: number,
  pieceChars = 64 * 1024,
): Steps<JsonOutline | null> {
  const walk = new JsonWalk(text, mostKeys)
  while (walk.go(pieceChars)) yield
  return walk.outline()
}

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const letterU = 0x75
const openBrace = 0x7b
const closeBrace = 0x7d

/** What may come next; `first-…` right behind an opening bracket, which may close as well. */
type Wanted = 'value' | 'first-item' | 'first-key' | 'key' | 'colon' | 'comma' | 'nothing'

const inList = 0
const inObject = 1

class JsonWalk {
  readonly #text: string
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

  constructor(text: string, mostKeys: number) {
    this.#text = text
    this.#keys = new RowKeys(mostKeys)
  }

  /** Reads on; false once there is nothing more to read. */
  go(chars: number): boolean {
    const stop = Math.min(this.#text.length, this.#at + chars)
    while (this.#at < stop && !this.#isBroken) {
      if (this.#stringStart === -1) this.#readToken()
      else this.#readString(stop)
    }
    return !this.#isBroken && this.#at < this.#text.length
  }

  outline(): JsonOutline | null {
    if (this.#isBroken || this.#wanted !== 'nothing') return null
    const isEmptyList = this.#kind === 'list' && !this.#hasItems
    return { kind: this.#kind, isEmptyList, keys: this.#keys }
  }

  #readToken(): void {
    const code = this.#text.charCodeAt(this.#at)
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
    const text = this.#text
    let at = this.#at
    while (at < stop) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        this.#at = at + 1
        this.#endString()
        return
      }
      if (code < space) break
      at = code === backslash ? endOfEscape(text, at) : at + 1
      if (at === -1) break
    }
    if (at === -1 || at < stop) this.#isBroken = true
    else this.#at = at
  }

  #endString(): void {
    const start = this.#stringStart
    this.#stringStart = -1
    if (this.#wanted !== 'key' && this.#wanted !== 'first-key') {
      this.#endValue()
      return
    }
    if (this.#depth === this.#rowDepth()) this.#keys.add(this.#text, start, this.#at)
    this.#wanted = 'colon'
  }

  /** A number, or one of the three words. */
  #readWord(code: number): void {
    const text = this.#text
    const at = this.#at
    const end =
      code === minus || (code >= zero && code <= nine)
        ? endOfNumber(text, at)
        : at + (words.find((word) => text.startsWith(word, at))?.length ?? 0)
    if (end <= at) this.#isBroken = true
    this.#at = end
    this.#endValue()
  }
}

const words: readonly string[] = ['true', 'false', 'null']
const escapable = '"\\/bfnrt'
const fourDigits = /^[0-9a-fA-F]{4}$/

/** Behind the escape that begins at `at`; -1 where there is none. */
function endOfEscape(text: string, at: number): number {
  if (text.charCodeAt(at + 1) === letterU) {
    return fourDigits.test(text.slice(at + 2, at + 6)) ? at + 6 : -1
  }
  return at + 1 < text.length && escapable.includes(text.charAt(at + 1)) ? at + 2 : -1
}

/** Behind the number that begins at `start`; -1 where there is none. */
function endOfNumber(text: string, start: number): number {
  let at = text[start] === '-' ? start + 1 : start
  const whole = at
  at = endOfDigits(text, at)
  if (at === whole || (text[whole] === '0' && at > whole + 1)) return -1
  if (text[at] === '.') {
    const fraction = at + 1
    at = endOfDigits(text, fraction)
    if (at === fraction) return -1
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const sign = text[at + 1]
    const exponent = sign === '+' || sign === '-' ? at + 2 : at + 1
    at = endOfDigits(text, exponent)
    if (at === exponent) return -1
  }
  return at
}

function endOfDigits(text: string, start: number): number {
  let at = start
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < zero || code > nine) break
  }
  return at
}
