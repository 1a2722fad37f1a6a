/**
 * JSON text as BSON values: documents and lists as they are, numbers with all their digits, which a
 * parser that makes JavaScript numbers would lose.
 */
import { jsonItems, jsonMembers, textOfJsonString } from '../../../core/json/json-members.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { outOfRange } from '../../values/parse-typed-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { BsonValue } from './bson-value.ts'
import { numberOfJson } from './number-of-text.ts'

type Read = Result<BsonValue, DatabaseFailure>

/** Rule  MongoDB manual: Limits, Nested Depth; the document of the row is the first level */
const deepest = 99

/**
 * Of a key that an object has twice the last value counts, as in `jsonb`.
 *
 * Rule    the text is known to be JSON, without an escaped NUL
 * Errors  22003: a number that no BSON number holds; 54001: too many levels
 */
export function bsonOfJson(json: string): Read {
  return readValue(json.trim(), deepest)
}

/** `levels`: how many may still be inside. */
function readValue(json: string, levels: number): Read {
  switch (json[0]) {
    case '{':
      return levels === 0 ? tooDeep() : readObject(json, levels)
    case '[':
      return levels === 0 ? tooDeep() : readList(json, levels)
    case '"':
      return ok(textOfJsonString(json))
    case 't':
      return ok(true)
    case 'f':
      return ok(false)
    case 'n':
      return ok(null)
    default: {
      const number = numberOfJson(json)
      return number === null ? outOfRange('numeric', json) : ok(number)
    }
  }
}

function readObject(json: string, levels: number): Read {
  const document = new Map<string, BsonValue>()
  for (const [key, member] of jsonMembers(json) ?? []) {
    const value = readValue(member, levels - 1)
    if (!value.ok) return value
    document.set(key, value.value)
  }
  return ok(document)
}

function readList(json: string, levels: number): Read {
  const list: BsonValue[] = []
  for (const item of jsonItems(json) ?? []) {
    const value = readValue(item, levels - 1)
    if (!value.ok) return value
    list.push(value.value)
  }
  return ok(list)
}

function tooDeep() {
  const details = 'MongoDB nests documents and lists 100 levels deep at most.'
  return err(valueFailure('54001', 'stack depth limit exceeded', { details }))
}
