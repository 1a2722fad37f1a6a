/**
 * Operator of the reload pipeline: runs one piece of work at a time, and folds everything that
 * arrives meanwhile into exactly one more.
 *
 * idle ──value──▶ running: the first value starts at once
 * running ──value──▶ running, one waits: later values are merged into the one that waits
 * run ended, and `throttleMs` over since it began ──▶ the waiting value runs, else idle
 *
 * An urgent value waits for the end of the run alone.
 *
 * It is a throttle, not a debounce: however dense the stream of values, runs go on at its pace.
 */
import {
  defer,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  type SchedulerLike,
  Subscription,
} from 'rxjs'

export interface ConflateOptions<T> {
  readonly merge: (waiting: T, newer: T) => T
  /** Milliseconds between the beginnings of two runs, at least. */
  readonly throttleMs: number
  /** Whether a value waits for the end of a run alone, and not for the throttle. None does. */
  readonly isUrgent?: (waiting: T) => boolean
  readonly scheduler: SchedulerLike
}

/** Takes the value that waits, if there is one and it is acceptable. */
export type TakeWaiting<T> = (accept: (waiting: T) => boolean) => T | undefined

/**
 * `project` gets the value and `takeWaiting`, by which a run that has not looked at anything yet
 * may serve the value that waits as well.
 *
 * Errors  of `project` and of the source end the stream: a caller whose stream must live on
 *         recovers in `project`
 */
export function conflateMap<T, R>(
  project: (value: T, takeWaiting: TakeWaiting<T>) => ObservableInput<R>,
  { merge, throttleMs, isUrgent = () => false, scheduler }: ConflateOptions<T>,
): OperatorFunction<T, R> {
  return (source$) =>
    new Observable((subscriber) => {
      let waiting: { readonly value: T } | undefined
      let isRunning = false
      let isThrottled = false
      let sourceIsDone = false
      let running = new Subscription()
      let throttle = new Subscription()

      const takeWaiting: TakeWaiting<T> = (accept) => {
        if (waiting === undefined || !accept(waiting.value)) return undefined
        const { value } = waiting
        waiting = undefined
        return value
      }

      function proceed(): void {
        if (isRunning) return
        if (isThrottled && (waiting === undefined || !isUrgent(waiting.value))) return
        if (waiting !== undefined) {
          const { value } = waiting
          waiting = undefined
          run(value)
        } else if (sourceIsDone) {
          subscriber.complete()
        }
      }

      function run(value: T): void {
        isRunning = true
        isThrottled = true
        throttle.unsubscribe()
        throttle = scheduler.schedule(() => {
          isThrottled = false
          proceed()
        }, throttleMs)
        // assigned before it is subscribed to, since a run may end, and the next begin,
        // synchronously
        const own = new Subscription()
        running = own
        own.add(
          defer(() => project(value, takeWaiting)).subscribe({
            next: (result) => subscriber.next(result),
            error: (failure) => subscriber.error(failure),
            complete: () => {
              isRunning = false
              proceed()
            },
          }),
        )
      }

      const source = source$.subscribe({
        next: (value) => {
          waiting = { value: waiting === undefined ? value : merge(waiting.value, value) }
          proceed()
        },
        error: (failure) => subscriber.error(failure),
        complete: () => {
          sourceIsDone = true
          proceed()
        },
      })
      return () => {
        source.unsubscribe()
        throttle.unsubscribe()
        running.unsubscribe()
      }
    })
}
