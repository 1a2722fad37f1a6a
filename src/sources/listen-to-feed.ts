/**
 * One connection of a feed → what it tells: that it is ready, that it is proven to be alive, and what the
 * database says over it, of which a storm of equal news is told as few. What ends it is an error.
 */
import {
  defer,
  finalize,
  from,
  map,
  merge,
  type Observable,
  of,
  Subject,
  switchMap,
  throwError,
  timeout,
  timer,
} from 'rxjs'
import type { ReloadScope } from '../cache/reload-signal.ts'
import type { FeedPlace, PeerWord, PushFeed } from '../cache/schema-feed.ts'
import { assertNever } from '../core/assert-never.ts'
import { type Folded, type FoldPace, foldRepeats } from './fold-repeats.ts'
import { LateProof, type ProofRules, proveLife } from './prove-life.ts'

/**
 * News by the tick are a storm, whose reloads are likely to find nothing: they may lie farther apart. One
 * in its midst takes the database from requests just when it has the least to spare.
 */
const pace: FoldPace = { tickMs: 25, holdMs: 400 }

/** Milliseconds in which a connection has to be ready, and a proof has to come back. */
export const usualLimits = {
  /** It may first look for its server. */
  readyLimitMs: 10_000,
  limitMs: 5000,
} as const

export type FeedEvent =
  | { readonly kind: 'change'; readonly scope: ReloadScope; readonly place: string }
  | { readonly kind: 'seen' }
  | { readonly kind: 'peer'; readonly word: PeerWord }
  | { readonly kind: 'unknown'; readonly payload: string; readonly place: string }
  | { readonly kind: 'ready' }
  /** The first proof should have come back. */
  | { readonly kind: 'proof-due'; readonly cause: string }
  /** The first proof of a connection. */
  | { readonly kind: 'proven'; readonly place: FeedPlace }
  /** One more proof of it. */
  | { readonly kind: 'proven-again' }

/** News of one kind say the same, or stand for each other. */
function kindOf(event: FeedEvent): string | null {
  switch (event.kind) {
    case 'change':
      return `change ${event.scope} ${event.place}`
    case 'unknown':
      return `unknown ${event.place}`
    case 'peer':
      return JSON.stringify(event.word)
    case 'seen':
    case 'ready':
    case 'proof-due':
    case 'proven':
    case 'proven-again':
      return null
    default:
      return assertNever(event)
  }
}

export interface ListenRules extends ProofRules {
  /** Milliseconds in which a connection has to be ready: it may first look for its server. */
  readonly readyLimitMs: number
  /** Called with the name of another process at each of its words. */
  readonly onPeerHeard: (process: string) => void
}

/** Errors when the connection is lost. It is closed on unsubscription. */
export function listenToFeed(
  feed: Pick<PushFeed, 'open'>,
  channel: string,
  { readyLimitMs, onPeerHeard, ...proofRules }: ListenRules,
): Observable<Folded<FeedEvent>> {
  const { unproven, doubtLimitMs, scheduler } = proofRules
  return defer(() => {
    const toldSubject = new Subject<FeedEvent>()
    const connection = feed.open(channel, {
      onChange: (scope, place = channel) => toldSubject.next({ kind: 'change', scope, place }),
      onSeen: () => toldSubject.next({ kind: 'seen' }),
      onPeer: (word, process) => {
        onPeerHeard(process)
        toldSubject.next({ kind: 'peer', word })
      },
      onUnknown: (payload, place = channel) => {
        toldSubject.next({ kind: 'unknown', payload, place })
      },
      onLost: (cause) => toldSubject.error(new Error(cause)),
    })
    const life$ = from(connection.ready).pipe(
      timeout({
        first: readyLimitMs,
        scheduler,
        with: () =>
          throwError(() => new Error(`the server did not answer within ${readyLimitMs} ms`)),
      }),
      switchMap((place) => {
        const proofs$ = proveLife(connection, proofRules).pipe(
          map((_, index): FeedEvent => {
            return index === 0 ? { kind: 'proven', place } : { kind: 'proven-again' }
          }),
        )
        const late = new LateProof(unproven, doubtLimitMs)
        const due$ = timer(doubtLimitMs, scheduler).pipe(
          map((): FeedEvent => ({ kind: 'proof-due', cause: late.message })),
        )
        return merge(of<FeedEvent>({ kind: 'ready' }), due$, proofs$)
      }),
    )
    return merge(toldSubject, life$).pipe(
      foldRepeats(kindOf, pace, scheduler),
      finalize(() => connection.close()),
    )
  })
}
