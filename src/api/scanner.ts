/**
 * A cursor over one text, and the rules that read single characters and words. combinators.ts makes
 * greater rules of them. A rule returns its value, or `failed`.
 *
 * Error texts are part of the contract, and they list what would have been accepted where the text
 * went wrong. Collecting that costs more than parsing, so a text is parsed without it first; only a
 * text that fails is parsed again with a `trace`, by the same rules, which collects from shortly
 * before the place where the first parse ended. The trace holds the complaints of the rules tried
 * since the cursor last moved; of two sets of complaints the one further to the right stays, and
 * sets at one place are joined.
 *
 * What the client wrote as a value is cut out of the text: it goes to `values`, and what is left
 * becomes part of the request's shape.
 */
import type { Slot, SlotValue } from './api-request.ts'
import { type Complaint, quoteCharacter, syntaxFailure } from './syntax-failure.ts'

export const failed = Symbol('failed')
export type Failed = typeof failed
export type Rule<T> = (s: Scanner) => T | Failed

interface Trace {
  /** The text is known to go wrong here or further right: complaints before it are of no use. */
  readonly from: number
  at: number
  complaints: readonly Complaint[]
}

const noComplaints: readonly Complaint[] = Object.freeze([])

export interface Scanner {
  readonly text: string
  /** What error texts call the text. */
  readonly subject: (text: string) => string
  /** Index of the next character. */
  at: number
  readonly trace: Trace | null
  readonly values: SlotValue[]
  /** The text without its values, up to `shapedTo`. */
  shape: string
  shapedTo: number
  /** Parentheses that are open. */
  depth: number
  /** What was read so far that a plan has a node for. */
  nodes: number
}

/** A text with its length in front: no two lists of them run together. */
export function sized(text: string): string {
  return `${text.length}:${text}`
}

function scannerOf(
  text: string,
  subject: Scanner['subject'],
  values: SlotValue[],
  trace: Trace | null,
): Scanner {
  return { text, subject, at: 0, trace, values, shape: '', shapedTo: 0, depth: 0, nodes: 0 }
}

/**
 * Runs a rule over a text. What the rule leaves unread at the end is ignored, as it is by
 * PostgREST.
 *
 * Throws  SyntaxFailure
 */
export function parseText<T>(
  rule: Rule<T>,
  text: string,
  subject: Scanner['subject'],
  values: SlotValue[] = [],
): { readonly value: T; readonly shape: string; readonly nodes: number } {
  const s = scannerOf(text, subject, values, null)
  const value = rule(s)
  if (value === failed) throw explain(rule, text, subject, s.at)
  return { value, shape: `${s.shape}|${sized(text.slice(s.shapedTo))}`, nodes: s.nodes }
}

/**
 * Longer than every word of the grammar. A word that was read in part is reported at its start, so
 * the trace begins this far before the place where the first parse ended.
 */
const longestWord = 16

function explain<T>(
  rule: Rule<T>,
  text: string,
  subject: Scanner['subject'],
  endedAt: number,
): Error {
  const trace: Trace = { from: endedAt - longestWord, at: 0, complaints: noComplaints }
  rule(scannerOf(text, subject, [], trace))
  return syntaxFailure(subject(text), text, trace.at, trace.complaints)
}

/** Files the value that the rule has just read from `start` on. */
export function cutValue(s: Scanner, start: number, value: SlotValue): Slot {
  s.shape += sized(s.text.slice(s.shapedTo, start))
  s.shapedTo = s.at
  return s.values.push(value) - 1
}

// The trace

export function addTo(trace: Trace, at: number, complaints: readonly Complaint[]): void {
  if (complaints.length === 0) return
  if (trace.complaints.length === 0 || at > trace.at) {
    trace.at = at
    trace.complaints = complaints
  } else if (at === trace.at) {
    trace.complaints = [...trace.complaints, ...complaints]
  }
}

/**
 * Whether a complaint at this place would change nothing, since it is not far enough to the right.
 */
