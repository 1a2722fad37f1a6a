/**
 * Operator for what a database tells: a storm of equal news → the first at once, then now and then one
 * for all that came meanwhile. Whoever sends thousands of notifications in a second must not cost the
 * process a trigger, a log line, a metric and a reload for each: requests are served by the same thread.
 *
 * What is held back is told once a tick has brought none, so that the end of a storm is told soon; while
 * it goes on, after a hold, which is the longest that anything is served later for it. News cost an
 * increment, and the ticks need no clock that could be set.
 */
import { Observable, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs'

export interface Folded<T> {
  /** The last one. */
  readonly value: T
  /** How many it stands for. */
  readonly times: number
}

/** Milliseconds, the hold as a multiple of ticks. */
export interface FoldPace {
  readonly tickMs: number
  readonly holdMs: number
}

/** News of one kind, while they follow each other. */
interface Held<T> {
  value: T
  /** How many have come since some were told. */
  times: number
  /** How many of them there were at the last tick. */
  timesAtTick: number
  /** Milliseconds for which they have come at each tick. */
  heldMs: number
  /** Ticks since they were told, while none has come. */
  idleTicks: number
}

/** A kind is forgotten after so many, and begins anew. */
const mostIdleTicks = 2

/** @param kindOf values of one kind are folded; null: never */
export function foldRepeats<T>(
  kindOf: (value: T) => string | null,
  { tickMs, holdMs }: FoldPace,
  scheduler: SchedulerLike,
): OperatorFunction<T, Folded<T>> {
  return (source$) =>
    new Observable((subscriber) => {
      const open = new Map<string, Held<T>>()
      const ticks = new Subscription()

      function begin(kind: string, value: T): void {
        open.set(kind, { value, times: 0, timesAtTick: 0, heldMs: 0, idleTicks: 0 })
        tickLater(kind)
      }

      function tickLater(kind: string): void {
        const tick = scheduler.schedule(() => {
          ticks.remove(tick)
          onTick(kind)
        }, tickMs)
        ticks.add(tick)
      }

      function onTick(kind: string): void {
        const held = open.get(kind)
        if (held === undefined) return
        if (held.times === 0) held.idleTicks += 1
        if (held.idleTicks === mostIdleTicks) {
          open.delete(kind)
          return
        }
        tickLater(kind)
        const isGoingOn = held.times > held.timesAtTick
        held.timesAtTick = held.times
        held.heldMs += isGoingOn ? tickMs : 0
        if (held.times > 0 && (!isGoingOn || held.heldMs >= holdMs)) tell(held)
      }

      function tell(held: Held<T>): void {
        const { value, times } = held
        held.times = 0
        held.timesAtTick = 0
        held.heldMs = 0
        held.idleTicks = 0
        subscriber.next({ value, times })
      }

      function tellHeld(): void {
        ticks.unsubscribe()
        for (const { value, times } of open.values()) {
          if (times > 0) subscriber.next({ value, times })
        }
      }

      const source = source$.subscribe({
        next: (value) => {
          const kind = kindOf(value)
          const held = kind === null ? undefined : open.get(kind)
          if (held === undefined) {
            if (kind !== null) begin(kind, value)
            subscriber.next({ value, times: 1 })
          } else {
            held.value = value
            held.times += 1
          }
        },
        error: (failure) => {
          tellHeld()
          subscriber.error(failure)
        },
        complete: () => {
          tellHeld()
          subscriber.complete()
        },
      })
      return () => {
        source.unsubscribe()
        ticks.unsubscribe()
      }
    })
}
