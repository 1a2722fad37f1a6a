/**
 * The body of a write as records of its keys and values, each value as the JSON text that was sent:
 * numbers keep their digits and documents their form, and what a value means is left to
 * `assign-value.ts`, which knows its column. For engines that do not take JSON apart themselves.
 *
 * Rule  PostgreSQL manual: json_to_record, json_to_recordset
 */
import { isJson } from '../../core/json/is-json.ts'
import { jsonItems, jsonMembers } from '../../core/json/json-members.ts'
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
  const elements = jsonItems(json) ?? []
  return elements.every((element) => element.startsWith('{'))
    ? ok(elements.map(membersOf))
    : err(valueFailure('22023', `argument of ${wanted} must be an array of objects`))
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

function membersOf(object: string): PayloadRecord {
  return jsonMembers(object) ?? new Map()
}
