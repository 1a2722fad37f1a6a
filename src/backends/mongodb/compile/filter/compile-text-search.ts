/**
 * The full-text operators by `$text`, which knows one index of a collection and stands before
 * everything else. What its language of queries has no words for is refused.
 */
import type { Operation } from '../../../../api/api-request.ts'
import { assertNever } from '../../../../core/assert-never.ts'
import type { PlanField } from '../../../../plan/plan.ts'
import { readTextQuery, type TextQuery } from '../../../values/text-query.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import { type FieldPlace, storedName } from '../field-place.ts'
import { notImplemented, refuse } from '../mongodb-refusal.ts'
import { operandText } from './filter-operands.ts'
import { type BoundCondition, noRow } from './filter-target.ts'

/**
 * Throws  42703; 42704: no such language; 42601: no tsquery; not-implemented: no index over the field
 * alone, not the first stage, or a query beyond the words of `$text`
 */
export function compileTextSearch(
  place: FieldPlace,
  field: PlanField,
  operation: Extract<Operation, { kind: 'fts' }>,
): BoundCondition {
  storedName(place, field)
  if (!place.isFirstStage) return notImplemented('full-text search in embeds and policies')
  if (field.jsonPath.length > 0 || place.facts.textIndexColumn !== field.name) {
    return notImplemented(`full-text search without a text index over "${field.name}" alone`)
  }
  const { operator, language, value } = operation
  const settings = language === undefined ? {} : { $language: languageOf(language) }
  return (request) => {
    const query = readTextQuery(operator, operandText(value, request))
    if (!query.ok) return refuse(query.error)
    // nothing to search for is nowhere
    if (query.value === null) return noRow
    return { $text: { $search: searchOf(query.value), ...settings } }
  }
}

const languages: ReadonlySet<string> = new Set([
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'hungarian',
  'italian',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'spanish',
  'swedish',
  'turkish',
])

/** Without stop words and stems is `simple` to PostgreSQL. */
function languageOf(name: string): string {
  if (name === 'simple') return 'none'
  if (languages.has(name)) return name
  const message = `text search configuration "${name}" does not exist`
  return refuse(valueFailure('42704', message))
}

/**
 * Words alone are looked for by their stems, any of several; of quoted ones each has to be there.
 *
 * Shape  `a` · `a b` for a | b · `"a" "b c"` for a & b c · `"a" -b` for a & !b
 */
function searchOf(query: TextQuery): string {
  switch (query.kind) {
    case 'phrase':
      return query.words.length === 1 ? wordOf(query) : quoted(query)
    case 'or':
      return query.operands.map(wordOf).join(' ')
    case 'and': {
      const isFound = query.operands.some(({ kind }) => kind === 'phrase')
      return isFound ? query.operands.map(required).join(' ') : beyondWords()
    }
    case 'not':
    case 'near':
      return beyondWords()
    default:
      return assertNever(query)
  }
}

function required(query: TextQuery): string {
  return query.kind === 'not' ? `-${wordOf(query.operand)}` : quoted(query)
}

function quoted(query: TextQuery): string {
  if (query.kind !== 'phrase' || query.isPrefix) return beyondWords()
  return `"${query.words.join(' ')}"`
}

function wordOf(query: TextQuery): string {
  if (query.kind !== 'phrase' || query.isPrefix) return beyondWords()
  const [word = ''] = query.words
  return query.words.length === 1 ? word : beyondWords()
}

function beyondWords(): never {
  return notImplemented('full-text queries of other than words that all, or any, have to be there')
}
