/**
 * Processes that look at the schema version of one database, as one of them sees the others. Who
 * has looked says so, and the others put off their own look: one of them looks for all, and when it
 * says nothing any more the next one does. There is no leader to be elected, and no lock to be held.
 *
 * It is safe because who listens has been told of everything that was announced, and of everything
 * that others found unannounced: a process says so with each such find, and when it begins to listen,
 * because nobody knows what it has seen before. What it could not say it says later, instead of "looked".
 */
import { filter, map, type Observable, Subject } from 'rxjs'
import type { FeedPeers, PeerWord } from '../cache/schema-feed.ts'
import type { SchemaOptions } from '../schema/schema-snapshot.ts'

export interface Fleet {
  /** Emits when another process has looked at what this one looks at, and found nothing new. */
  readonly looked$: Observable<void>
  /** A peer says that it has looked at this view, and found nothing new. */
  peerLooked(view: string): void
  /** This process has looked. Tells the others. */
  looked(options: SchemaOptions, isNews: boolean): void
  /** This process knows, or may know, of a change that the database told nobody of. Tells the others. */
  moved(): void
  /** Milliseconds until who has looked last looks again, when `pauseMs` may pass without a look. */
  leaderPauseMs(pauseMs: number): number
  /** Milliseconds until those look who wait for somebody else to do so. */
  followerPauseMs(pauseMs: number): number
}

export interface FleetDeps {
  readonly peers: FeedPeers
  /** Whether the feed is up: nothing is said to those who cannot be heard. */
  readonly isHearing: () => boolean
  /** In [0, 1): who waits longest is left to chance, so that not all look at once. */
  readonly random: () => number
}

/** Who looked last comes before the others, whose look, too, has ended before the pause is over. */
const leaderShare = 0.65
const followerShare = 0.75
const followerSpread = 0.15

export function createFleet({ peers, isHearing, random }: FleetDeps): Fleet {
  const viewsSubject = new Subject<string>()
  /** What was looked at last; null where that look is not to be relied on. */
  let ownView: string | null = null
  /** Words are sent one after the other: a "looked" must not overtake what goes before it. */
  let sending: Promise<void> = Promise.resolve()
  let owesNews = false

  function send(wordFor: () => Promise<PeerWord>): void {
    sending = sending.then(async () => {
      if (!isHearing()) return
      try {
        const word: PeerWord = owesNews ? { kind: 'moved' } : await wordFor()
        await peers.tell(word)
        if (word.kind === 'moved') owesNews = false
      } catch {
        // those who hear nothing look for themselves; the sources tell what is wrong with the database
      }
    })
  }

  function moved(): void {
    owesNews = true
    ownView = null
    send(() => Promise.resolve({ kind: 'moved' }))
  }

  return {
    looked$: viewsSubject.pipe(
      filter((view) => isHearing() && view === ownView),
      map(() => undefined),
    ),
    peerLooked: (view) => viewsSubject.next(view),
    looked(options, isNews) {
      if (isNews) {
        moved()
        return
      }
      send(async () => {
        const view = await peers.view(options)
        ownView = view
        return { kind: 'checked', view }
      })
    },
    moved,
    leaderPauseMs: (pauseMs) => (isHearing() ? pauseMs * leaderShare : pauseMs),
    followerPauseMs: (pauseMs) => pauseMs * (followerShare + followerSpread * random()),
  }
}
