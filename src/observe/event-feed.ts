/**
 * What happens, as numbered events for who watches it live: reloads, and sources that change. A sink
 * beside log and metrics. The last events are kept, within bounds, so that a watcher who lost its
 * connection gets what it missed; one who missed more is told so.
 */
import type { Observation, Observe } from './observation.ts'
import { printReload } from './print-reload.ts'

export interface ServerEvent {
  /** 1, 2, 3 … in this process. */
  readonly number: number
  readonly name: 'reload-began' | 'reload-ended' | 'source'
  /** As JSON. */
  readonly data: string
}

export interface Replay {
  readonly events: readonly ServerEvent[]
  /** Nothing is missing between the number asked for and these events. */
  readonly isWhole: boolean
}

export interface EventFeed {
  readonly observe: Observe
  /** Number of the last event, 0 before the first. */
  readonly last: () => number
  /** The events after a number, as far as they are kept. */
  readonly after: (number: number) => Replay
  /** Calls `listener` with each event from now on; the answer ends that. */
  readonly subscribe: (listener: (event: ServerEvent) => void) => () => void
}

/** Events that are kept, and characters of their data. */
const mostKept = 400
const mostKeptChars = 1_000_000

export function createEventFeed(): EventFeed {
  const listeners = new Set<(event: ServerEvent) => void>()
  let kept: ServerEvent[] = []
  let keptChars = 0
  let last = 0

  function tell(name: ServerEvent['name'], fact: unknown): void {
    last += 1
    const event: ServerEvent = { number: last, name, data: JSON.stringify(fact) }
    kept.push(event)
    keptChars += event.data.length
    while (kept.length > mostKept || keptChars > mostKeptChars) {
      keptChars -= kept[0]?.data.length ?? 0
      kept = kept.slice(1)
    }
    for (const listener of listeners) listener(event)
  }

  return {
    observe(observation: Observation) {
      switch (observation.kind) {
        case 'reload-began':
        case 'reload-ended':
          tell(observation.kind, printReload(observation.record))
          break
        case 'source-changed':
          tell('source', observation.status)
          break
        default:
          break
      }
    },
    last: () => last,
    after(number) {
      const first = kept[0]?.number ?? last + 1
      return {
        events: kept.filter((event) => event.number > number),
        isWhole: number >= first - 1 && number <= last,
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
