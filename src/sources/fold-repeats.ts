/**
 * Operator for what a database tells: a storm of equal news → the first at once, then one for all that
 * came within each short while. Whoever sends thousands of notifications in a second must not cost the
 * process a trigger, a log line and a metric for each: requests are served by the same thread.
 *
 * The while is shorter than the pause between two reloads, so that nothing is served later for it: what
 * is held back either came before a reload that is still to look, or waits for that pause anyway.
 */
import { Observable, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs'

export interface Folded<T> {
  /** The last one. */
  readonly value: T
  /** How many it stands for. */
  readonly times: number
}

interface Held<T> {
  value: T
  /** 0: none has come since one was told. */
  times: number
}

/** @param kindOf values of one kind are folded; null: never */
export function foldRepeats<T>(
  kindOf: (value: T) => string | null,
  windowMs: number,
  scheduler: SchedulerLike,
): OperatorFunction<T, Folded<T>> {
  return (source$) =>
    new Observable((subscriber) => {
      const open = new Map<string, Held<T>>()
      const windows = new Subscription()

      function openWindow(kind: string, value: T): void {
        open.set(kind, { value, times: 0 })
        const window = scheduler.schedule(() => {
          windows.remove(window)
          endWindow(kind)
        }, windowMs)
        windows.add(window)
      }

      function endWindow(kind: string): void {
        const held = open.get(kind)
        open.delete(kind)
        if (held === undefined || held.times === 0) return
        const { value, times } = held
        openWindow(kind, value)
        subscriber.next({ value, times })
      }

      function tellHeld(): void {
        windows.unsubscribe()
        for (const { value, times } of open.values()) {
          if (times > 0) subscriber.next({ value, times })
        }
      }

      const source = source$.subscribe({
        next: (value) => {
          const kind = kindOf(value)
          const held = kind === null ? undefined : open.get(kind)
          if (held === undefined) {
            if (kind !== null) openWindow(kind, value)
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
        windows.unsubscribe()
      }
    })
}
