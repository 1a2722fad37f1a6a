/**
 * The operand of a filter on JSON as what the server compares with. Documents hold more types than
 * JSON, and are shown as JSON: a text may be stored as an ObjectId, a number as a decimal, and either
 * equals what it is shown as.
 */
import { isJson } from '../../../../core/json/is-json.ts'
import { jsonItems, jsonMembers, textOfJsonString } from '../../../../core/json/json-members.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import { refuse } from '../mongodb-refusal.ts'
import { numberReadings, type Readings, textReadings } from './filter-operands.ts'

export type JsonScalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly readings: Readings }
  | { readonly kind: 'number'; readonly readings: Readings }
  | { readonly kind: 'string'; readonly readings: Readings }

export type JsonOperand =
  | JsonScalar
  | { readonly kind: 'list'; readonly items: readonly JsonOperand[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, JsonOperand])[] }

/** Each level nests some documents more in what the server is asked. */
const deepest = 16

/**
 * Errors  22P02: no JSON; 54001: lists and objects too deep inside each other; 22021
 */
export function readJsonOperand(text: string): JsonOperand {
  if (!isJson(text)) return refuse(valueFailure('22P02', 'invalid input syntax for type json'))
  return readValue(text.trim(), 0)
}

function readValue(text: string, depth: number): JsonOperand {
  if (depth > deepest) return refuse(valueFailure('54001', 'stack depth limit exceeded'))
  switch (text[0]) {
    case '{':
      return {
        kind: 'object',
        members: [...(jsonMembers(text) ?? [])].map(
          ([key, member]) => [checked(key), readValue(member, depth + 1)] as const,
        ),
      }
    case '[':
      return {
        kind: 'list',
        items: (jsonItems(text) ?? []).map((item) => readValue(item, depth + 1)),
      }
    case '"':
      return { kind: 'string', readings: textReadings(checked(textOfJsonString(text))) }
    case 't':
    case 'f':
      return { kind: 'bool', readings: [text === 'true'] }
    case 'n':
      return { kind: 'null' }
    default:
      return { kind: 'number', readings: numberReadings(text) }
  }
}

/** Rule  PostgreSQL: jsonb holds no such character either */
function checked(text: string): string {
  if (!text.includes('\0')) return text
  return refuse(
    valueFailure('22P05', 'unsupported Unicode escape sequence', {
      details: '\\u0000 cannot be converted to text.',
    }),
  )
}
