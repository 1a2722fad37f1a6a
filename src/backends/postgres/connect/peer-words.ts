/**
 * What processes that serve one database say to each other, as payloads of a channel of their own,
 * and back: `checked <process> <view>`, `moved <process>`, `reload <process> <scope>`. The process
 * is named so that nobody acts on its own words, which come back to it like those of others.
 */
import type { PeerWord } from '../../../cache/schema-feed.ts'
import { assertNever } from '../../../core/assert-never.ts'

/** Where they are said. An empty payload is a database that says itself that its schema changed. */
export const fleetChannel = 'dbrest_schema'

/** Shape  no part has blanks in it; well below the 8,000 bytes of a payload */
export function printPeerWord(word: PeerWord, process: string): string {
  switch (word.kind) {
    case 'checked':
      return `checked ${process} ${word.view}`
    case 'moved':
      return `moved ${process}`
    case 'reload':
      return `reload ${process} ${word.scope}`
    default:
      return assertNever(word)
  }
}

/** `process`: as it names itself. */
export type HeardWord =
  | { readonly kind: 'peer'; readonly word: PeerWord; readonly process: string }
  | { readonly kind: 'own' }

/** Null: no word that is known, of a later version perhaps. */
export function parsePeerWord(payload: string, ownProcess: string): HeardWord | null {
  const [kind, process, detail] = payload.split(' ')
  if (process === undefined) return null
  if (process === ownProcess) return { kind: 'own' }
  const word = wordOf(kind, detail)
  return word === null ? null : { kind: 'peer', word, process }
}

function wordOf(kind: string | undefined, detail: string | undefined): PeerWord | null {
  switch (kind) {
    case 'checked':
      return detail === undefined ? null : { kind, view: detail }
    case 'moved':
      return { kind }
    case 'reload':
      return detail === 'schema' || detail === 'config' || detail === 'both'
        ? { kind, scope: detail }
        : null
    default:
      return null
  }
}
