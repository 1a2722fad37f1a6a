/**
 * Long synchronous work written as a generator that yields wherever it may rest: run at once, or in
 * slices of a few milliseconds between which the event loop serves others.
 */
export type Steps<T> = Generator<void, T, void>

/** Runs the work to its end without a pause. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

export interface SliceDeps {
  /** Lets the event loop go round once, e.g. by `setImmediate`. */
  readonly pause: () => Promise<void>
  /** Milliseconds, monotonic. */
  readonly now: () => number
  readonly budgetMs?: number
}

/**
 * Runs the work in slices.
 *
 * Units   a slice ends with the first yield after `budgetMs`
 * Errors  rejects with what the work threw
 */
export async function runInSlices<T>(steps: Steps<T>, deps: SliceDeps): Promise<T> {
  const { pause, now, budgetMs = 3 } = deps
  let sliceEnd = now() + budgetMs
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    if (now() >= sliceEnd) {
      await pause()
      sliceEnd = now() + budgetMs
    }
  }
}
