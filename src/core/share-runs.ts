/**
 * One run of some work for all who ask at the same time: one runs, another one waits, and everybody
 * gets one that begins after they asked, so that many who ask cost little more than one.
 */

/** Settles as a run does that begins after the call. */
export function shareRuns<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let waiting: Promise<T> | null = null

  function start(): Promise<T> {
    waiting = null
    const own = run().finally(() => {
      if (running === own) running = null
    })
    running = own
    return own
  }

  return () => {
    if (running === null) return start()
    waiting ??= running.then(start, start)
    return waiting
  }
}