function isMoot(trace: Trace, at: number): boolean {
  return at < trace.from || (trace.complaints.length > 0 && at < trace.at)
}

function met(text: string, at: number): Complaint {
  const code = text.codePointAt(at)
  const shown = code === undefined ? '' : quoteCharacter(String.fromCodePoint(code), '"')
  return { kind: 'met', text: shown }
}

/** Says that the next character fits none of the wanted things. */
export function complain(s: Scanner, ...wanted: readonly string[]): void {
  if (s.trace === null || isMoot(s.trace, s.at)) return
  const complaints = wanted.map((text): Complaint => ({ kind: 'wanted', text }))
  addTo(s.trace, s.at, [met(s.text, s.at), ...complaints])
}

/** Moves the cursor; what was wanted before is no longer of interest. */
export function advance(s: Scanner, count: number): void {
  s.at += count
  if (s.trace !== null) forget(s)
}

export function forget(s: Scanner): void {
  if (s.trace === null) return
  s.trace.at = s.at
  s.trace.complaints = noComplaints
}

// Characters

export function char(s: Scanner, character: string): true | Failed {
  if (s.text[s.at] === character) {
    advance(s, 1)
    return true
  }
  if (s.trace !== null && !isMoot(s.trace, s.at)) complain(s, quoteCharacter(character, '"'))
  return failed
}

/**
 * A word of ASCII letters and signs. Where only its beginning fits, the cursor moves behind that.
 */
export function word(s: Scanner, expected: string): true | Failed {
  if (s.text.startsWith(expected, s.at)) {
    advance(s, expected.length)
    return true
  }
  const start = s.at
  let length = 0
  while (s.text[start + length] === expected[length]) length += 1
  if (length > 0) advance(s, length)
  if (s.trace !== null && !isMoot(s.trace, start)) {
    const wanted: Complaint = { kind: 'wanted', text: `"${expected}"` }
    addTo(s.trace, start, [wanted, met(s.text, start + length)])
  }
  return failed
}

/** Everything up to the first of the stop characters. */
export function textUpTo(s: Scanner, stops: string): string {
  const start = s.at
  let at = start
  while (at < s.text.length && !stops.includes(s.text.charAt(at))) at += 1
  if (at > start) advance(s, at - start)
  complain(s)
  return s.text.slice(start, at)
}

export function blanks(s: Scanner): void {
  const start = s.at
  let at = start
  for (let code = s.text.charCodeAt(at); code === 32 || code === 9; code = s.text.charCodeAt(at)) {
    at += 1
  }
  if (at > start) advance(s, at - start)
  complain(s)
}

export function endOfText(s: Scanner): true | Failed {
  if (s.at >= s.text.length) {
    if (s.trace !== null && !isMoot(s.trace, s.at)) {
      const wanted: Complaint = { kind: 'wanted', text: 'end of input' }
      addTo(s.trace, s.at, [wanted, met(s.text, s.at)])
    }
    return true
  }
  if (s.trace !== null && !isMoot(s.trace, s.at)) {
    const code = s.text.codePointAt(s.at) ?? 0
    addTo(s.trace, s.at, [
      { kind: 'wanted', text: 'end of input' },
      { kind: 'refused', text: quoteCharacter(String.fromCodePoint(code), "'") },
    ])
  }
  return failed
}

/** Fails if the next character passes the test, and names it. Reads nothing. */
export function notNext(
  s: Scanner,
  test: (character: string) => boolean,
  ...wanted: readonly string[]
): true | Failed {
  const code = s.text.codePointAt(s.at)
  const character = code === undefined ? '' : String.fromCodePoint(code)
  if (character === '' || !test(character)) {
    complain(s, ...wanted)
    return true
  }
  if (s.trace !== null) {
    const refused: Complaint = { kind: 'refused', text: quoteCharacter(character, "'") }
    addTo(s.trace, s.at + character.length, [refused])
  }
  return failed
}
