/**
 * Heads of requests that come again and again, as dashboards send theirs: parsed once for each
 * generation. The first time only the text is noted, so that requests which never come twice leave
 * nothing behind that would have to be moved around in memory.
 *
 * Clients choose the texts, hence the bounds: two maps, and when the newer one is full it takes the place
 * of the older one, whose heads are forgotten unless they were asked for meanwhile.
 */
import type { KnownHeads, ParsedHead } from '../api/parse-request.ts'

/** Units of a text; longer ones are parsed each time. */
const maxChars = 2048

export function keepHeads(maxEntries = 500): KnownHeads {
  let newer = new Map<string, ParsedHead | null>()
  let older: ReadonlyMap<string, ParsedHead | null> = new Map()

  function put(text: string, head: ParsedHead | null): void {
    if (newer.size >= maxEntries && !newer.has(text)) {
      older = newer
      newer = new Map()
    }
    newer.set(text, head)
  }

  return {
    get(text) {
      const known = newer.get(text)
      if (known !== undefined) return known ?? undefined
      const before = older.get(text)
      if (before === undefined) return undefined
      put(text, before)
      return before ?? undefined
    },
    set(text, head) {
      if (text.length > maxChars) return
      const isNoted = newer.has(text) || older.has(text)
      put(text, isNoted ? head : null)
    },
  }
}
