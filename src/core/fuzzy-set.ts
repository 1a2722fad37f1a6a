/**
 * Approximate lookup in a list of names, for "Perhaps you meant …": candidates are found by the
 * pieces of three (else two) letters that they share with the query, ranked by cosine, and the best
 * fifty of them scored by edit distance. The same scheme, sizes and limits as PostgREST's, so that
 * suggestions agree; callers choose the names and the least score.
 *
 * Rule  PostgREST docs: errors (PGRST200, PGRST202, PGRST205 hints)
 */

export interface FuzzyMatch {
  /** 1 for the same name, case ignored; falls to 0. */
  readonly score: number
  readonly name: string
}

export interface FuzzySet {
  /** The best match that scores at least `minScore`. */
  best(name: string, minScore: number): string | null
  /** All matches that score at least `minScore`, best first. An equal name stands alone. */
  matches(name: string, minScore: number): readonly FuzzyMatch[]
}

/** What `best` and `matches` are asked with where no stricter rule holds. */
export const defaultMinScore = 0.33

const gramSizes = [3, 2] as const
const maxScored = 50

interface Entry {
  readonly name: string
  /** The name in lower case: what is compared. */
  readonly key: string
}

interface GramIndex {
  /** Piece → [entry, how often it occurs there]. */
  readonly entriesByGram: ReadonlyMap<string, readonly (readonly [number, number])[]>
  readonly magnitudes: readonly number[]
}

/** Pieces of a text with their counts. Only letters, digits, blanks and commas count. */
function countGrams(key: string, size: number): ReadonlyMap<string, number> {
  const letters = [...`-${key.replaceAll(/[^\p{L}\p{N}\s,]/gu, '')}-`]
  const counts = new Map<string, number>()
  for (let at = 0; at + size <= letters.length; at += 1) {
    const gram = letters.slice(at, at + size).join('')
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return counts
}

function magnitude(counts: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const count of counts.values()) sum += count ** 2
  return Math.sqrt(sum)
}

function indexGrams(entries: readonly Entry[], size: number): GramIndex {
  const entriesByGram = new Map<string, [number, number][]>()
  const magnitudes = entries.map(({ key }, at) => {
    const counts = countGrams(key, size)
    for (const [gram, count] of counts) {
      const known = entriesByGram.get(gram)
      if (known === undefined) entriesByGram.set(gram, [[at, count]])
      else known.push([at, count])
    }
    return magnitude(counts)
  })
  return { entriesByGram, magnitudes }
}

/** 1 − edit distance / length of the longer text. */
function similarity(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  let previous = right.map((_, at) => at + 1)
  for (const [row, letter] of left.entries()) {
    const current: number[] = []
    for (const [column, other] of right.entries()) {
      const above = previous[column] ?? 0
      const diagonal = column === 0 ? row : (previous[column - 1] ?? 0)
      const before = column === 0 ? row + 1 : (current[column - 1] ?? 0)
      current.push(letter === other ? diagonal : 1 + Math.min(diagonal, above, before))
    }
    previous = current
  }
  return 1 - (previous.at(-1) ?? left.length) / Math.max(left.length, right.length)
}

/** Whether the edit distance can be small enough, by the lengths alone. */
function isCloseInLength(a: string, b: string, minScore: number): boolean {
  const [short, long] = a.length < b.length ? [a.length, b.length] : [b.length, a.length]
  return short * 2 >= long * minScore
}

function byScore(a: { readonly score: number }, b: { readonly score: number }): number {
  return b.score - a.score
}

/** Names that differ only in case count as one: the first. Costs memory; callers bound the list. */
export function createFuzzySet(names: readonly string[]): FuzzySet {
  const exact = new Map<string, string>()
  for (const name of names) {
    const key = name.toLowerCase()
    if (!exact.has(key)) exact.set(key, name)
  }
  const entries: readonly Entry[] = [...exact].map(([key, name]) => ({ key, name }))
  const indexes = gramSizes.map((size) => ({ size, index: indexGrams(entries, size) }))
  const longest = Math.max(0, ...entries.map(({ key }) => key.length))

  function candidates(key: string, size: number, index: GramIndex): readonly Entry[] {
    const counts = countGrams(key, size)
    const products = new Map<number, number>()
    for (const [gram, count] of counts) {
      for (const [at, otherCount] of index.entriesByGram.get(gram) ?? []) {
        products.set(at, (products.get(at) ?? 0) + count * otherCount)
      }
    }
    const queryMagnitude = magnitude(counts)
    return [...products]
      .sort(([a], [b]) => a - b)
      .map(([at, product]) => ({
        entry: entries[at],
        score: product / (queryMagnitude * (index.magnitudes[at] ?? 1)),
      }))
      .sort(byScore)
      .slice(0, maxScored)
      .flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
  }

  function matches(name: string, minScore: number): readonly FuzzyMatch[] {
    const key = name.toLowerCase()
    const same = exact.get(key)
    if (same !== undefined) return [{ score: 1, name: same }]
    // clients choose the name, and the scores of a long one are dear: what cannot reach the score
    // by its length alone is not looked at (an UTF-16 unit may be half a letter, hence the factor)
    if (longest < (key.length / 2) * minScore) return []
    for (const { size, index } of indexes) {
      const found = candidates(key, size, index)
        .filter((entry) => isCloseInLength(key, entry.key, minScore))
        .map((entry) => ({ score: similarity(key, entry.key), name: entry.name }))
        .sort(byScore)
        .filter(({ score }) => score >= minScore)
      if (found.length > 0) return found
    }
    return []
  }

  return { matches, best: (name, minScore) => matches(name, minScore)[0]?.name ?? null }
}
