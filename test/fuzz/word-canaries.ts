/**
 * Requests whose exact answers are known: rows of the table `canaries` that hold the texts of
 * nasty-texts.ts, each found again by its own text in every way that a value can be written.
 */
import type { Canary } from './fuzz-campaign.ts'
import type { FuzzRequest } from './generate-request.ts'
import { grammarTexts, injections, unicodeTexts } from './nasty-texts.ts'

/** No database holds a NUL in a text. */
export const canaryWords: readonly string[] = [
  ...injections,
  ...unicodeTexts,
  ...grammarTexts,
].filter((word) => !word.includes('\0'))

/** `(0, 'word'), …` */
export function canaryRows(): string {
  return canaryWords.map((word, id) => `(${id}, '${word.replaceAll("'", "''")}')`).join(', ')
}

export function getRequest(target: string): FuzzRequest {
  return { method: 'GET', target, headers: [], body: null, isWellFormed: true }
}

function quoted(word: string): string {
  return encodeURIComponent(`"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
}

const filters: readonly ((word: string) => string)[] = [
  (word) => `word=eq.${encodeURIComponent(word)}`,
  (word) => `word=in.(${quoted(word)},${quoted('none of them')})`,
  (word) => `or=(word.eq.${quoted(word)},id.eq.-1)`,
  (word) => `and=(not.or(word.neq.${quoted(word)},id.is.null))`,
]

/** Which row has this word? */
export function wordCanary(index: number): Canary {
  const id = index % canaryWords.length
  const way = Math.floor(index / canaryWords.length) % filters.length
  const filter = filters[way]?.(canaryWords[id] ?? '') ?? ''
  return {
    name: `canary ${id}`,
    request: getRequest(`/canaries?select=id&${filter}`),
    status: 200,
    body: `[{"id":${id}}]`,
  }
}
