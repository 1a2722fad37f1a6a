/**
 * The body of a write as records of its keys and values, each value as the JSON text that was sent:
 * numbers keep their digits and documents their form, and what a value means is left to
 * `assign-value.ts`, which knows its column. For engines that do not take JSON apart themselves.
 *
 * Rule  PostgreSQL manual: json_to_record, json_to_recordset
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { valueFailure } from './value-failure.ts'

/** By key; of a key that is there several times, the last one. */
export type PayloadRecord = ReadonlyMap<string, string>

/**
 * Shape   `[{"a": 1.50}, {"b": {"c": []}}]` → Map(a → `1.50`), Map(b → `{"c": []}`)
 * Errors  22P02: no JSON, or half of a surrogate pair; 22P05: a NUL; 22023: JSON, but no object or
 *         no array of objects
 */
export function readRecords(
  text: string,
  isArray: boolean,
): Result<readonly PayloadRecord[], DatabaseFailure> {
  if (!isJson(text)) return err(valueFailure('22P02', 'invalid input syntax for type json'))
  const escaped = escapeFailure(text)
  if (escaped !== null) return err(escaped)
  const json = text.trim()
  const wanted = isArray ? 'json_to_recordset' : 'json_to_record'
  if (!isArray) {
    return json.startsWith('{')
      ? ok([membersOf(json)])
      : err(
          valueFailure(
            '22023',
            `cannot call ${wanted} on ${json.startsWith('[') ? 'an array' : 'a scalar'}`,
          ),
        )
  }
  if (!json.startsWith('[')) {
    const what = json.startsWith('{') ? 'an object' : 'a scalar'
    return err(valueFailure('22023', `cannot call ${wanted} on ${what}`))
  }
  const elements = elementsOf(json)
  return elements.every((element) => element.startsWith('{'))
    ? ok(elements.map(membersOf))
    : err(valueFailure('22023', `argument of ${wanted} must be an array of objects`))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const escapeSequence = /\\(?:u([\da-f]{4})(?:\\u(d[c-f][\da-f]{2}))?|.)/gi

/**
 * Of JSON that is well-formed: what its escapes have that is no character. PostgreSQL looks at a whole
 * payload, whichever of its keys are taken.
 */
export function escapeFailure(text: string): DatabaseFailure | null {
  if (!text.includes('\\u')) return null
  for (const [, first, low] of text.matchAll(escapeSequence)) {
    if (first === undefined) continue
    if (first === '0000') {
      return valueFailure('22P05', 'unsupported Unicode escape sequence', {
        details: '\\u0000 cannot be converted to text.',
      })
    }
    const isHigh = /^d[89ab]/i.test(first)
    const isLow = /^d[c-f]/i.test(first)
    if (isLow || isHigh !== (low !== undefined)) {
      return valueFailure('22P02', 'invalid input syntax for type json', {
        details: 'Unicode low surrogate must follow a high surrogate.',
      })
    }
  }
  return null
}

// What follows reads JSON that is known to be well-formed.

function elementsOf(array: string): readonly string[] {
  const elements: string[] = []
  for (let at = skipBlanks(array, 1); array[at] !== ']'; ) {
    const end = valueEnd(array, at)
    elements.push(array.slice(at, end))
    at = skipSeparator(array, end)
  }
  return elements
}

function membersOf(object: string): PayloadRecord {
  const members = new Map<string, string>()
  for (let at = skipBlanks(object, 1); object[at] !== '}'; ) {
    const keyEnd = stringEnd(object, at)
    const key = textOfJsonString(object.slice(at, keyEnd))
    const valueAt = skipBlanks(object, skipBlanks(object, keyEnd) + 1)
    const end = valueEnd(object, valueAt)
    members.set(key, object.slice(valueAt, end))
    at = skipSeparator(object, end)
  }
  return members
}

/** `json` is a JSON string, its quotes included. */
export function textOfJsonString(json: string): string {
  return json.includes('\\') ? String(JSON.parse(json)) : json.slice(1, -1)
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1
  return at
}

function skipSeparator(text: string, from: number): number {
  const at = skipBlanks(text, from)
  return text[at] === ',' ? skipBlanks(text, at + 1) : at
}

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    const character = text[at]
    if (character === '"') return at + 1
    if (character === '\\') at += 1
  }
}

const scalar = /[^\s,\]}]+/y

function valueEnd(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return stringEnd(text, from)
  if (first !== '{' && first !== '[') {
    scalar.lastIndex = from
    scalar.test(text)
    return scalar.lastIndex
  }
  let depth = 0
  for (let at = from; ; at += 1) {
    const character = text[at]
    if (character === '"') at = stringEnd(text, at) - 1
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    if (depth === 0) return at + 1
  }
}
